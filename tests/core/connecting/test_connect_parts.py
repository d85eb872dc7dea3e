"""What a connect knows of its legs, of how it went, and of what it left on the channel."""

import itertools

import pytest

from adapter.connecting.confirming import Asked, Script
from adapter.connecting.kept import CONNECT_VARIABLE, Connect
from adapter.connecting.legs import Leg
from adapter.connecting.outcome import Outcome, end_reason, failed_reason
from adapter.connecting.plan import Plan, PlannedLeg, leg_id


class Channel:
    our_place = "127.0.0.1:8084"

    def __init__(self, **variables: str) -> None:
        self.variables = variables

    def variable(self, name: str) -> str:
        return self.variables.get(name, "")


def planned(**details) -> PlannedLeg:
    return PlannedLeg(**{"uuid": "u", "endpoint": "e", "device": {}, "timeout": 20, **details})


# -- how it ended --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "bridged", "reason"),
    [
        ("NORMAL_CLEARING", True, "hangup"),
        ("USER_BUSY", False, "busy"),
        ("NO_ANSWER", False, "no_answer"),
        ("NO_USER_RESPONSE", False, "no_answer"),
        ("ALLOTTED_TIMEOUT", False, "no_answer"),
        ("ALLOTTED_TIMEOUT", True, "hangup"),
        ("CALL_REJECTED", False, "declined"),
        ("LOSE_RACE", False, "cancel"),
        ("INVALID_GATEWAY", False, "error"),
        ("", False, "error"),
    ],
)
def test_a_legs_end(cause, bridged, reason):
    assert end_reason(cause, bridged=bridged) == reason


def test_who_hangs_up_before_the_bridge_declines():
    assert failed_reason("NORMAL_CLEARING") == "declined"
    assert failed_reason("USER_BUSY") == "busy"


# -- a leg's states ------------------------------------------------------------------------------


def test_a_leg_comes_to_each_state_once_and_never_goes_back():
    for order in itertools.permutations(["created", "ringing", "answered", "ended"]):
        leg = Leg(planned())
        told = [state for given in order for state in leg.reaches(given, 0.0)]
        assert len(told) == len(set(told)), order
        assert told[-1] == "ended"
        assert told[0] == "created"
        assert not leg.alive


def test_a_leg_that_answered_at_once_has_been_created():
    assert Leg(planned()).reaches("answered", 0.0) == ["created", "ringing", "answered"]


def test_how_long_a_leg_may_take():
    leg = Leg(planned(confirm="main[0]", confirm_timeout=5))
    assert leg.deadline is None
    leg.reaches("created", 100.0)
    leg.reaches("ringing", 110.0)
    assert leg.deadline == 120
    leg.reaches("answered", 115.0)
    assert leg.deadline == 120
    leg.bridged = True
    assert leg.deadline is None


# -- the plan ------------------------------------------------------------------------------------


def test_legs_have_the_same_ids_whoever_works_them_out():
    assert leg_id("swml:a/3/1", 0) == leg_id("swml:a/3/1", 0)
    assert len({leg_id(f"swml:a/{step}/1", n) for step in range(3) for n in range(3)}) == 9


def test_the_switch_waits_longer_than_we_do():
    leg = planned(confirm="x", confirm_timeout=7)
    variables = leg.dialled({"group_confirm_key": "exec"}).variables
    assert int(variables["leg_timeout"]) > 20
    assert int(variables["group_confirm_timeout"]) > 7
    plan = Plan([[leg], [planned()]], max_duration=60)
    assert plan.confirms
    assert plan.group_limit > 27
    assert plan.longest > 60 + 2 * plan.group_limit


# -- what is left on the channel -----------------------------------------------------------------


def test_a_first_attempt():
    found = Connect.find(Channel(socket_resume="true"), "swml:a/3")
    assert (found.attempt, found.resume, found.became) == (1, "true", None)
    assert found.before(outlives=True)["socket_resume"] == "false"
    assert found.before(outlives=False)["socket_resume"] == "true"
    assert found.after()["socket_resume"] == "true"


@pytest.mark.parametrize(
    ("outlives", "variables", "became", "attempt"),
    [
        (True, {"last_bridge_to": "b"}, Outcome("b"), 1),
        (False, {"last_bridge_to": "b"}, Outcome("b"), 1),
        (True, {"originate_disposition": "USER_BUSY"}, Outcome(failed_reason="busy"), 1),
        (False, {"originate_disposition": "ORIGINATOR_CANCEL"}, None, 2),
        (True, {}, None, 2),
    ],
    ids=["bridged", "bridged a moment ago", "nobody answered", "broken off", "never begun"],
)
def test_a_call_that_comes_back(outlives, variables, became, attempt):
    """The dialplan has set `socket_resume` again before it offers the call."""
    marks = Connect("swml:a/3", 1, "true").before(outlives=outlives)
    left = {name: marks[name] for name in (CONNECT_VARIABLE, "socket_resume")}
    channel = Channel(**left, **variables)
    resumed = Channel(**{**left, **variables, "socket_resume": "true"})
    assert Connect.find(channel, "swml:a/3") == Connect.find(resumed, "swml:a/3")
    found = Connect.find(channel, "swml:a/3")
    assert (found.became, found.attempt, found.resume) == (became, attempt, "true")
    other = Connect.find(channel, "swml:a/4")
    assert (other.became, other.attempt) == (None, 1)


# -- how a leg finds who asks it -----------------------------------------------------------------


@pytest.mark.parametrize(
    "what", ["main[2].connect.confirm", "https://h/a?b=c d&e=${x}", "sec tion]['.connect.confirm"]
)
def test_a_leg_is_asked_by_what_it_was_given(what):
    asked = Asked(Script("call", "session", "project"), what)
    variables = asked.variables(Channel())
    assert variables["group_confirm_file"] == "socket 127.0.0.1:8084 async full"
    assert "${" not in "".join(variables.values())
    assert Asked.by(Channel(**variables)) == asked
    assert Asked.by(Channel()) is None
