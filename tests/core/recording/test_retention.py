"""What goes by itself, in which order, and what never does."""

import os
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog
from gevent.event import Event
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import REGISTRY
from recording_library import DAY, Library

from adapter.config import Retention as Rules
from adapter.recording import retention
from adapter.recording.retention import MOST_FAILURES, Retention, Rule, Swept
from adapter.store.errors import StoreError
from adapter.store.rows import CallPosition, Recording
from adapter.store.store import Store
from adapter.store.writes import PutCall, PutRecording

SIZE = 844
"""Bytes of the library's usual file: 400 frames and a header."""


def of(library: Library, **rules: object) -> Retention:
    return Retention(
        library.store,
        library.folder,
        Rules.model_validate(rules),
        clock=lambda: library.now,
    )


def test_without_rules_nothing_goes(library: Library) -> None:
    library.add("ancient", days=9999)
    assert not of(library).is_limited
    assert of(library).sweep() == Swept()
    assert library.files() == {"ancient.wav"}


def test_what_is_older_than_days_goes_with_its_file(library: Library) -> None:
    library.add("old", days=8)
    library.add("young", days=6)
    assert of(library, days=7).sweep() == Swept(1, SIZE)
    assert library.deleted() == {"old"}
    assert library.files() == {"young.wav"}
    row = library.store.recording("old")
    assert row is not None
    assert (row.deleted_at, row.size) == (library.now, SIZE)


def test_days_of_a_format_take_the_place_of_the_general_ones(library: Library) -> None:
    for name, days in (("w2", 2), ("w20", 20), ("m2", 2), ("m20", 20), ("m40", 40)):
        kind = "wav" if name.startswith("w") else "mp3"
        library.add(name, days=days, format=kind)
    of(library, days=10, by_format={"mp3": {"days": 30}}).sweep()
    assert library.deleted() == {"w20", "m40"}


def test_the_oldest_go_until_the_rest_fits(library: Library) -> None:
    for days in range(1, 6):
        library.add(f"r{days}", days=days)
    swept = of(library, bytes=3 * SIZE).sweep()
    assert swept == Swept(2, 2 * SIZE)
    assert library.deleted() == {"r5", "r4"}
    assert of(library, bytes=3 * SIZE).sweep() == Swept()


def test_a_format_has_a_limit_of_its_own_below_the_general_one(library: Library) -> None:
    for days in range(1, 4):
        library.add(f"w{days}", days=days)
        library.add(f"m{days}", days=days + 10, format="mp3")
    rules = {"by_format": {"wav": {"bytes": SIZE}}, "bytes": 3 * SIZE}
    chosen = [(choice.recording.id, choice.rule) for choice in of(library, **rules).choose()]
    assert chosen == [("w3", Rule.BYTES), ("w2", Rule.BYTES), ("m3", Rule.BYTES)]


def test_what_days_delete_counts_before_bytes_do(library: Library) -> None:
    library.add("old", days=20)
    library.add("young mp3", days=30, format="mp3")
    rules = {"bytes": SIZE, "by_format": {"wav": {"days": 10}}}
    chosen = [(choice.recording.id, choice.rule) for choice in of(library, **rules).choose()]
    assert chosen == [("old", Rule.DAYS)]


# --- what stays ------------------------------------------------------------------------------


def test_a_running_recording_stays(library: Library) -> None:
    library.add("runs", days=30, state="recording", ended_at=None, size=None)
    library.add("paused", days=30, state="paused", ended_at=None, size=None)
    assert of(library, days=1, bytes=1).sweep() == Swept()
    assert library.files() == {"runs.wav", "paused.wav"}


@pytest.mark.parametrize("state", ["error", "finished"])
def test_a_file_that_has_just_been_written_stays(library: Library, state: str) -> None:
    path = library.add("declared failed", days=30, state=state)
    os.utime(path, (library.now, library.now - 5.0))
    assert of(library, days=1, bytes=1).sweep() == Swept()
    os.utime(path, (library.now, library.now - 120.0))
    assert of(library, days=1).sweep().count == 1


def test_a_recording_stays_until_its_callback_is_out(library: Library) -> None:
    library.add("pending", days=30)
    library.tell("pending", "delivered")
    library.tell("pending", "pending")
    library.add("failed", days=30)
    library.tell("failed", "failed")
    library.add("delivered", days=30)
    library.tell("delivered", "delivered")
    of(library, days=1, bytes=1).sweep()
    assert library.deleted() == {"failed", "delivered"}


