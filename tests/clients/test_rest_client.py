"""`signalwire-sdk`, RestClient: commands, recordings and the call log, over plain HTTP."""

import uuid

import pytest
from bench import place
from signalwire.rest import RestClient
from signalwire.rest._base import SignalWireRestError
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record, sleep
from worlds.waiting import eventually
from worlds.world import PROJECT, TOKEN, World, http_get

PARTY = 440


def client(world: World, project: str = PROJECT, token: str = TOKEN) -> RestClient:
    return RestClient(project=project, token=token, host=place(world.adapter))


def test_a_running_call_is_recorded_and_followed(world: World) -> None:
    """Started, paused, resumed and stopped by the SDK; then found, downloaded and deleted."""
    inbox, started, rest = world.inbox(), world.inbox(), client(world)
    phone = world.call([*SETTLED, record(started), STAY], says=tone(PARTY))
    call_id = started.wait_for("recording")["call_id"]
    audio = {"format": "wav", "stereo": True, "direction": "both", "end_silence_timeout": 0}
    leg = rest.calling.record(call_id, control_id="r1", audio=audio, status_url=inbox.url)
    assert (leg["id"], leg["status"]) == (call_id, "answered")
    inbox.wait_for("recording")
    rest.calling.record_pause(call_id, control_id="r1")
    inbox.wait_for("paused")
    rest.calling.record_resume(call_id, control_id="r1")
    eventually(lambda: inbox.states() == ["recording", "paused", "recording"])
    rest.calling.record_stop(call_id, control_id="r1")
    finished = inbox.wait_for("finished")
    assert world.listen_to(finished).channels == 2

    found = rest.recordings.get(finished["recording_id"])
    assert (found["status"], found["stereo"], found["track"]) == ("completed", True, "both")
    assert found["byte_size"] == finished["size"]
    assert http_get(found["url"]).body == world.fetch_recording(finished)
    listed = rest.recordings.list(page_size=1000)["data"]
    assert found in listed
    assert rest.recordings.delete(found["id"]) == {}
    assert http_get(found["url"]).status == 410
    with pytest.raises(SignalWireRestError) as gone:
        rest.recordings.get(found["id"])
    assert gone.value.status_code == 404

    running = next(row for row in listed if row["status"] == "in-progress")
    with pytest.raises(SignalWireRestError) as refused:
        rest.recordings.delete(running["id"])
    assert refused.value.status_code == 422
    rest.calling.end(call_id, reason="hangup")
    phone.wait_ended()
    with pytest.raises(SignalWireRestError) as over:
        rest.calling.record(call_id)
    assert (over.value.status_code, over.value.body["errors"][0]["code"]) == (
        422,
        "cannot_update_completed",
    )
    assert over.value.request_id


def test_a_call_is_followed_in_the_log(world: World) -> None:
    """Every step, command and state of the call and its recording, in the order of time."""
    inbox, rest = world.inbox(), client(world)
    phone = world.call(
        [*SETTLED, record(inbox, "r1"), sleep(0.3), {"stop_record_call": {}}, sleep(1)],
    )
    call_id = inbox.wait_for("recording")["call_id"]
    live = eventually(lambda: row_of(rest, call_id), what="the running call in the log")
    assert (live["status"], live["direction"]) == ("answered", "inbound")
    phone.wait_ended()
    over = eventually(
        lambda: (row := rest.logs.voice.get(call_id))["status"] == "ended" and row, what="its end"
    )
    assert over["duration_ms"] > 1000
    assert over["to"].removeprefix("sip:").startswith(phone.number)
    events = rest.logs.voice.list_events(call_id)["data"]
    times = [event["event_at"] for event in events]
    assert times == sorted(times)
    names = [event["name"] for event in events]
    steps = [name for name in names if name.startswith("swml.") and name != "swml.document"]
    assert steps == [
        "swml.answer", "swml.sleep", "swml.record_call", "swml.sleep", "swml.stop_record_call",
        "swml.sleep",
    ]  # fmt: skip
    commands = [e["details"] for e in events if e["name"] == "switch.command"]
    assert any("uuid_record" in str(one) and one["reply"].startswith("+OK") for one in commands)
    states = [e["details"]["state"] for e in events if e["name"] == "calling.call.record"]
    assert states == ["recording", "finished"]
    calls = [e["details"] for e in events if e["name"] == "calling.call.state"]
    assert [call["call_state"] for call in calls][-2:] == ["answered", "ended"]
    assert calls[-1]["cause"]


