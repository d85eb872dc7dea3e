"""Traces: the same text for every run of the same call."""

import json
import uuid

from adapter.simulate.trace import Entry, Kind, Names, Trace, shortened


def new_id() -> str:
    return str(uuid.uuid4())


def test_ids_are_named_by_what_they_are_and_in_their_order():
    names, one, other, control = Names(), new_id(), new_id(), new_id()
    assert names(f"start recordings/{one}.wav {{id={one}}}") == (
        "start recordings/<recording-1>.wav {id=<recording-1>}"
    )
    assert names({"control_id": control}) == {"control_id": "<control-1>"}
    assert names([f"http://a/recordings/{other}", control]) == [
        "http://a/recordings/<recording-2>",
        "<control-1>",
    ]
    assert names(f"swml_session={new_id()}") == "swml_session=<session-1>"
    assert names(new_id()) == "<id-1>"


def test_values_that_are_no_text_stay():
    assert Names()({"a": 1, "b": [None, True, 2.5]}) == {"a": 1, "b": [None, True, 2.5]}


def test_what_is_known_gets_its_name_and_passwords_go():
    names = Names()
    names.know(r"http://127\.0\.0\.1:\d+", "http://adapter")
    assert names("http://127.0.0.1:40001/x") == "http://adapter/x"
    assert names("https://user:secret@example.com/x") == "https://example.com/x"


def test_a_line_is_short_and_the_facts_are_whole():
    trace = Trace()
    trace.add(Kind.SET, "{name} = {value}", name="a", value="x y\n" * 200)
    (entry,) = trace.entries
    assert len(str(entry)) < 180
    assert str(entry).startswith("  set       a = x y x y")
    assert entry.facts["value"] == "x y\n" * 200


def test_parameters_are_listed():
    trace = Trace()
    trace.add(Kind.STEP, "{step} {params}", step="main[0].play", params={"url": "say:x", "n": [1]})
    assert trace.lines() == ["main[0].play url: say:x, n: [1]"]


def test_braces_in_values_are_no_fields():
    trace = Trace()
    trace.add(Kind.SET, "{name} = {value}", name="{value}", value="{name} {nothing}")
    assert trace.lines() == ["  set       {value} = {name} {nothing}"]


def test_times_are_told_but_not_kept():
    now, told = [100.0], []
    trace = Trace(clock=lambda: now[0], tell=told.append)
    trace.add(Kind.CALL, "from {number}", number="1")
    now[0] = 160.5
    trace.add(Kind.END, "over")
    assert [entry.at for entry in told] == [0, 60.5]
    assert trace.lines() == ["call from 1", "end over"]
    assert [entry.kind for entry in trace.of(Kind.END)] == [Kind.END]


def test_an_entry_is_json():
    entry = Entry(1.23456, Kind.SWITCH, "x", {"command": "uuid_answer"})
    assert json.loads(json.dumps(entry.as_data())) == {
        "at": 1.23,
        "kind": "switch",
        "command": "uuid_answer",
    }


def test_a_value_that_is_no_json_is_shown_as_text():
    assert shortened({"a": {1}}) == '{"a": "{1}"}'
