"""enter_queue and connect to `queue:`: order, what is heard, who is told, and what is left."""

import json
import time
from contextlib import closing
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.phones import Phone
from worlds.receiver import Inbox, Report
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record, sleep, stop
from worlds.switches import OTHER
from worlds.waiting import eventually, remain
from worlds.world import PROJECT, World, documents_by_number

from adapter.queues.names import queue_id
from adapter.store import queues
from adapter.store.queues import QueuedCall
from adapter.store.store import Store

Step = dict[str, Any]


def enter(name: str, inbox: Inbox | None = None, **parameters: Any) -> Step:
    told = {"status_url": inbox.url} if inbox else {}
    return {"enter_queue": {"queue_name": name, **told, **parameters}}


def take(name: str, inbox: Inbox | None = None, **parameters: Any) -> Step:
    told = {"status_url": inbox.url} if inbox else {}
    return {"connect": {"to": f"queue:{name}", **told, **parameters}}


def told(inbox: Inbox, key: str = "status") -> list[str]:
    return [event["params"][key] for event in inbox.events]


def wait_told(inbox: Inbox, *statuses: str, key: str = "status", within: float = 8.0) -> None:
    eventually(lambda: told(inbox, key) == list(statuses), within=within, what=f"{statuses}")


def waiting(world: World, name: str, **details: Any) -> tuple[Phone, Inbox, Report]:
    """A caller who is in the queue."""
    inbox, report = world.inbox(), world.report()
    steps = [enter(name, inbox, **details.pop("parameters", {})), report.step(), STAY]
    phone = world.call(steps, **details)
    eventually(lambda: told(inbox)[:1] == ["enqueue"], what="the place in the queue")
    return phone, inbox, report


def test_first_come_first_served_and_both_documents_go_on(world: World) -> None:
    name, connected, report = world.new_number("queue"), world.inbox(), world.report()
    first, inbox, after = waiting(world, name, says=tone(520))
    second, others, _ = waiting(world, name, says=tone(620))
    first.wait_heard(440, 480, seconds=0.1)  # the switch's music
    agent = world.call(
        [take(name, connected), report.step("one"), take(name), report.step("two"), STAY],
        says=tone(1500),
    )
    first.wait_heard(1500, seconds=0.5)
    agent.wait_heard(520, seconds=0.5)
    assert second.hear().seconds_with(1500) == agent.hear().seconds_with(620) == 0
    wait_told(inbox, "enqueue", "dequeue")
    assert_enqueued(inbox, name, position=1)
    assert_enqueued(others, name, position=2)
    agent.press("5")
    first.hang_up()
    assert report.wait("one")["connect_result"] == "connected"
    second.wait_heard(1500, seconds=0.3)
    agent.hang_up()
    wait_told(connected, "connecting", "connected", "disconnected", key="connect_state")
    peer = connected.events[1]["params"]["peer"]
    assert peer["call_id"] == inbox.events[0]["params"]["call_id"]
    assert (peer["queue_name"], peer["queue_id"]) == (name, inbox.events[0]["params"]["id"])
    assert not after.hits(), "no step runs after the hangup"
    wait_told(others, "enqueue", "dequeue")
    assert not second.ended


def assert_enqueued(inbox: Inbox, name: str, *, position: int) -> None:
    """As the reference's examples have it."""
    entered = inbox.events[0]["params"]
    assert inbox.events[0]["event_type"] == "calling.call.queue"
    assert (entered["name"], entered["position"], entered["size"]) == (name, position, position)
    assert entered["enqueue_ts"] > 1_700_000_000_000_000
    assert entered["dequeue_ts"] == entered["leave_ts"] == entered["avg_time"] == 0
    assert entered["status_url"] == inbox.url
    assert entered["control_id"]