def row_of(rest: RestClient, call_id: str):
    rows = rest.logs.voice.list(page_size=50)["data"]
    return next((row for row in rows if row["id"] == call_id and row["status"] == "answered"), None)


def test_every_recording_is_met_once_page_by_page(world: World) -> None:
    inbox, rest = world.inbox(), client(world)
    world.run([*SETTLED, *(record(inbox, f"r{n}") for n in range(5)), sleep(0.2)])
    ids = {inbox.wait_for("finished", control_id=f"r{n}")["recording_id"] for n in range(5)}
    query, met = {"page_size": 2}, []
    while True:
        page = rest.recordings.list(**query)
        met += [row["id"] for row in page["data"]]
        if "next" not in page["links"] or ids <= set(met):
            break
        _, _, text = page["links"]["next"].partition("?")
        query = dict(pair.split("=") for pair in text.split("&"))
    assert sorted(met) == sorted(set(met))
    assert ids <= set(met)
    paginated = rest.logs.voice.paginate(page_size=1)
    assert len({next(paginated)["id"] for _ in range(1)}) == 1


def test_a_call_is_made(world: World) -> None:
    """Its document in the command, its states told, found in the log; so is who is busy."""
    inbox, rest = world.inbox(), client(world)
    bob, nobody = world.somebody(says=tone(PARTY), rings=0.2), world.somebody(status=486)
    swml = {"version": "1.0.0", "sections": {"main": ["answer", {"sleep": 30000}]}}
    told = {"status_url": inbox.url, "status_events": ["ringing", "answered", "ended"]}
    more = {"timeout": 20, "custom_variables": {"name": "Bob"}}
    leg = rest.calling.dial(from_="+15550001", to=bob.uri, swml=swml, extras=more, **told)
    phone = bob.wait_call()
    eventually(lambda: len(inbox.events) == 2, what="the answer")
    rest.calling.end(leg["id"])
    phone.wait_ended()
    states = eventually(lambda: inbox.events[2:] and inbox.events, what="the end")
    assert [each["params"]["call_state"] for each in states] == ["ringing", "answered", "ended"]
    row = eventually(
        lambda: (found := rest.logs.voice.get(leg["id"]))["status"] == "ended" and found
    )
    assert (row["direction"], row["to"]) == ("outbound-api", bob.uri)
    assert row["duration_ms"] > 0
    busy = rest.calling.dial(from_="+15550001", to=nobody.uri, swml=swml, status_url=inbox.url)
    eventually(lambda: len(inbox.events) == 4, what="that nobody takes it")
    assert inbox.events[3]["params"]["end_reason"] == "busy"
    assert inbox.events[3]["params"]["call_id"] == busy["id"]
    with pytest.raises(SignalWireRestError) as refused:
        rest.calling.dial(from_="+15550001", to="loopback/1", swml=swml)
    assert refused.value.status_code == 422
    assert refused.value.body["errors"][0]["attribute"] == "to"


def test_what_is_wrong_is_an_error_of_the_clients_own(world: World) -> None:
    unknown = str(uuid.uuid4())
    for who in ({"token": "PT_wrong"}, {"project": unknown}):
        with pytest.raises(SignalWireRestError) as closed:
            client(world, **who).recordings.list()
        assert closed.value.status_code == 401
        assert closed.value.body["error"] == "Unauthorized"
    rest = client(world)
    for ask in (
        lambda: rest.recordings.get(unknown),
        lambda: rest.recordings.delete(unknown),
        lambda: rest.logs.voice.get(unknown),
        lambda: rest.logs.voice.list_events(unknown),
        lambda: rest.calling.record(unknown),
    ):
        with pytest.raises(SignalWireRestError) as missing:
            ask()
        assert (missing.value.status_code, missing.value.body["error"]) == (404, "Not Found")
