"""`calling.disconnect`, and commands to the one whom a connect has called, by its own id."""

from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.phones import Called, Phone
from worlds.receiver import Inbox, Report
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play
from worlds.switches import OTHER
from worlds.waiting import eventually, remain
from worlds.world import World, document, documents_by_number

CALLER, BOB, AFTER, OWN = 700, 500, 900, 1100


def told(inbox: Inbox, kind: str, name: str) -> list[str]:
    event = f"calling.call.{kind}"
    return [e["params"][name] for e in inbox.events if e["event_type"] == event]


class Bridged:
    """A caller and Bob, who talk by the caller's document; `adapter` is the one that has them."""

    def __init__(
        self, world: World, report: Report, adapter: AdapterProcess | None = None, **more: Any
    ) -> None:
        self.inbox, self.legs = world.inbox(), world.inbox()
        self.bob: Called = world.somebody(says=tone(BOB))
        after = world.sound(tone(AFTER, seconds=20))
        connect = {
            "to": self.bob.uri,
            "status_url": self.inbox.url,
            "call_state_url": self.legs.url,
            **more,
        }
        self.phone = world.call(
            [*SETTLED, {"connect": connect}, report.step("after"), play(after)],
            says=tone(CALLER),
            adapter=adapter,
        )
        self.called: Phone = self.bob.wait_call()
        self.phone.wait_heard(BOB, seconds=0.3)
        self.called.wait_heard(CALLER, seconds=0.3)
        connected = eventually(
            lambda: [
                e["params"]
                for e in self.inbox.events
                if e["params"]["connect_state"] == "connected"
            ],
            what="that they are connected",
        )[0]
        self.call_id, self.leg_id = connected["call_id"], connected["peer"]["call_id"]


@pytest.mark.parametrize("by", ["call", "leg"])
def test_two_are_disconnected_and_both_go_on(world: World, by: str) -> None:
    """The call with its script, the other one with what it is then told to do."""
    report, rest = world.report(), Rest(world.adapter.url)
    pair = Bridged(world, report, max_duration=600)
    named = {"call": pair.call_id, "leg": pair.leg_id}[by]
    answer = rest.do("calling.disconnect", named).body
    assert (answer["id"], answer["status"]) == (named, "answered")
    assert report.wait("after")["connect_result"] == "connected"
    pair.phone.wait_heard(AFTER, seconds=0.3)
    eventually(
        lambda: (
            told(pair.inbox, "connect", "connect_state")
            == ["connecting", "connected", "disconnected"]
        )
    )
    assert pair.inbox.events[-1]["params"]["ended_by"] == "command"
    assert not pair.called.ended
    again = rest.ask("calling.disconnect", pair.call_id)
    assert (again.status, *again.error) == (422, "cannot_process", None)
    # Bob is a call of his own: recorded, given a document, ended.
    recorded = world.inbox()
    audio = {"format": "wav", "initial_timeout": 0, "end_silence_timeout": 0}
    rest.do("calling.record", pair.leg_id, audio=audio, control_id="b", status_url=recorded.url)
    own = world.sound(tone(OWN, seconds=20))
    swml = document([report.step("own"), play(own), STAY])
    rest.do("calling.transfer", pair.leg_id, dest=swml)
    report.wait("own")
    pair.called.wait_heard(OWN, seconds=0.3)
    log = rest.get(f"/api/voice/logs/{pair.leg_id}")
    assert (log["parent_id"], log["status"], log["direction"]) == (
        pair.call_id,
        "answered",
        "outbound",
    )
    rest.do("calling.end", pair.leg_id)
    pair.called.wait_ended()
    assert world.listen_to(recorded.wait_for("finished")).seconds_with(BOB) > 0.3
    eventually(lambda: told(pair.legs, "state", "call_state") == ["ended"], what="Bob's end")
    assert pair.legs.events[0]["params"]["call_id"] == pair.leg_id
    assert not pair.phone.ended
    over = rest.ask("calling.end", pair.leg_id)
    assert (over.status, *over.error) == (422, "cannot_update_completed", None)


def test_one_who_was_called_is_commanded_while_it_talks(world: World) -> None:
    """It is given a document of its own; what only a call has is refused, and says why."""
    report, rest = world.report(), Rest(world.adapter.url)
    pair = Bridged(world, report)
    tts = [{"type": "silence", "duration": 1}]
    refused = rest.ask("calling.play", pair.leg_id, play=tts)
    assert (refused.status, *refused.error) == (422, "cannot_process", None)
    assert pair.call_id in refused.body["errors"][0]["message"]
    rest.do("update", id=pair.leg_id, swml=document([report.step("own"), STAY]))
    report.wait("own")
    report.wait("after")
    pair.phone.wait_heard(AFTER, seconds=0.3)
    assert not pair.called.ended
    pair.called.hang_up()


def test_one_who_was_called_is_ended_and_the_call_goes_on(world: World) -> None:
    report, rest = world.report(), Rest(world.adapter.url)
    pair = Bridged(world, report)
    rest.do("calling.end", pair.leg_id, reason="busy")
    pair.called.wait_ended()
    report.wait("after")
    pair.phone.wait_heard(AFTER, seconds=0.3)
    eventually(lambda: told(pair.legs, "state", "call_state") == ["ended"])


