"""Dial strings against a model of the switch: whatever is let through reaches whom it should.

The model is the simulated switch's parser; a real switch is asked in the integration tests.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.freeswitch.dial_strings import (
    MOST_LEGS,
    Leg,
    Outlet,
    for_bridge,
    for_originate,
    originate,
)
from adapter.freeswitch.errors import UnsafeValue
from adapter.simswitch.dial_string import parse
from adapter.simswitch.expand import expand
from adapter.simswitch.strings import separate

OUTLET = Outlet("internal", "carrier")
UUID = "0d1c2e3f-0000-4000-8000-000000000001"
SPECIAL = [
    *"\n\r\0${}[](),|'\"\\^!@%:;=#<>~_ \t\x7f\1\2né",
    *("${", "$$", "$\\{", ":_:", "^^", "\\n", "\\'", "\\\\", "[a=b]", "{a=b}", "<a=b>", "/"),
    *("loopback/9999", "user/1000", "sofia/gateway/other/1", "&system(touch /x)", "sip:", "@h"),
    *("O'Brien, Bob", "origination_nested_vars=true", ",execute_on_answer=system x", "fs_path="),
]
TEXT = st.lists(st.sampled_from(SPECIAL) | st.text(max_size=4), max_size=8).map("".join) | st.text()


def expanded(text: str) -> str:
    """The application's argument as the application gets it; fails where something is expanded."""

    def forbidden(*what: str) -> str:
        raise AssertionError(f"the switch expands {what}")

    return expand(text, forbidden, forbidden)


def read_bridge(groups):
    shared, parsed = parse(expanded(for_bridge(groups)))
    assert not shared
    return parsed


def read_originate(groups):
    words = separate(f"{for_originate(groups)} &park()", " ", 10)
    assert len(words) == 2
    assert words[1] == "&park()"
    shared, parsed = parse(words[0])
    assert ":_:" not in words[0]
    assert not shared
    return parsed


# -- whom to call --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "endpoint"),
    [
        ("+15551234567", "sofia/gateway/carrier/+15551234567"),
        ("1 (555) 123-45.67", "sofia/gateway/carrier/15551234567"),
        ("sip:alice@example.com", "sofia/internal/sip:alice@example.com"),
        ("SIP:a@h", "sofia/internal/sip:a@h"),
        ("sips:a.b+c@10.0.0.1:5061", "sofia/internal/sips:a.b+c@10.0.0.1:5061"),
        ("sip:a%20b@h;transport=tcp;user=phone", None),
        ("sip:1@[2001:db8::1]:5060", "sofia/internal/sip:1@[2001:db8::1]:5060"),
        ("sip:host.example.com", "sofia/internal/sip:host.example.com"),
    ],
)
def test_who_can_be_called(to, endpoint):
    assert OUTLET.endpoint(to) == (endpoint or f"sofia/internal/{to}")


@pytest.mark.parametrize(
    "to",
    [
        "",
        "+",
        "alice",
        "911;fs_path=sip:evil",
        "*21",
        "loopback/1000",
        "user/1000@example.com",
        "sofia/gateway/other/1",
        "sip:",
        "sip:a@",
        "sip:a@h/x",
        "sip:a@h,sofia/gateway/other/1",
        "sip:a@h|loopback/1",
        "sip:a@h^b@c",
        "sip:a@h?Replaces=x",
        "sip:a@h;fs_path=sip:10.0.0.1",
        "sip:a@h;transport=tcp;fs_nat",
        "sip:a@h;FS_PATH=x",
        "sip:a@h;fs-x=1",
        "sip:a@h ",
        "sip:a b@h",
        "sip:${x}@h",
        "sip:a%0Ab@h",
        "sip:a%00b@h",
        "sip:a:b@h",
        "sip:'a@h",
        "sip:a@h:_:b",
        "sip:a@h\n",
        "error/USER_BUSY",
        "group/x",
        "\u0661\u0662",
    ],
)
def test_who_cannot(to):
    with pytest.raises(UnsafeValue):
        OUTLET.endpoint(to)


def test_a_number_needs_a_gateway():
    with pytest.raises(UnsafeValue, match="the setting `gateway`"):
        Outlet("internal").endpoint("+15551234567")


def test_another_switch_is_called_by_its_address_or_by_a_whole_endpoint():
    assert OUTLET.towards("10.0.0.2:5060", "queue-1") == "sofia/internal/sip:queue-1@10.0.0.2:5060"
    assert OUTLET.towards("[::1]:5080", "queue-1") == "sofia/internal/sip:queue-1@[::1]:5080"
    assert OUTLET.towards("sofia/gateway/fs2/{number}", "queue-1") == "sofia/gateway/fs2/queue-1"
    for place, user in (("a,b:1", "queue-1"), ("sofia/gateway/fs2/{number}", "q,loopback/1")):
        with pytest.raises(UnsafeValue):
            OUTLET.towards(place, user)


def test_a_gateway_can_be_a_template():
    outlet = Outlet("internal", "sofia/external/9{number}@10.0.0.5;transport=tcp")
    assert outlet.endpoint("15") == "sofia/external/915@10.0.0.5;transport=tcp"


