"""`bridge`, `originate` and `uuid_bridge`: legs that the switch makes, and who hears whom."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sim_peer import FakeAdapter, Frame, Peer

from adapter.simswitch import Callee, Caller, CallPlan, SimSwitch, Step
from adapter.simswitch.audio import RATE
from adapter.simswitch.voices import heard_by

Switches = Callable[..., SimSwitch]
CALLEES = (
    Callee("^1", rings=0.02, talks=0.1),
    Callee("^2", rings=0.02, cause="USER_BUSY"),
    Callee("^3", rings=0.02, answers=False),
    Callee("^4", rings=0.02, says={"tone": 1100}),
)
LEG = "11111111-2222-4333-8444-555555555555"


def party(switch: SimSwitch, number: str) -> Caller:
    """Who took the last call to a number."""
    return switch.callers[switch.taken[number][-1]]


def seconds_of(caller: Caller, hz: float) -> float:
    """How long a party has heard a tone."""
    samples = np.array(heard_by(caller.session.channel), float)
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160)
    turns = np.exp(-2j * np.pi * hz * np.arange(160) / RATE)
    return float(np.sum(np.abs(frames @ turns) / 80 > 500)) * 0.02


# -- how a bridge begins and ends ----------------------------------------------------------------


def test_a_callee_answers_and_ends(switches: Switches) -> None:
    switch = switches(
        "bridge {a=b}sofia/gw/100@h", "playback tone_stream://%(40,0,9)", callees=CALLEES
    )
    caller = switch.call()
    assert caller.wait(5)
    assert caller.answered
    bridged, played = caller.heard
    assert (bridged.kind, played.kind, played.ms) == ("bridge", "tone", 40)
    assert 60 <= bridged.ms <= 140


def test_the_next_one_is_called_if_the_first_is_busy(switches: Switches) -> None:
    caller = switches("bridge sofia/gw/2|sofia/gw/1", callees=CALLEES).call()
    assert caller.wait(5)
    assert caller.heard[0].what == "sofia/gw/1"


def test_the_first_to_answer_wins_and_the_others_stop_ringing(switches: Switches) -> None:
    switch = switches("bridge sofia/gw/3,sofia/gw/1,sofia/gw/2", callees=CALLEES)
    assert switch.call().wait(5)
    assert party(switch, "3").hangup_cause == "LOSE_RACE"
    assert party(switch, "1").hangup_cause == "NORMAL_CLEARING"
    assert switch.sessions() == []


@pytest.mark.parametrize(
    ("actions", "cause"),
    [
        (("bridge sofia/gw/2", "hangup CALL_REJECTED"), "USER_BUSY"),
        (
            ("set continue_on_fail=true", "bridge sofia/gw/2", "hangup CALL_REJECTED"),
            "CALL_REJECTED",
        ),
        (("bridge sofia/gw/9", "hangup CALL_REJECTED"), "NO_ROUTE_DESTINATION"),
        (("bridge error/USER_BUSY",), "USER_BUSY"),
        (("bridge loopback/1",), "CHAN_NOT_IMPLEMENTED"),
        (("bridge sofia/gateway/up/1", "hangup CALL_REJECTED"), "CALL_REJECTED"),
        (("bridge sofia/gateway/gone/1",), "INVALID_GATEWAY"),
        (("bridge sofia/gateway/dead/1",), "GATEWAY_DOWN"),
        (
            ("set hangup_after_bridge=true", "bridge sofia/gw/1", "hangup USER_BUSY"),
            "NORMAL_CLEARING",
        ),
        (("bridge [leg_timeout=1]sofia/gw/3",), "ALLOTTED_TIMEOUT"),
        (("set call_timeout=1", "bridge sofia/gw/3", "hangup CALL_REJECTED"), "CALL_REJECTED"),
    ],
)
def test_how_a_call_ends(switches: Switches, actions: tuple[str, ...], cause: str) -> None:
    gateways = {"gateways": ["up", "dead"], "dead_gateways": ["dead"]}
    caller = switches(*actions, callees=CALLEES, **gateways).call()
    assert caller.wait(5)
    assert caller.hangup_cause == cause


def test_a_caller_who_hangs_up_cancels_the_legs(switches: Switches) -> None:
    switch = switches("bridge sofia/gw/3", callees=CALLEES)
    caller = switch.call()
    while "3" not in switch.taken:
        caller.wait(0.01)
    caller.hang_up()
    assert party(switch, "3").wait(5)
    assert party(switch, "3").hangup_cause == "ORIGINATOR_CANCEL"


def test_a_caller_who_hangs_up_ends_the_bridge(switches: Switches) -> None:
    switch = switches("bridge sofia/gw/4", callees=CALLEES)
    caller = switch.call()
    while not caller.heard:
        caller.wait(0.01)
    caller.hang_up()
    assert party(switch, "4").wait(5)
    assert party(switch, "4").hangup_cause == "NORMAL_CLEARING"


def test_each_hears_the_other(switches: Switches) -> None:
    says = Step(tone=(700.0,))
    switch = switches("set ringback=%(2000,4000,440,480)", "bridge sofia/gw/4", callees=CALLEES)
    caller = switch.call(CallPlan(says=says))
    while seconds_of(caller, 1100) < 0.2:
        assert not caller.wait(0.02)
    caller.press("42")
    other = party(switch, "4")
    while other.digits_received != "42":
        assert not caller.wait(0.02)
    assert seconds_of(other, 700) > 0.15
    assert seconds_of(caller, 440) > 0
    assert seconds_of(other, 440) == 0


# -- what the adapter is told --------------------------------------------------------------------


@pytest.fixture
def controlled(adapter: FakeAdapter, switches: Switches) -> Callable[..., tuple[Peer, SimSwitch]]:
    """A call that an adapter controls, which also hears of the leg LEG."""

    def call(**changes: Any) -> tuple[Peer, SimSwitch]:
        switch = switches(f"socket {adapter.target} async full", callees=CALLEES, **changes)
        switch.call()
        peer = adapter.accept()
        peer.connect()
        peer.command("linger 1")
        peer.command("event plain ALL")
        for uuid in (peer.uuid, LEG):
            peer.command(f"filter Unique-ID {uuid}")
        return peer, switch

    return call


Controlled = Callable[..., tuple[Peer, SimSwitch]]


def told_of(frames: list[Frame], uuid: str) -> list[str]:
    return [f.name for f in frames if f.get("Unique-ID") == uuid and f.name.startswith("CHANNEL_")]


def test_the_adapter_is_told_of_both_legs(controlled: Controlled) -> None:
    peer, _ = controlled()
    peer.execute("answer", uuid="answer")
    peer.completed("answer")
    peer.execute("bridge", f"[origination_uuid={LEG}]sofia/gw/1", uuid="bridge")
    done = peer.completed("bridge")
    assert done.get("variable_originate_disposition") == "SUCCESS"
    assert done.get("variable_bridge_hangup_cause") == "NORMAL_CLEARING"
    assert done.get("variable_bridge_uuid") == LEG
    peer.event("CHANNEL_DESTROY", Unique_ID=LEG)
    leg = [name for name in told_of(peer.events, LEG) if name not in STATES]
    assert leg == [
        "CHANNEL_OUTGOING",
        "CHANNEL_CREATE",
        "CHANNEL_ORIGINATE",
        "CHANNEL_PROGRESS",
        "CHANNEL_ANSWER",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_DESTROY",
    ]
    own = [name for name in told_of(peer.events, peer.uuid) if name not in STATES]
    assert own[-4:] == [
        "CHANNEL_EXECUTE",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_EXECUTE_COMPLETE",
    ]
    bridged = peer.event("CHANNEL_BRIDGE")
    assert bridged.get("Bridge-B-Unique-ID") == bridged.get("Other-Leg-Unique-ID") == LEG
    created = peer.event("CHANNEL_CREATE", Unique_ID=LEG)
    assert created.get("Call-Direction") == "outbound"
    assert created.get("Other-Leg-Unique-ID") == peer.uuid
    assert created.get("Caller-Destination-Number") == "1"


STATES = {"CHANNEL_STATE", "CHANNEL_CALLSTATE"}


def test_an_unanswered_call_rings_and_is_answered_with_the_leg(controlled: Controlled) -> None:
    peer, _ = controlled()
    peer.execute("bridge", f"[origination_uuid={LEG}]sofia/gw/4", uuid="bridge")
    peer.event("CHANNEL_BRIDGE")
    own = told_of(peer.events, peer.uuid)
    assert own.index("CHANNEL_PROGRESS") < own.index("CHANNEL_ANSWER") < own.index("CHANNEL_BRIDGE")


def test_a_confirmation_runs_on_the_leg(controlled: Controlled, adapter: FakeAdapter) -> None:
    peer, switch = controlled()
    confirm = f"group_confirm_key=exec,group_confirm_file=socket {adapter.target} async full"
    peer.execute("bridge", f"[origination_uuid={LEG},{confirm}]sofia/gw/4", uuid="bridge")
    asked = adapter.accept()
    assert asked.connect().get("Unique-ID") == LEG
    asked.execute("playback", "tone_stream://%(100,0,900)", uuid="play")
    assert asked.command("myevents") == "+OK Events Enabled"
    asked.completed("play")
    assert "CHANNEL_BRIDGE" not in peer.names()
    asked.command("exit")
    peer.event("CHANNEL_BRIDGE")
    assert seconds_of(party(switch, "4"), 900) == pytest.approx(0.1, abs=0.03)


def test_a_confirmation_that_hangs_up_refuses(controlled: Controlled, adapter: FakeAdapter) -> None:
    peer, _ = controlled()
    peer.execute("set", "continue_on_fail=true")
    confirm = f"group_confirm_key=exec,group_confirm_file=socket {adapter.target} async full"
    peer.execute("bridge", f"[origination_uuid={LEG},{confirm}]sofia/gw/4", uuid="bridge")
    asked = adapter.accept()
    asked.connect()
    asked.command("sendmsg\ncall-command: hangup\nhangup-cause: CALL_REJECTED")
    done = peer.completed("bridge")
    assert done.get("variable_originate_disposition") == "CALL_REJECTED"
    assert "CHANNEL_BRIDGE" not in peer.names()


# -- originate and uuid_bridge -------------------------------------------------------------------


def test_originate_says_why_nobody_answered(controlled: Controlled) -> None:
    peer, _ = controlled()
    assert peer.api("originate sofia/gw/2 &park()") == "-ERR USER_BUSY\n"
    assert peer.api("originate x").startswith("-USAGE")


def test_two_legs_are_joined(controlled: Controlled) -> None:
    peer, switch = controlled()
    peer.execute("answer", uuid="answer")
    peer.completed("answer")
    assert peer.api(f"originate [origination_uuid={LEG}]sofia/gw/4 &park()") == f"+OK {LEG}\n"
    assert peer.api(f"uuid_bridge UUID {LEG}") == f"+OK {LEG}\n"
    other = switch.callers[LEG]
    caller = switch.callers[peer.uuid]
    while seconds_of(caller, 1100) < 0.1:
        assert not caller.wait(0.02)
    other.hang_up()
    assert caller.wait(5)
    assert "CHANNEL_UNBRIDGE" in [f.name for f in peer.rest()] + peer.names()


def test_a_called_leg_is_sent_elsewhere(controlled: Controlled) -> None:
    peer, switch = controlled()
    peer.execute("set", "hangup_after_bridge=false")
    peer.execute("bridge", f"[origination_uuid={LEG}]sofia/gw/4", uuid="bridge")
    peer.event("CHANNEL_BRIDGE")
    assert peer.api("uuid_transfer UUID -bleg 77 XML public") == "+OK\n"
    peer.completed("bridge")
    assert switch.callers[LEG].session.transfers == 1


# -- a conference --------------------------------------------------------------------------------


def test_a_conference_lasts_until_the_call_ends(switches: Switches) -> None:
    caller = switches("conference room@default").call()
    while not caller.heard:
        caller.wait(0.01)
    caller.hang_up()
    assert caller.wait(5)
    assert caller.heard[0].kind == "conference"