def test_another_one_goes_in_the_place_of_one_that_must_stay(library: Library) -> None:
    library.add("oldest", days=3)
    library.tell("oldest", "pending")
    library.add("older", days=2)
    library.add("old", days=1)
    of(library, bytes=2 * SIZE).sweep()
    assert library.deleted() == {"older"}


# --- how -------------------------------------------------------------------------------------


def test_choosing_deletes_nothing(library: Library) -> None:
    for days in range(1, 6):
        library.add(f"r{days}", days=days)
    rules = of(library, days=4.5, bytes=3 * SIZE)
    choices = list(rules.choose())
    assert [(choice.recording.id, choice.rule) for choice in choices] == [
        ("r5", Rule.DAYS),
        ("r4", Rule.BYTES),
    ]
    assert library.deleted() == set()
    assert len(library.files()) == 5
    assert rules.sweep() == Swept(2, sum(choice.size for choice in choices))


def test_a_file_that_is_gone_already_only_needs_to_be_said_so(library: Library) -> None:
    library.add("gone", days=30).unlink()
    assert of(library, days=1).sweep() == Swept(1, 0)
    assert library.deleted() == {"gone"}


def test_a_file_is_deleted_before_its_row_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add("old", days=30)

    def fail(*_: object) -> None:
        assert library.files() == set()
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(library.store, "commit", fail)
        with pytest.raises(StoreError):
            of(library, days=1).sweep()
    assert library.deleted() == set()
    assert of(library, days=1).sweep() == Swept(1, 0)


def test_files_that_cannot_be_deleted_end_the_sweep(library: Library) -> None:
    for number in range(MOST_FAILURES + 5):
        name = f"folder-{number}"
        path = library.add(name, days=30 - number, path=name)
        path.unlink()
        path.mkdir()
        os.utime(path, (0.0, 0.0))
    with structlog.testing.capture_logs() as logs:
        assert of(library, days=1).sweep() == Swept()
    assert len(logs) == MOST_FAILURES
    assert {line["event"] for line in logs} == {"recording cannot be deleted"}
    assert logs[0]["recording_id"] == "folder-0"
    assert library.deleted() == set()