class Queued:
    """A caller who waited in a queue, and the agent who took it; both have a document."""

    def __init__(self, world: World, report: Report, adapter: AdapterProcess | None = None) -> None:
        name, self.inbox = world.new_number("queue"), world.inbox()
        waits, takes = world.inbox(), {"to": f"queue:{name}", "status_url": self.inbox.url}
        entered = {"queue_name": name, "status_url": waits.url}
        self.caller = world.call(
            [*SETTLED, {"enter_queue": entered}, report.step("caller"), STAY],
            says=tone(CALLER),
            adapter=adapter,
        )
        eventually(lambda: waits.events, what="the place in the queue")
        self.agent = world.call(
            [*SETTLED, {"connect": takes}, report.step("agent"), STAY],
            says=tone(BOB),
            adapter=adapter,
        )
        self.caller.wait_heard(BOB, seconds=0.3)
        self.agent.wait_heard(CALLER, seconds=0.3)
        connected = eventually(
            lambda: [p for p in self.events if p["connect_state"] == "connected"],
            what="that they are connected",
        )[0]
        self.ids = {"caller": connected["peer"]["call_id"], "agent": connected["call_id"]}

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event["params"] for event in self.inbox.events]

    def assert_parted(self, report: Report, ended_by: str | None) -> None:
        """Both go on with their documents, and neither has hung up."""
        assert report.wait("agent")["connect_result"] == "connected"
        assert report.wait("caller")["queue_result"] == "connected"
        eventually(lambda: told(self.inbox, "connect", "connect_state")[2:] == ["disconnected"])
        assert self.events[-1].get("ended_by") == ended_by
        remain(lambda: not self.caller.ended and not self.agent.ended, during=0.3)


@pytest.mark.parametrize("by", ["caller", "agent"])
def test_two_who_met_by_a_queue_are_disconnected(world: World, by: str) -> None:
    report, rest = world.report(), Rest(world.adapter.url)
    pair = Queued(world, report)
    rest.do("calling.disconnect", pair.ids[by])
    pair.assert_parted(report, "command" if by == "agent" else "peer")
    again = rest.ask("calling.disconnect", pair.ids[by])
    assert (again.status, *again.error) == (422, "cannot_process", None)


def outlived(world: World) -> AdapterProcess:
    """An adapter that knows its switch, to be killed."""
    return world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "nodes": [world.switch.sockets[OTHER].node],
        }
    )


def asked_in_vain(rest: Rest, call_id: str) -> str:
    """Why a command is refused, once the switch can be asked."""
    answer = eventually(
        lambda: (found := rest.ask("calling.record", call_id)).status != 503 and found,
        what="the switch's word on the call",
    )
    assert (answer.status, answer.error[0]) == (422, "cannot_process")
    return str(answer.body["errors"][0]["message"])


@pytest.mark.parametrize("by", ["call", "leg"])
def test_a_bridge_that_outlived_its_adapter_is_disconnected(world: World, by: str) -> None:
    adapter, report = outlived(world), world.report()
    pair = Bridged(world, report, adapter, max_duration=600)
    adapter.kill()
    adapter.start()
    rest = Rest(adapter.url)
    named = {"call": pair.call_id, "leg": pair.leg_id}[by]
    assert "calling.disconnect" in asked_in_vain(rest, named)
    assert rest.do("calling.disconnect", named).body["id"] == named
    assert report.wait("after")["connect_result"] == "connected"
    pair.phone.wait_heard(AFTER, seconds=0.3)
    eventually(lambda: told(pair.inbox, "connect", "connect_state")[2:] == ["disconnected"])
    assert pair.inbox.events[-1]["params"]["ended_by"] == "command"
    # Bob is a call of his own, like any other.
    rest.do("calling.transfer", pair.leg_id, dest=document([report.step("own"), STAY]))
    report.wait("own")
    assert not pair.called.ended
    assert told(pair.legs, "state", "call_state") == []
    rest.do("calling.end", pair.leg_id)
    pair.called.wait_ended()
    assert not pair.phone.ended


def test_a_call_that_outlived_its_adapter_is_ended(world: World) -> None:
    """The leg first: the call goes on. Another project sees none of it."""
    adapter, report = outlived(world), world.report()
    pair = Bridged(world, report, adapter)
    adapter.kill()
    adapter.start()
    rest = Rest(adapter.url)
    asked_in_vain(rest, pair.leg_id)
    rest.do("calling.end", pair.leg_id, reason="busy")
    pair.called.wait_ended()
    report.wait("after")
    pair.phone.wait_heard(AFTER, seconds=0.3)


def test_a_queues_room_that_outlived_its_adapter_is_disconnected(world: World) -> None:
    adapter, report = outlived(world), world.report()
    pair = Queued(world, report, adapter)
    adapter.kill()
    adapter.start()
    rest = Rest(adapter.url)
    asked_in_vain(rest, pair.ids["caller"])
    rest.do("calling.disconnect", pair.ids["caller"])
    pair.assert_parted(report, None)
