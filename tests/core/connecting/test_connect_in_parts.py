"""A connect whose destinations are legs and queues: what is tried together, and what is told."""

import pytest

from adapter.connecting.kept import CONNECT_VARIABLE
from adapter.connecting.telling import PatientTeller
from adapter.freeswitch.dial_strings import Outlet
from adapter.freeswitch.errors import UnsafeValue
from adapter.identity import CallIdentity
from adapter.methods.called import meant
from adapter.methods.connect import Connect
from adapter.methods.connect_parts import in_parts
from adapter.queues.kept import QUEUE_VARIABLE
from adapter.swml.errors import ScriptError


def parts(**params):
    return list(in_parts(Connect.model_validate(params).groups(), "p", "name"))


def shown(found):
    """Bridges by their groups, then the queues beside."""
    return [
        ([[one.to for one in group] for group in part.groups], *[one.to for one in part.queues])
        for part in found
    ]


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"to": "+1"}, [([["+1"]],)]),
        ({"to": "queue:a"}, [([], "queue:a")]),
        ({"serial": ["+1", "+2"]}, [([["+1"], ["+2"]],)]),
        (
            {"serial": ["+1", "queue:a", "Queue: b", "+2"]},
            [([["+1"]],), ([], "queue:a"), ([], "Queue: b"), ([["+2"]],)],
        ),
        ({"serial": ["queue:a", "queue:a"]}, [([], "queue:a"), ([], "queue:a")]),
        (
            {"serial_parallel": [["+1", "+2"], ["+3"], ["queue:a"], []]},
            [([["+1", "+2"], ["+3"]],), ([], "queue:a")],
        ),
        ({"parallel": ["+1", "queue:a"]}, [([["+1"]], "queue:a")]),
        (
            {"serial_parallel": [["+1"], ["queue:a", "+2", "queue:b", "+3"]]},
            [([["+1"]],), ([["+2", "+3"]], "queue:a", "queue:b")],
        ),
    ],
    ids=str,
)
def test_a_queue_makes_a_part_of_its_own(params, wanted):
    found = parts(**params)
    assert shown(found) == wanted
    assert len({part.name for part in found}) == len(found)
    assert [part.first for part in found] == [True] + [False] * (len(found) - 1)
    assert found[0].name == "name"


@pytest.mark.parametrize(
    "params",
    [
        {"serial": []},
        {"serial_parallel": [[]]},
        {"parallel": ["+1"] * 101},
        {"serial": ["queue:a"] * 101},
    ],
    ids=["nobody", "an empty group", "too many legs", "too many queues"],
)
def test_there_is_somebody_and_not_too_many(params):
    with pytest.raises(ScriptError, match="not 1 to 100"):
        parts(**params)


def test_a_queue_without_a_name_is_none_before_anybody_is_called():
    with pytest.raises(ValueError, match="queue's name"):
        parts(serial=["+1", "queue:"])


class Channel:
    def __init__(self, **variables):
        self.variables = variables

    def variable(self, name):
        return self.variables.get(name, "")


def test_which_part_a_call_has_come_to():
    bridge, queue, last = parts(serial=["+1", "queue:a", "+2"])
    fresh = Channel()
    assert not any(part.begun(fresh) for part in (bridge, queue, last))
    first = Channel(**{CONNECT_VARIABLE: "name 1 true"})
    assert [part.begun(first) for part in (bridge, queue, last)] == [True, False, False]
    second = Channel(**{CONNECT_VARIABLE: "name 1 true", QUEUE_VARIABLE: "name.1"})
    assert [part.begun(second) for part in (bridge, queue, last)] == [True, True, False]
    talked = Channel(**{CONNECT_VARIABLE: "name.2 1 true", "last_bridge_to": "leg"})
    assert [part.begun(talked) for part in (bridge, queue, last)] == [False, False, True]


@pytest.fixture
def teller():
    told = []

    def tell(_url, _event, /, **params):
        told.append((params["connect_state"], params.get("failed_reason")))

    made = PatientTeller(tell, CallIdentity("c", "n", "e", "p", "s"), "http://h/")
    return made, told


def test_what_fails_is_told_when_nothing_is_left(teller):
    made, told = teller
    for number, reason in enumerate(("busy", "no_answer")):
        made.begin(first=not number)
        made.connect("connecting")
        made.connect("failed", failed_reason=reason)
        assert told == [("connecting", None)]
    made.conclude()
    assert told == [("connecting", None), ("failed", "no_answer")]


def test_what_failed_before_a_connection_is_not_told(teller):
    made, told = teller
    made.begin(first=True)
    made.connect("connecting")
    made.connect("failed", failed_reason="busy")
    made.begin(first=False)
    made.connect("connected")
    made.connect("disconnected", ended_by="peer")
    made.conclude()
    assert [state for state, _ in told] == ["connecting", "connected", "disconnected"]


def test_a_websocket_is_a_part_of_its_own():
    found = parts(serial=["+1", "stream:ws://a/", "STREAM:ws://b/", "queue:q"])
    assert [part.stream and part.stream.to for part in found] == [
        None,
        "stream:ws://a/",
        "STREAM:ws://b/",
        None,
    ]
    assert found[0].groups
    assert found[3].queues


@pytest.mark.parametrize("beside", ["+1", "queue:q", "stream:ws://b/"])
def test_nobody_rings_beside_a_websocket(beside):
    with pytest.raises(ScriptError, match="in turn"):
        parts(parallel=["stream:ws://a/", beside])


def test_a_resource_address_is_what_it_stands_for():
    outlet = Outlet("internal", None, {"/public/q": "queue:q", "/private/b": "sip:b@h"})
    groups = Connect.model_validate({"serial": ["/public/q?x=y", "/private/b", "+1"]}).groups()
    assert [group[0].to for group in meant(outlet, groups)] == ["queue:q", "sip:b@h", "+1"]
    with pytest.raises(UnsafeValue, match="resources"):
        meant(Outlet("internal"), groups)