def test_the_agent_hangs_up_and_the_caller_goes_on(world: World) -> None:
    name, inbox, report, other = (
        world.new_number("queue"),
        world.inbox(),
        world.report(),
        world.report(),
    )
    document = world.write_document("afterwards", [other.step(), sleep(0.1)])
    sound = world.sound(tone(900, seconds=0.5))
    caller = world.call(
        [
            enter(name, inbox, wait_url=sound),
            report.step(),
            enter(name, inbox, transfer_after_bridge=document),
            report.step("never"),
        ],
        says=tone(520),
    )
    caller.wait_heard(900, seconds=0.8)
    assert caller.hear().seconds_with(480) == 0, "only that, and no other music"
    for _ in range(2):
        agent = world.call([take(name), STAY], says=tone(1500))
        agent.wait_heard(520, seconds=0.3)
        agent.hang_up()
    left = report.wait()
    assert left["queue_result"] == "connected"
    assert (left["entry_position"], left["entry_size"]) == (1, 1)
    assert 0 <= left["wait_time"] < 10
    assert other.wait()["queue_result"] == "connected"
    caller.wait_ended()
    assert not report.hits("never"), "the document replaces the script"
    wait_told(inbox, *["enqueue", "dequeue"] * 2)
    assert inbox.events[1]["params"]["control_id"] is None


def test_a_recording_goes_through_the_queue(world: World) -> None:
    name, told_to, report = world.new_number("queue"), world.inbox(), world.report()
    recorded = record(told_to, "all", stereo=True)
    steps = [*SETTLED, recorded, enter(name), stop("all"), report.step()]
    caller = world.call(steps, says=tone(520))
    caller.wait_heard(440, 480, seconds=0.3)
    agent = world.call([take(name), STAY], says=tone(1500))
    caller.wait_heard(1500, seconds=2)
    agent.hang_up()
    report.wait()
    audio = world.listen_to(told_to.wait_ended("all"))
    talk = audio.seconds - (audio.start_of(1500, channel=1) or 0)
    assert audio.seconds_of(520, channel=0) > audio.seconds - 0.3
    assert audio.seconds_of(1500, channel=1) > talk - 0.3, "without a gap"


def test_nobody_serves_and_nobody_comes(world: World) -> None:
    name, inbox, told_to, report = (
        world.new_number("queue"),
        world.inbox(),
        world.inbox(),
        world.report(),
    )
    world.run([enter(name, inbox, wait_time=1), report.step("waited")])
    waited = report.wait("waited")
    assert (waited["queue_result"], waited["wait_time"]) == ("timeout", 1)
    wait_told(inbox, "enqueue", "leave")
    assert inbox.events[1]["params"]["leave_ts"] > inbox.events[1]["params"]["enqueue_ts"]
    agent = world.call([take(name, told_to, timeout=1), report.step("nobody")])
    assert report.wait("nobody")["connect_failed_reason"] == "no_answer"
    assert agent.hear().seconds_of(440, 480) > 0.3, "it rings meanwhile"
    wait_told(told_to, "connecting", "failed", key="connect_state")
    # Somebody who comes while an agent waits is taken at once.
    agent = world.call([take(name), STAY], says=tone(1500), to=world.new_number())
    caller, inbox, _ = waiting(world, name, says=tone(520))
    caller.wait_heard(1500, seconds=0.3)
    wait_told(inbox, "enqueue", "dequeue")


def test_queues_among_other_destinations(world: World) -> None:
    """Each in its turn, told as one; `failed` only when none is left."""
    name, empty = world.new_number("queue"), f"queue:{world.new_number('empty')}"
    inbox, nobody, report = world.inbox(), world.inbox(), world.report()
    busy, bob = world.somebody(status=486), world.somebody(says=tone(1900))
    caller, told_to, after = waiting(world, name, says=tone(520))
    soon = {"to": empty, "timeout": 1}
    agent = world.call(
        [
            connect(inbox, serial=[busy.uri, soon, f"queue:{name}", bob.uri]),
            report.step("queue"),
            connect(serial_parallel=[[soon], [busy.uri, bob.uri]]),
            report.step("bob"),
            connect(nobody, serial=[busy.uri, soon]),
            report.step("nobody"),
            STAY,
        ],
        says=tone(1500),
    )
    caller.wait_heard(1500, seconds=0.5)
    agent.wait_heard(520, seconds=0.5)
    agent.press("5")
    caller.hang_up()
    assert report.wait("queue")["connect_result"] == "connected"
    agent.wait_heard(1900, seconds=0.3)
    bob.wait_call().hang_up()
    assert report.wait("bob")["connect_result"] == "connected"
    assert report.wait("nobody")["connect_failed_reason"] == "no_answer"
    assert len(bob.calls()) == 1
    wait_told(inbox, "connecting", "connected", "disconnected", key="connect_state")
    wait_told(nobody, "connecting", "failed", key="connect_state")
    assert nobody.events[1]["params"]["failed_reason"] == "no_answer"
    wait_told(told_to, "enqueue", "dequeue")
    assert not after.hits(), "who hung up runs no step"


