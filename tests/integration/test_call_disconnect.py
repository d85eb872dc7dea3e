"""`calling.disconnect`, and commands to the one whom a connect has called, by its own id."""

from typing import Any

import pytest
from worlds.phones import Called, Phone
from worlds.receiver import Inbox, Report
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play
from worlds.waiting import eventually
from worlds.world import World, document

CALLER, BOB, AFTER, OWN = 700, 500, 900, 1100


def told(inbox: Inbox, kind: str, name: str) -> list[str]:
    event = f"calling.call.{kind}"
    return [e["params"][name] for e in inbox.events if e["event_type"] == event]


class Bridged:
    """A caller and Bob, who talk by the caller's document."""

    def __init__(self, world: World, report: Report, **more: Any) -> None:
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
            [*SETTLED, {"connect": connect}, report.step("after"), play(after)], says=tone(CALLER)
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
