"""RELAY: `signalwire-sdk`'s RelayClient and `@signalwire/realtime-api` take calls and do things."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from bench import CALLER, OFFICE, Relay, Start, ring
from worlds.adapter_process import AdapterProcess
from worlds.phones import Phone
from worlds.receiver import Inbox
from worlds.rtp import RtpListener
from worlds.sounds import tone
from worlds.steps import SETTLED
from worlds.waiting import eventually, remain
from worlds.world import World, document

MENU, SOMEBODY, VOICE = 900, 500, 1300


def test_a_call_is_received_answered_and_hung_up(
    world: World, secure: AdapterProcess, relay: Start
) -> None:
    client = relay(secure, "greet")
    phone = ring(world, secure)
    received = client.wait(did="receive")
    assert received["state"] == "created"
    assert phone.number in str(received["device"]["params"]["to"])
    client.wait(did="answer")
    client.tell("hang up")
    client.wait(did="all")
    phone.wait_ended()
    states = client.states("state", "call_state")
    assert states[-3:] == ["answered", "ending", "ended"]
    # It rang before that, which a client may hear before it has begun to listen.
    assert states[:-3] in ([], ["ringing"])


def test_a_recording_is_paused_and_stopped(
    world: World, secure: AdapterProcess, relay: Start
) -> None:
    """Judged by the file: both parties' channels, and silence for as long as it was paused."""
    client = relay(secure, "record")
    phone = ring(world, secure)
    client.wait(did="record")
    at = {}
    for word in ("pause", "resume", "stop"):
        remain(lambda: not phone.ended, during=0.7)
        client.tell(word)
        client.wait(did=word)
        at[word] = time.monotonic()
    facts = client.wait(did="stop")["params"]
    client.wait(did="all")
    assert client.states("record") == ["recording", "paused", "recording", "finished"]
    assert facts["size"] == facts["record"]["size"]
    audio = world.listen_to(facts)
    assert audio.channels == 2
    silent = audio.seconds - audio.seconds_with(CALLER)
    world.assert_lasts(silent, at["resume"] - at["pause"], 0.35)


def test_a_menu_plays_and_collects(world: World, secure: AdapterProcess, relay: Start) -> None:
    client = relay(secure, "menu", sound=world.sound(tone(MENU, seconds=4)))
    phone = ring(world, secure)
    client.wait(did="play")
    phone.wait_heard(MENU)
    client.tell("pause")
    assert client.wait(did="played")["state"] == "finished"
    assert client.states("play")[:4] == ["playing", "paused", "playing", "finished"]
    client.wait(did="prompt")
    phone.press("12#")
    prompted = client.wait(did="prompted")
    assert (prompted["type"], prompted["digits"], prompted["terminator"]) == ("digit", "12", "#")
    client.wait(did="collect")
    phone.press("34")
    collected = client.wait(did="collected")
    assert (collected["type"], collected["digits"]) == ("digit", "34")
    client.wait(did="send_digits")
    client.wait(did="all")
    phone.wait_ended()


def test_two_parties_are_connected(world: World, secure: AdapterProcess, relay: Start) -> None:
    somebody = world.somebody(says=tone(SOMEBODY), rings=0.2)
    client = relay(secure, "connect", to=somebody.uri)
    phone = ring(world, secure)
    called = somebody.wait_call()
    client.wait(did="connect")
    phone.wait_heard(SOMEBODY)
    called.wait_heard(CALLER)
    called.hang_up()
    client.wait(did="disconnected")
    client.wait(did="all")
    phone.wait_ended()


def test_two_parties_are_taken_apart(world: World, secure: AdapterProcess, relay: Start) -> None:
    """Neither hangs up; the client goes on with both."""
    somebody = world.somebody(says=tone(SOMEBODY))
    client = relay(secure, "part", to=somebody.uri, sound=world.sound(tone(MENU, seconds=20)))
    phone = ring(world, secure)
    called = somebody.wait_call()
    client.wait(did="connect")
    phone.wait_heard(SOMEBODY, seconds=0.2)
    client.tell("part")
    client.wait(did="part")
    called.wait_heard(MENU, seconds=0.2)
    client.tell("end")
    client.wait(did="end")
    called.wait_ended()
    assert not phone.ended
    client.tell("hang up")
    client.wait(did="all")
    phone.wait_ended()


def test_a_document_does_what_has_no_command_and_gives_the_call_back(
    world: World, secure: AdapterProcess, start: Start
) -> None:
    report = world.report()
    steps = document([report.step("elsewhere"), {"relay": OFFICE}])
    sound = world.sound(tone(MENU, seconds=0.5))
    client = start(secure, "elsewhere", document=steps, sound=sound)
    phone = ring(world, secure)
    client.wait(did="transfer")
    report.wait("elsewhere")
    client.tell("play")
    phone.wait_heard(MENU, seconds=0.2)
    client.wait(did="all")
    phone.wait_ended()


@pytest.fixture
def listener() -> Iterator[RtpListener]:
    made = RtpListener()
    yield made
    made.close()


def test_what_steps_do_is_done_by_clients(
    world: World, secure: AdapterProcess, relay: Start, listener: RtpListener
) -> None:
    """Keys are found, sound is copied elsewhere, and the client hears of it."""
    inbox, target = world.inbox(), world.new_number("target")
    world.write_document(target, SETTLED)
    port = urlsplit(listener.uri).port
    client = relay(secure, "effects", port=port, told=inbox.url, refer=world.switch.uri(target))
    phone = ring(world, secure)
    client.wait(did="detect")
    phone.press("7")
    client.wait(did="detected", event="7")
    if client.kind == "node":
        client.tell("stop detect")
    client.wait(did="tap")
    listener.wait_heard(CALLER)
    client.tell("stop")
    client.wait(did="tapped", state="finished")
    if client.kind == "python":
        written_and_referred(client, inbox, phone)
    client.wait(did="all")
    phone.wait_ended()