def test_a_queue_beside_phones(world: World) -> None:
    """Who is first is connected, and the others are given up; told as one."""
    name, inbox, legs, report = (
        world.new_number("queue"),
        world.inbox(),
        world.inbox(),
        world.report(),
    )
    rings, bob = world.somebody(answers=False), world.somebody(says=tone(1900))
    busy, empty = world.somebody(status=486), f"queue:{world.new_number('empty')}"
    queue = f"queue:{name}"
    agent = world.call(
        [
            connect(
                inbox,
                parallel=[empty, queue, rings.uri],
                call_state_url=legs.url,
                answer_on_bridge=True,
            ),
            connect(serial_parallel=[[busy.uri], [rings.uri, queue, bob.uri]]),
            report.step("bob"),
            connect(inbox, parallel=[rings.uri, queue]),
            report.step("at once"),
            connect(inbox, parallel=[{"to": empty, "timeout": 1}, busy.uri]),
            report.step("nobody"),
            STAY,
        ],
        says=tone(1500),
    )
    rings.wait_call()
    assert not agent.answered
    first, told_to, _ = waiting(world, name, says=tone(520))
    first.wait_heard(1500, seconds=0.3)
    agent.wait_heard(520, seconds=0.3)
    eventually(lambda: rings.calls()[0].ended, what="the end of the ringing")
    first.hang_up()
    wait_told(told_to, "enqueue", "dequeue")
    agent.wait_heard(1900, seconds=0.3)
    second, still, _ = waiting(world, name, says=tone(620))
    second.wait_heard(440, 480, seconds=0.3)  # it waits on while the agent talks
    bob.wait_call().hang_up()
    assert report.wait("bob")["connect_result"] == "connected"
    agent.wait_heard(620, seconds=0.3)
    second.hang_up()
    wait_told(still, "enqueue", "dequeue")
    assert report.wait("at once")["connect_result"] == "connected"
    assert len(rings.calls()) == 2, "nobody rings for a queue in which somebody waits"
    assert report.wait("nobody")["connect_failed_reason"] == "no_answer"
    talk = ["connecting", "connected", "disconnected"]
    wait_told(inbox, *talk, *talk, "connecting", "failed", key="connect_state")
    assert inbox.events[1]["params"]["peer"]["queue_name"] == name
    assert [event["params"]["end_reason"] for event in legs.events] == ["cancel"]


@pytest.mark.parametrize("stage", [pytest.param("real", marks=pytest.mark.real)], indirect=True)
def test_phones_beside_a_queue_ring_again(world: World) -> None:
    """Who was taken does not come: an adapter has the call, and does not listen. Then the adapter
    is killed while they ring: they ring on, and after them the call waits for the queue."""
    name, inbox, legs, report = (
        world.new_number("queue"),
        world.inbox(),
        world.inbox(),
        world.report(),
    )
    adapter, rings = start_adapter(world), world.somebody(answers=False)
    absent = world.call([STAY], adapter=adapter)
    wanted = {"parallel": [f"queue:{name}", {"to": rings.uri, "timeout": 4}], "timeout": 30}
    step = connect(inbox, **wanted, call_state_url=legs.url)
    agent = world.call([step, report.step(), STAY], says=tone(1500), adapter=adapter)
    rings.wait_call()
    stay = put_into_queue(world, adapter, absent, name)
    eventually(lambda: rings.calls()[0].ended, what="the end of the ringing")
    rings.wait_call(2)
    assert not rings.calls()[1].ended
    adapter.kill()
    remain(lambda: not rings.calls()[1].ended, during=0.3, what="the ringing")
    adapter.start()
    eventually(lambda: rings.calls()[1].ended, within=15, what="the end of its time")
    caller, told_to, _ = waiting(world, name, says=tone(520), adapter=adapter)
    take_out_of_queue(adapter, stay)
    caller.wait_heard(1500, seconds=0.3, within=15)
    agent.wait_heard(520, seconds=0.3)
    wait_told(told_to, "enqueue", "dequeue")
    caller.hang_up()
    assert report.wait()["connect_result"] == "connected"
    wait_told(inbox, "connecting", "connected", "disconnected", key="connect_state")
    assert len(rings.calls()) == 2


def queue_store(adapter: AdapterProcess) -> Store:
    return Store.open(f"sqlite:///{adapter.folder}/data/adapter.db")