@given(TEXT | TEXT.map("sip:{}@h".format) | TEXT.map("sip:a@{}".format) | TEXT.map("+1{}".format))
@example("sip:a@h;a=:_:")
def test_whatever_is_asked_for_the_outlet_stays(to):
    try:
        endpoint = OUTLET.endpoint(to)
    except UnsafeValue:
        return
    leg = Leg(UUID, endpoint)
    for read in (read_bridge, read_originate):
        ((found,),) = read([[leg]])
        assert found.kind == "sofia"
        assert found.data.startswith(("gateway/carrier/", "internal/sip:", "internal/sips:"))
        assert f"{found.kind}/{found.data}" == endpoint
        assert found.data.count("/") == endpoint.count("/") - 1
        assert found.variables == {"origination_uuid": UUID}


# -- variables -----------------------------------------------------------------------------------


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=3))
@example([["O'Brien, Bob", "x|y"], ["\\"]])
@example([["a:_:_:b"]])
@example([["$$5 \\$"]])
@example([["[urgent] a"]])
@example([["\\n\\r\\s\\t"]])
def test_every_value_arrives_as_it_is(values):
    groups = [[_leg_with(value) for value in group] for group in values]
    for write, read in ((for_bridge, read_bridge), (for_originate, read_originate)):
        try:
            write(groups)
        except UnsafeValue:
            continue
        found = read(groups)
        assert [[leg.variables for leg in group] for group in found] == [
            [_arriving(leg.variables) for leg in group] for group in groups
        ]
        assert {leg.data for group in found for leg in group} == {"internal/sip:a@h"}


def _leg_with(value: str) -> Leg:
    return Leg(UUID, "sofia/internal/sip:a@h", {"first": value, "sip_h_X-Last": value})


def _arriving(variables):
    """What is set on the leg: blanks around a value go, and an empty one is none."""
    values = {name: value.strip() for name, value in variables.items() if value.strip()}
    return {"origination_uuid": UUID, **values}


@given(TEXT)
def test_an_ordinary_value_is_not_refused(value):
    if any(char in value for char in "$[]") or not value.isprintable() or "nested" in value:
        return
    for_bridge([[_leg_with(value)]])


@pytest.mark.parametrize(
    "value", ["a\nb", "a\0", "${x}", "$\\\\{x}", "a]b", "[", "origination_nested_vars=true"]
)
def test_what_a_value_must_not_hold(value):
    with pytest.raises(UnsafeValue):
        for_bridge([[_leg_with(value)]])


def test_a_name_is_a_name():
    with pytest.raises(UnsafeValue):
        for_bridge([[Leg(UUID, "sofia/internal/sip:a@h", {"a=b;c": "d"})]])


@pytest.mark.parametrize("groups", [[], [[]], [[Leg(UUID, "x")], []]])
def test_somebody_must_be_called(groups):
    with pytest.raises(UnsafeValue):
        for_bridge(groups)


def test_a_hundred_at_once_and_no_more():
    legs = [Leg(UUID, "sofia/internal/sip:a@h")] * MOST_LEGS
    assert len(read_bridge([legs])[0]) == MOST_LEGS
    with pytest.raises(UnsafeValue, match="too many"):
        for_bridge([legs, legs[:1]])


# -- a whole order -------------------------------------------------------------------------------


@given(TEXT, TEXT)
@example("sip:a@h", "x' inline 'y")
@example("+1555", "${system(touch /x)}")
def test_an_order_to_call_has_its_three_words(to, value):
    try:
        leg = Leg(UUID, OUTLET.endpoint(to), {"sip_h_X-A": value})
        command = originate(leg, "127.0.0.1:8084", seconds=70).decode()
    except UnsafeValue:
        return
    line, job, *rest = command.split("\n")
    assert (job, rest) == (f"Job-UUID: {UUID}", ["", ""])
    words = separate(line.removeprefix("bgapi originate "), " ", 10)
    assert len(words) == 3
    assert words[2] == "inline"
    shared, groups = parse(words[0])
    assert shared == {"ignore_early_media": "true", "originate_timeout": "70"}
    assert [[f"{each.kind}/{each.data}" for each in group] for group in groups] == [[leg.endpoint]]
    delimiter, actions = words[1][2], words[1][4:].split("^")
    assert delimiter == "^"
    assert set(actions) == {"socket:127.0.0.1:8084 async full", "sleep:500"}
    assert len(actions) <= 128


NAMED = Outlet("internal", "carrier", {"/public/a": "+1555", "/private/b": "sip:b@h"})


@pytest.mark.parametrize(
    ("to", "endpoint"),
    [
        ("/public/a", "sofia/gateway/carrier/+1555"),
        ("/public/a?channel=audio", "sofia/gateway/carrier/+1555"),
        ("/private/b/", "sofia/internal/sip:b@h"),
    ],
)
def test_a_resource_address_stands_for_something(to, endpoint):
    assert NAMED.endpoint(to) == endpoint


@pytest.mark.parametrize("to", ["/", "/public", "/public/a/b", "/../public/a", "/PUBLIC/A"])
def test_an_unknown_address_says_where_it_belongs(to):
    with pytest.raises(UnsafeValue, match="resources"):
        NAMED.endpoint(to)