def test_what_a_document_does_is_done_by_the_step_that_holds_the_call(
    world: World, secure: AdapterProcess, start: Start
) -> None:
    """Music, the party's own voice, a payment with its keys, one that is stopped, and two faxes."""
    connector = f"/pay/{world.new_number()}"
    charged = b'{"charge_id": "ch_1", "error_code": null, "error_message": null}'
    url = world.receiver.serve(connector, charged, "application/json")
    client = start(secure, "held", connector=url, echo=0.8, document=url)
    phone = world.call(to=world.new_number(OFFICE), says=tone(VOICE), adapter=secure)
    client.wait(did="hold")
    phone.wait_heard(440, 480, seconds=0.2)
    assert phone.hear().seconds_with(VOICE) == 0
    client.tell("unhold")
    client.wait(did="echo")
    assert 0.3 < phone.hear().seconds_with(VOICE) < 3
    client.wait(did="pay")
    phone.press("4111111111111111")
    phone.press("1299")
    paid = client.wait(did="paid")["params"]
    assert (paid["state"], paid["result"]) == ("finished", "success")
    assert paid["payment_confirmation_code"] == "ch_1"
    assert paid["payment_card_number"].endswith("1111")
    assert "4111111111111111" not in str(client.said)
    (order,) = (hit.json for hit in world.receiver.hits_of(connector))
    assert order["chargeAmount"] == "12.50"
    unpaid = client.wait(did="unpaid")["params"]
    assert (unpaid["state"], unpaid["result"]) == ("finished", "relay-pay-stop")
    received, sent = (client.wait(did=did)["params"] for did in ("receive_fax", "send_fax"))
    assert received["state"] == sent["state"] == "error"
    assert received["fax"]["params"]["result_text"] == "it was stopped by a command"
    assert "neither PDF nor TIFF" in sent["fax"]["params"]["result_text"]
    client.wait(did="all")
    phone.wait_ended()


def test_a_call_is_among_others_and_comes_back_to_its_client(
    world: World, secure: AdapterProcess, start: Start
) -> None:
    name = world.new_number("among")
    inbox = world.inbox()
    client = start(secure, "among", name=name, told=inbox.url)
    other = world.call([{"join_conference": name}], says=tone(SOMEBODY), adapter=secure)
    phone = world.call(to=world.new_number(OFFICE), says=tone(VOICE), adapter=secure)
    client.wait(did="join")
    other.wait_heard(VOICE, seconds=0.2)
    phone.wait_heard(SOMEBODY, seconds=0.2)
    client.tell("leave")
    client.wait(did="leave")
    client.wait(did="room")
    other.wait_heard(VOICE, seconds=1)
    phone.press("*3")
    client.wait(did="left")
    statuses = [event["params"]["status"] for event in inbox.events]
    assert statuses[0] == "participant-join"
    phone.press("#")
    client.wait(did="enqueue", end="leave")
    client.tell("leave")
    client.wait(did="leave", queue=name)
    client.wait(did="back", result="timeout")
    client.wait(did="enqueue", end="dequeue")
    agent = world.call([{"connect": {"to": f"queue:{name}"}}], says=tone(MENU), adapter=secure)
    client.tell("dequeue")
    client.wait(did="dequeue")
    phone.wait_heard(MENU, seconds=0.2)
    agent.wait_heard(VOICE, seconds=0.2)
    agent.hang_up()
    client.wait(did="back", result="connected")
    client.wait(did="hold")
    client.tell("hang up")
    client.wait(did="all")
    phone.wait_ended()
    assert not other.ended
    other.hang_up()


def written_and_referred(client: Relay, inbox: Inbox, phone: Phone) -> None:
    """What only one of the clients has: a transcript, a REFER (and denoise, user_event)."""
    client.wait(did="transcribe")
    client.tell("written")
    written = client.wait(did="written")
    assert written["state"] == "finished"
    eventually(lambda: inbox.events, what="the transcript's end")
    assert inbox.events[0]["event_type"].startswith("calling.transcript.")
    assert inbox.events[0]["params"].get("text") == written["text"]
    client.tell("refer")
    client.wait(did="refer")
    eventually(lambda: len(inbox.events) == 2, what="that it was referred")
    assert inbox.events[1]["event_type"] == "calling.call.refer"
    assert inbox.events[1]["params"]["state"] == "success"
    client.tell("hang up")


def test_a_call_is_made_and_recorded(world: World, secure: AdapterProcess, relay: Start) -> None:
    """Two are called at once: who answers first is talked to, the other is let go."""
    quick, slow = world.somebody(says=tone(CALLER)), world.somebody(rings=15)
    client = relay(secure, "record", dial=[quick.uri, slow.uri])
    assert client.wait(did="dial")["state"] == "answered"
    phone = quick.wait_call()
    client.wait(did="record")
    for word in ("pause", "resume", "stop"):
        remain(lambda: not phone.ended, during=0.5)
        client.tell(word)
        client.wait(did=word)
    audio = world.listen_to(client.wait(did="stop")["params"])
    assert audio.seconds_with(CALLER) > 0.8
    client.wait(did="all")
    phone.wait_ended()
    slow.wait_call().wait_ended()


def test_a_call_that_nobody_takes_is_a_failed_dial(
    world: World, secure: AdapterProcess, relay: Start
) -> None:
    client = relay(secure, "record", dial=[world.somebody(status=486).uri])
    assert client.wait(did="dial")["state"] == "failed"