def listed(world: World, number: str) -> dict[str, str] | None:
    """A call's channel; the switch writes its list a little later than it has the call."""
    channels = json.loads(world.switch.api("show channels as json", OTHER)).get("rows", [])
    return next((row for row in channels if row["dest"] == number), None)


def put_into_queue(world: World, adapter: AdapterProcess, phone: Phone, name: str) -> str:
    """As if an adapter had the call that does not answer any more; gives the stay's id."""
    channel = eventually(lambda: listed(world, phone.number), what="the call's channel")
    call = QueuedCall(
        id=phone.number,
        queue=queue_id(name, PROJECT),
        node_id=world.switch.api("switchname", OTHER).strip(),
        call_id=channel["uuid"],
        worker="absent",
        entered_at=time.time(),
        seen_at=time.time(),
        facts={"name": name, "status_url": None, "control_id": "c", "device": {}},
    )
    with closing(queue_store(adapter)) as store:
        store.change(lambda connection: queues.enter(connection, call, 10))
    return call.id


def take_out_of_queue(adapter: AdapterProcess, stay: str) -> None:
    with closing(queue_store(adapter)) as store:
        store.change(lambda connection: queues.leave(connection, stay, though_taken=True))


def connect(inbox: Inbox | None = None, **parameters: Any) -> Step:
    told = {"status_url": inbox.url} if inbox else {}
    return {"connect": {**told, **parameters}}


def test_a_crash_begins_no_destination_again(world: World) -> None:
    """The adapter is killed while the second of three talks: the first is not tried again."""
    name, inbox, report = world.new_number("queue"), world.inbox(), world.report()
    legs, adapter = world.inbox(), start_adapter(world)
    busy, bob = world.somebody(status=486), world.somebody(says=tone(1900))
    caller, _, _ = waiting(world, name, says=tone(520), adapter=adapter)
    wanted = [busy.uri, f"queue:{name}", bob.uri]
    step = connect(inbox, serial=wanted, call_state_url=legs.url)
    agent = world.call([step, report.step(), STAY], says=tone(1500), adapter=adapter)
    caller.wait_heard(1500, seconds=0.5)
    adapter.kill()
    heard = caller.hear().seconds_with(1500)
    eventually(lambda: caller.hear().seconds_with(1500) > heard + 0.5, what="the other one")
    adapter.start()
    caller.hang_up()
    assert report.wait(within=20)["connect_result"] == "connected"
    wait_told(inbox, "connecting", "connected", "disconnected", key="connect_state")
    assert [event["params"]["end_reason"] for event in legs.events] == ["busy"]
    assert not bob.calls()
    assert not agent.ended


def test_a_waiting_callers_document_is_run_over_and_over(world: World) -> None:
    """It plays and asks the web; it connects nobody; and it ends with the waiting."""
    name, asked, bob = world.new_number("queue"), world.report(), world.somebody()
    sound = world.sound(tone(1900, seconds=0.4))
    steps = [play(sound), connect(to=bob.uri), asked.step(), sleep(0.2)]
    number = world.new_number("music")
    url = world.write_document(number, steps)
    caller, _, _ = waiting(world, name, says=tone(520), parameters={"wait_url": url})
    caller.wait_heard(1900, seconds=1.0, within=15)
    eventually(lambda: len(asked.hits()) > 1, within=15, what="a second round")
    assert caller.hear().seconds_with(480) == 0, "only that, and no other music"
    agent = world.call([take(name), STAY], says=tone(1500))
    caller.wait_heard(1500, seconds=0.5)
    agent.wait_heard(520, seconds=0.3)
    rounds, heard = len(asked.hits()), caller.hear().seconds_of(1900)
    caller.wait_heard(1500, seconds=2)
    assert len(asked.hits()) == rounds
    assert caller.hear().seconds_of(1900) == heard
    assert not bob.calls()
    assert asked.hits()[0].json["vars"]["connect_result"] == "failed"


def test_who_hangs_up_while_waiting_is_not_taken(world: World) -> None:
    name = world.new_number("queue")
    first, inbox, _ = waiting(world, name, says=tone(520))
    second, others, _ = waiting(world, name, says=tone(620))
    first.hang_up()
    wait_told(inbox, "enqueue", "leave")
    agent = world.call([take(name), STAY], says=tone(1500))
    second.wait_heard(1500, seconds=0.3)
    agent.wait_heard(620, seconds=0.3)
    wait_told(others, "enqueue", "dequeue")


