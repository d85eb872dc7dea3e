"""The calls of a process: those that have ended are known for a while, and not without end."""

from types import SimpleNamespace

from adapter.control import running
from adapter.control.running import RunningCalls


def test_the_latest_that_ended_are_remembered(monkeypatch):
    monkeypatch.setattr(running, "REMEMBERED", 3)
    calls = RunningCalls()
    for name in "abcde":
        row = SimpleNamespace(id=name)
        control = SimpleNamespace(call_id=name, call=SimpleNamespace(lost=False), row=row)
        calls.add(control)
        calls.remove(control)
    assert [name for name in "abcde" if calls.ended(name) is not None] == ["c", "d", "e"]
    assert len(calls) == 0
