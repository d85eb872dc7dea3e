"""Events, their forms, and who gets them."""

import json

import pytest

from adapter.simswitch.events import Block, Event, EventHeads, Variables
from adapter.simswitch.subscription import Subscription

MINE, OTHERS = "11111111-mine", "22222222-other"


def event(name: str = "DTMF", uuid: str | None = MINE, body: str = "", **headers: str) -> Event:
    head = EventHeads("core", "host").next(name, ("file.c", "function", 7))
    own = {"Unique-ID": uuid} if uuid else {}
    return Event(name, uuid, [head, Block({**own, **headers})], body)


def test_both_forms_say_the_same() -> None:
    made = event(**{"DTMF-Digit": "#", "X": 'a "b"\n'})
    plain = made.as_plain().decode()
    data = json.loads(made.as_json())
    assert plain.startswith("Event-Name: DTMF\nCore-UUID: core\nFreeSWITCH-Hostname: host\n")
    assert plain.endswith("DTMF-Digit: %23\nX: a%20%22b%22%0A\n\n".replace('"', '"'))
    assert data["DTMF-Digit"] == "#"
    assert data["X"] == 'a "b"\n'
    assert [line.split(":")[0] for line in plain.strip().split("\n")] == list(data)


def test_a_body_is_counted_in_bytes() -> None:
    made = event("BACKGROUND_JOB", None, body="+OK é\n")
    assert made.as_plain().endswith(b"\nContent-Length: 7\n\n+OK \xc3\xa9\n")
    assert json.loads(made.as_json())["_body"] == "+OK é\n"


def test_headers_are_found_whatever_their_case() -> None:
    assert event(**{"Job-Owner-UUID": "x"}).get("job-owner-uuid") == "x"
    assert event().get("nothing") is None


def test_variables_keep_the_order_of_their_last_setting() -> None:
    variables = Variables({"a": "1", "b": "2", "empty": ""})
    variables.set("A", "3")
    variables.set("c", "4")
    variables.set("b", None)
    assert list(variables) == [("A", "3"), ("c", "4")]
    assert variables.block().plain == b"variable_A: 3\nvariable_c: 4\n"
    assert variables.get("a") == "3"


def test_a_rendered_block_does_not_change_with_the_variables() -> None:
    variables = Variables({"a": "1"})
    before = variables.block()
    variables.set("a", "2")
    assert before.headers == {"variable_a": "1"}
    assert variables.block().headers == {"variable_a": "2"}


def test_myevents_leaves_out_recordings_playing_and_jobs() -> None:
    subscription = Subscription()
    assert subscription.myevents(MINE, "myevents") == "+OK Events Enabled"
    assert subscription.myevents(MINE, "myevents") == "-ERR aready enabled."
    assert subscription.accepts(event("CHANNEL_EXECUTE_COMPLETE"))
    for name in ("RECORD_START", "RECORD_STOP", "PLAYBACK_START", "BACKGROUND_JOB"):
        assert not subscription.accepts(event(name))


def test_the_list_grows_and_stays_with_this_call() -> None:
    subscription = Subscription()
    subscription.myevents(MINE, "myevents")
    assert subscription.event("plain RECORD_STOP") == "+OK event listener enabled plain"
    assert subscription.accepts(event("RECORD_STOP"))
    assert not subscription.accepts(event("RECORD_STOP", OTHERS))


def test_own_jobs_pass_once_they_are_asked_for() -> None:
    subscription = Subscription()
    subscription.myevents(MINE, "myevents")
    subscription.event("json BACKGROUND_JOB")
    assert subscription.format == "json"
    assert subscription.accepts(event("BACKGROUND_JOB", None, **{"Job-Owner-UUID": MINE}))
    assert not subscription.accepts(event("BACKGROUND_JOB", None, **{"Job-Owner-UUID": OTHERS}))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("", "-ERR no keywords supplied"),
        ("plain", "-ERR no keywords supplied"),
        ("plain NOTHING", "-ERR no keywords supplied"),
        ("json ALL", "+OK event listener enabled json"),
    ],
)
def test_event_command(command: str, answer: str) -> None:
    assert Subscription().event(command) == answer


def test_nixevent_takes_one_out_of_all() -> None:
    subscription = Subscription()
    subscription.event("plain ALL")
    assert subscription.nixevent("DTMF") == "+OK events nixed"
    assert not subscription.accepts(event("DTMF"))
    assert subscription.accepts(event("TALK"))
    assert subscription.noevents() == "+OK no longer listening for events"
    assert subscription.noevents() == "-ERR not listening for events"


def test_custom_events_by_subclass() -> None:
    subscription = Subscription()
    subscription.event("plain CUSTOM conference::maintenance")
    named = {"Event-Subclass": "conference::maintenance"}
    assert subscription.accepts(event("CUSTOM", None, **named))
    assert not subscription.accepts(event("CUSTOM", None, **{"Event-Subclass": "other"}))


def test_filters() -> None:
    subscription = Subscription()
    subscription.event("plain ALL")
    assert subscription.filter("Unique-ID " + MINE) == f"+OK filter added. [Unique-ID]=[{MINE}]"
    assert subscription.accepts(event())
    assert not subscription.accepts(event(uuid=OTHERS))
    assert subscription.filter("delete Unique-ID " + MINE) == (
        f"+OK filter deleted. [Unique-ID][{MINE}]"
    )
    assert subscription.accepts(event(uuid=OTHERS))
    assert subscription.filter("Unique-ID") == "-ERR invalid syntax"