def test_more_than_fit_into_one_part(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    for days in range(2, 9):
        library.add(f"r{days}", days=days)
    assert of(library, days=1).sweep() == Swept(7, 7 * SIZE)


def test_more_than_are_read_at_a_time(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    for days in range(2, 9):
        library.add(f"r{days}", days=days)
    chosen = [choice.recording.id for choice in of(library, days=1).choose()]
    assert chosen == [f"r{days}" for days in range(8, 1, -1)]


def test_deletions_are_logged_and_counted(library: Library) -> None:
    def counted() -> tuple[float, float, float]:
        by_rule = [
            REGISTRY.get_sample_value("swml_recordings_deleted_total", {"rule": rule}) or 0.0
            for rule in Rule
        ]
        size = REGISTRY.get_sample_value("swml_recordings_deleted_bytes_total") or 0.0
        return by_rule[0], by_rule[1], size

    library.add("old", days=30)
    library.add("second", days=3)
    library.add("first", days=2)
    before = counted()
    with structlog.testing.capture_logs() as logs:
        of(library, days=7, bytes=SIZE).sweep()
    assert [new - old for new, old in zip(counted(), before, strict=True)] == [1, 1, 2 * SIZE]
    assert [(line["event"], line["recording_id"], line["rule"]) for line in logs] == [
        ("recording deleted", "old", "days"),
        ("recording deleted", "second", "bytes"),
    ]
    assert (logs[0]["size"], logs[0]["call_id"], logs[0]["log_level"]) == (SIZE, "call-1", "info")


# --- forgetting ------------------------------------------------------------------------------


def call(name: str, ended_at: float | None, updated_at: float) -> PutCall:
    return PutCall(
        CallPosition(
            call_id=name,
            session_id="s",
            node_id="n",
            worker="w",
            state={},
            updated_at=updated_at,
            ended_at=ended_at,
        )
    )


def test_what_is_long_over_is_forgotten(library: Library) -> None:
    now = library.now
    for name, days in (("old", 8.0), ("young", 6.0)):
        library.tell(name, "delivered", created_at=now - days * DAY)
        library.tell(name, "failed", created_at=now - days * DAY)
        library.store.commit(call(name, now - days * DAY, now - days * DAY))
    library.store.commit(call("goes on", None, now - 6 * DAY))
    library.store.commit(call("never came back", None, now - 8 * DAY))
    library.add("gone", deleted_at=now - 99 * DAY)
    assert of(library).forget() == 3
    assert {row.id for row in library.store.callbacks()} == {
        "callback-old-failed",
        "callback-young-delivered",
        "callback-young-failed",
    }
    assert library.store.call("old") is None
    assert library.store.call("never came back") is None
    assert library.store.call("young") is not None
    assert library.store.call("goes on") is not None
    assert library.store.recording("gone") is not None


def test_rows_of_deleted_recordings_are_kept_as_long_as_asked(library: Library) -> None:
    library.add("long gone", deleted_at=library.now - 31 * DAY)
    library.add("gone", deleted_at=library.now - 29 * DAY)
    library.add("there", days=99)
    assert of(library, keep_rows_days=30).forget() == 1
    assert {row.id for row in library.store.all_recordings()} == {"gone", "there"}


def test_sounds_that_nobody_hears_any_more_are_deleted(library: Library) -> None:
    sounds = library.folder / "sounds"
    sounds.mkdir()
    for name, age in (("old.wav", 2 * DAY), ("young.wav", 3600.0)):
        (sounds / name).write_bytes(b"x")
        os.utime(sounds / name, (library.now, library.now - age))
    of(library).forget()
    assert {path.name for path in sounds.iterdir()} == {"young.wav"}


# --- by itself -------------------------------------------------------------------------------


def test_it_goes_on_after_a_fault(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0.001)
    rules, done = of(library, days=1), Event()
    faults = [StoreError("locked"), RuntimeError("a bug")]
    sweep = rules.sweep

    def faulty() -> Swept:
        if faults:
            raise faults.pop()
        swept = sweep()
        done.set()
        return swept

    monkeypatch.setattr(rules, "sweep", faulty)
    library.add("old", days=30)
    rules.start()
    try:
        assert done.wait(timeout=10)
    finally:
        rules.stop()
    assert library.deleted() == {"old"}


# --- any recordings, any rules ---------------------------------------------------------------


@contextmanager
def a_library():
    with TemporaryDirectory() as place:
        folder = Path(place) / "recordings"
        folder.mkdir()
        store = Store.open(f"sqlite:///{place}/adapter.db")
        try:
            yield Library(store, folder, time.time())
        finally:
            store.close()


amounts = st.none() | st.integers(1, 5)
rule_sets = st.fixed_dictionaries(
    {"days": amounts, "bytes": amounts, "wav": st.tuples(amounts, amounts)}
)
recordings = st.lists(
    st.tuples(
        st.integers(0, 7), st.sampled_from(["wav", "mp3"]), st.sampled_from(["", "told", "runs"])
    ),
    max_size=10,
)


def kept(rows: list[Recording], kind: str | None = None) -> int:
    return sum(row.size or 0 for row in rows if kind in (None, row.format))


@settings(max_examples=30, deadline=None)
@given(given_rows=recordings, chosen=rule_sets)
def test_rules_hold_and_what_must_stay_stays(given_rows, chosen) -> None:
    with a_library() as library:
        for number, (days, kind, what) in enumerate(given_rows):
            name = f"{what or 'free'}-{number}"
            library.add(name, days=days + 0.5, format=kind)
            if what == "told":
                library.tell(name, "pending")
            if what == "runs":
                row = library.store.recording(name)
                running = replace(row, state="recording", ended_at=None, size=None)
                library.store.commit(PutRecording(running))
        wav_days, wav_limit = chosen["wav"]
        unit = SIZE
        rules = {
            "days": chosen["days"],
            "bytes": chosen["bytes"] and chosen["bytes"] * unit,
            "by_format": {"wav": {"days": wav_days, "bytes": wav_limit and wav_limit * unit}},
        }
        planned = [choice.recording for choice in of(library, **rules).choose()]
        of(library, **rules).sweep()
        rows = library.store.all_recordings()
        left = [row for row in rows if row.deleted_at is None and row.ended_at is not None]
        free = [row for row in left if row.id.startswith("free")]
        assert library.deleted() == {row.id for row in planned}
        assert all(row.id.startswith("free") for row in planned)
        for row in free:
            limit = (wav_days if row.format == "wav" else None) or chosen["days"]
            age = (library.now - (row.ended_at or 0)) / DAY
            assert limit is None or age < limit
        if rules["bytes"] and free:
            assert kept(left) <= rules["bytes"]
        if wav_limit and any(row.format == "wav" for row in free):
            assert kept(left, "wav") <= wav_limit * unit
        if not any(rules["by_format"]["wav"].values()):
            gone = {row.ended_at for row in planned}
            assert all(row.ended_at >= max(gone, default=0) for row in free)