def test_who_is_called_away_is_in_no_queue(world: World) -> None:
    name, told_to, report = world.new_number("queue"), world.inbox(), world.report()
    rest = Rest(world.adapter.url)
    other = {"sections": {"main": [report.step(), {"hangup": {}}]}}
    caller, inbox, _ = waiting(world, name, says=tone(520))
    rest.do("calling.transfer", inbox.events[0]["params"]["call_id"], dest=other)
    caller.wait_ended()
    wait_told(inbox, "enqueue", "leave")
    first, inbox, after = waiting(world, name, says=tone(520))
    agent = world.call([take(name, told_to)], says=tone(1500))
    agent.wait_heard(520, seconds=0.3)
    rest.do("calling.transfer", told_to.events[0]["params"]["call_id"], dest=other)
    agent.wait_ended()
    assert after.wait()["queue_result"] == "connected"
    assert not first.ended
    wait_told(told_to, "connecting", "connected", "disconnected", key="connect_state")


def test_a_talk_has_an_end(world: World) -> None:
    name, inbox, report = world.new_number("queue"), world.inbox(), world.report()
    _, _, after = waiting(world, name, says=tone(520))
    world.call([take(name, inbox, max_duration=1), report.step(), STAY], says=tone(1500))
    assert report.wait()["connect_result"] == after.wait()["queue_result"] == "connected"
    wait_told(inbox, "connecting", "connected", "disconnected", key="connect_state")
    assert inbox.events[2]["params"]["ended_by"] == "limit"


def test_who_waits_keeps_its_place_when_the_adapter_dies(world: World) -> None:
    name, adapter = world.new_number("queue"), start_adapter(world)
    first, inbox, after = waiting(world, name, says=tone(520), adapter=adapter)
    second, others, _ = waiting(world, name, says=tone(620), adapter=adapter)
    third, gone, _ = waiting(world, name, adapter=adapter)
    adapter.kill()
    third.hang_up()
    adapter.start()
    eventually(lambda: len(taken_up(world, adapter)) == 2, within=15, what="both calls")
    agent = world.call([take(name), STAY], says=tone(1500), adapter=adapter)
    first.wait_heard(1500, seconds=0.5, within=15)
    adapter.kill()
    heard = first.hear().seconds_with(1500)
    eventually(lambda: first.hear().seconds_with(1500) > heard + 0.5, what="the other one")
    adapter.start()
    remain(lambda: not first.ended and not agent.ended, during=0.3, what="the talk")
    agent.hang_up()
    assert after.wait(within=15)["queue_result"] == "connected"
    wait_told(inbox, "enqueue", "dequeue")
    for _ in range(2):  # the second, and then the one that went while nobody looked
        agent = world.call([take(name, timeout=3), STAY], says=tone(1500), adapter=adapter)
        second.wait_heard(1500, seconds=0.3, within=15)
    wait_told(others, "enqueue", "dequeue")
    wait_told(gone, "enqueue", "leave", within=15)


def taken_up(world: World, adapter: AdapterProcess) -> list[Any]:
    events = world.log_events(adapter)
    return [event for event in events if event["event"] == "call taken up again"]


def start_adapter(world: World, *arguments: str) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver)}, arguments=arguments)


def test_workers_share_a_queue(world: World) -> None:
    name, adapter = world.new_number("queue"), start_adapter(world, "--workers", "2")
    callers = [waiting(world, name, says=tone(500 + 60 * n), adapter=adapter) for n in range(4)]
    assert [inbox.events[0]["params"]["position"] for _, inbox, _ in callers] == [1, 2, 3, 4]
    for number, (caller, inbox, _) in enumerate(callers):
        agent = world.call([take(name), STAY], says=tone(1500), adapter=adapter)
        agent.wait_heard(500 + 60 * number, seconds=0.2)
        caller.wait_heard(1500, seconds=0.2)
        wait_told(inbox, "enqueue", "dequeue")


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_what_is_no_queue(world: World, name: str) -> None:
    report = world.report()
    world.run([enter(name), report.step("entered"), take(name), report.step("taken")])
    assert report.wait("entered")["queue_result"] == "failed"
    assert report.wait("entered")["wait_time"] == -1
    assert report.wait("taken")["connect_failed_reason"] == "error"
