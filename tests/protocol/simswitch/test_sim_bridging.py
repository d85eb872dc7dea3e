"""`bridge` to callees of the settings."""

from collections.abc import Callable

import pytest
from sim_peer import FakeAdapter

from adapter.simswitch import Callee, SimSwitch

Switches = Callable[..., SimSwitch]
CALLEES = (
    Callee("^1", rings=0.02, talks=0.1),
    Callee("^2", rings=0.02, cause="USER_BUSY"),
)


def test_a_callee_answers_and_ends(switches: Switches) -> None:
    switch = switches(
        "bridge {a=b}sofia/gw/100@h", "playback tone_stream://%(40,0,9)", callees=CALLEES
    )
    caller = switch.call()
    assert caller.wait(5)
    assert caller.answered
    assert [(heard.kind, heard.ms) for heard in caller.heard] == [("bridge", 100), ("tone", 40)]


def test_the_next_one_is_called_if_the_first_is_busy(switches: Switches) -> None:
    caller = switches("bridge sofia/gw/2|sofia/gw/1", callees=CALLEES).call()
    assert caller.wait(5)
    assert caller.heard[0].what == "sofia/gw/1"


@pytest.mark.parametrize(
    ("actions", "cause"),
    [
        (("bridge sofia/gw/2", "hangup CALL_REJECTED"), "USER_BUSY"),
        (
            ("set continue_on_fail=true", "bridge sofia/gw/2", "hangup CALL_REJECTED"),
            "CALL_REJECTED",
        ),
        (("bridge sofia/gw/3", "hangup CALL_REJECTED"), "NO_ROUTE_DESTINATION"),
        (
            ("set hangup_after_bridge=true", "bridge sofia/gw/1", "hangup USER_BUSY"),
            "NORMAL_CLEARING",
        ),
    ],
)
def test_how_a_call_ends(switches: Switches, actions: tuple[str, ...], cause: str) -> None:
    caller = switches(*actions, callees=CALLEES).call()
    assert caller.wait(5)
    assert caller.hangup_cause == cause


def test_the_adapter_is_told(adapter: FakeAdapter, switches: Switches) -> None:
    switches(f"socket {adapter.target} async full", callees=CALLEES).call()
    peer = adapter.accept()
    peer.connect()
    peer.command("linger 1")
    peer.command("myevents")
    peer.execute("bridge", "sofia/gw/1", uuid="bridge")
    done = peer.completed("bridge")
    assert done.get("variable_originate_disposition") == "SUCCESS"
    assert done.get("variable_bridge_hangup_cause") == "NORMAL_CLEARING"
    assert peer.names().index("CHANNEL_BRIDGE") < peer.names().index("CHANNEL_UNBRIDGE")


def test_a_conference_lasts_until_the_call_ends(adapter: FakeAdapter, switches: Switches) -> None:
    caller = switches("conference room@default").call()
    while not caller.heard:
        caller.wait(0.01)
    caller.hang_up()
    assert caller.wait(5)
    assert caller.heard[0].kind == "conference"
