"""Each parameter that is ignored is warned of where it stands, before a call runs the document."""

import json

import pytest

from adapter import methods
from adapter.methods import connect, table
from adapter.methods.ignored import ignored
from adapter.swml.loading import DocumentCache, load

STEPS = {
    "answer": {},
    "join_conference": {"name": "sales"},
    "prompt": {"play": "say:hello"},
}

VALUES = {
    "custom_parameters": {"a": "b"},
    "realtime": True,
    "region": "us",
    "status_callback_event_type": "laml",
    "recording_status_callback_event_type": "cxml",
    "status_url_method": "GET",
    "stream": {"url": "wss://example.com"},
    "codec": "PCMU",
}
"""What is written where a word will not do."""

IGNORED = [
    (entry.spec.name, name)
    for entry in table.entries()
    for name, how, _ in entry.rows()
    if how == table.IGNORED
]


def found(step: dict[str, object]) -> list[tuple[str, str, int | None]]:
    document = DocumentCache(methods.catalog(), remarks=ignored).load(
        "sections:\n  main:\n    - answer\n    - " + json.dumps(step) + "\n"
    )
    return [(fault.path, fault.message, fault.line) for fault in document.warnings]


def test_there_are_some():
    assert len(IGNORED) > 3
    assert {method for method, _ in IGNORED} == set(STEPS)


@pytest.mark.parametrize(("method", "name"), IGNORED, ids=lambda one: one)
def test_an_ignored_parameter_is_warned_of_at_its_path(method, name):
    assert found({method: STEPS[method]}) == []
    step = {method: STEPS[method] | {name: VALUES.get(name, "word")}}
    ((path, message, line),) = found(step)
    assert (path, line) == (f"main[1].{method}.{name}", 4)
    assert message.startswith(f"{method}.{name} is ignored here: ")
    assert load(json.dumps({"sections": {"main": [step]}}), methods.catalog()).warnings == (), (
        "the language itself has nothing against it"
    )


def test_also_where_one_destination_has_it(monkeypatch):
    monkeypatch.setitem(connect.LIMITS, "codec", "ignored: for this test")
    step = {"connect": {"serial": ["+1", {"to": "+2", "codec": "PCMU"}]}}
    assert [path for path, _, _ in found(step)] == ["main[1].connect.serial[1].codec"]


@pytest.mark.parametrize(
    "step",
    [
        {"join_conference": {"name": "a", "status_callback_method": "POST", "trim": "do-not-trim"}},
        {"stream": {"url": "wss://example.com", "status_url_method": "POST"}},
        {"connect": {"to": "+1", "headers": [{"name": "X-Department", "value": "sales"}]}},
    ],
    ids=["conference", "stream", "a header's name is not a stream's"],
)
def test_who_asks_for_what_is_done_is_not_warned(step):
    assert found(step) == []
