"""While a card is typed no recording hears it: not the running ones, not one that starts."""

from types import SimpleNamespace

import pytest

from adapter.freeswitch.errors import CommandFailed
from adapter.recording.call_recordings import CallRecordings
from adapter.recording.pauses import Behavior
from adapter.recording.recorder import NotRunning


class FakeRecorder:
    def __init__(self, name: str, done: list[str], *, paused: bool = False) -> None:
        self.row = SimpleNamespace(id=name)
        self.active, self.paused = True, paused
        self.refuses: Exception | None = None
        self._done = done

    def start(self) -> None:
        self._done.append(f"start {self.row.id}")

    def pause(self, behavior: Behavior) -> None:
        if self.refuses:
            raise self.refuses
        self._done.append(f"{behavior} {self.row.id}")
        self.paused = True

    def resume(self) -> None:
        self._done.append(f"resume {self.row.id}")
        self.paused = False


class Stage:
    def __init__(self) -> None:
        self.done: list[str] = []
        call = SimpleNamespace(gone=None)
        archive = SimpleNamespace(jitter_buffer_ms=0)
        self.recordings = CallRecordings(call, archive, None)
        self.recordings._recorder = lambda options: self.add(options.control_id)

    def add(self, name: str, **facts: bool) -> FakeRecorder:
        found = FakeRecorder(name, self.done, **facts)
        self.recordings._by_control_id[name] = found
        return found

    def hushed(self, *silent: str):
        note = lambda ids: self.done.append(f"note {' '.join(ids)}")  # noqa: E731
        return self.recordings.hushed(silent, note)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_all_are_silent_and_go_on(stage: Stage) -> None:
    for name in "ab":
        stage.add(name)
    stage.add("ended").active = False
    with stage.hushed():
        assert stage.recordings.is_hushed
        assert stage.done == ["note a", "silence a", "note a b", "silence b"]
        stage.done.clear()
        stage.recordings.start(SimpleNamespace(control_id="c"))
        assert stage.done == ["start c", "note a b c", "silence c"]
        stage.done.clear()
    assert not stage.recordings.is_hushed
    assert stage.done == ["resume a", "resume b", "resume c"]


def test_what_somebody_else_has_paused_stays_so(stage: Stage) -> None:
    stage.add("theirs", paused=True)
    stage.add("ours", paused=True)  # before we died
    with stage.hushed("ours"):
        assert stage.done == ["note ours", "silence ours"]
    assert stage.done[-1] == "resume ours"
    assert "resume theirs" not in stage.done


def test_it_goes_on_whatever_happens(stage: Stage) -> None:
    stage.add("a")
    with pytest.raises(RuntimeError), stage.hushed():
        raise RuntimeError
    assert stage.done[-1] == "resume a"


def test_nothing_is_asked_where_something_could_be_heard(stage: Stage) -> None:
    stage.add("a")
    stage.add("b").refuses = CommandFailed("uuid_record", "no")
    with pytest.raises(CommandFailed), stage.hushed():
        raise AssertionError("a card was asked for")
    assert stage.done[-2:] == ["resume a", "resume b"]


def test_one_that_ends_in_this_moment_does_no_harm(stage: Stage) -> None:
    stage.add("a").refuses = NotRunning("it has ended")
    with stage.hushed():
        assert stage.recordings.is_hushed
