"""What `verify` finds, and what it does not mind."""

import pytest
from recording_library import Library, write_wav

from adapter.recording.audit import Audit, Problem
from adapter.simswitch.files import mp3_frame
from adapter.store.writes import DeleteRecording


def findings(library: Library) -> list[tuple[str, str]]:
    found = Audit(library.store, library.folder).findings()
    return [(str(one.problem), one.path) for one in found]


def test_all_is_well(library: Library) -> None:
    library.add("good")
    library.add("silent", state="no_input", frames=0)
    silence = mp3_frame(1)
    path = library.add("mp3", path="mp3.mp3", format="mp3", duration=99.0, size=len(silence))
    path.write_bytes(silence)
    library.add("runs", state="recording", ended_at=None, size=None)
    library.add("failed", state="error", ended_at=None, size=None).unlink()
    library.add("starts", state="starting", ended_at=None, size=None).unlink()
    library.add("deleted", deleted_at=1.0).unlink()
    audit = Audit(library.store, library.folder)
    assert list(audit.findings()) == []
    assert audit.checked == 7


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"size": 845}, "size"),
        ({"size": None}, "size"),
        ({"duration": 0.06}, "duration"),
        ({"duration": None}, "duration"),
        ({"deleted_at": 1.0}, "left over"),
    ],
)
def test_what_does_not_agree(library: Library, changes: dict[str, object], problem: str) -> None:
    library.add("good")
    library.add("bad", **changes)
    assert findings(library) == [(problem, "bad.wav")]


def test_a_duration_is_right_to_the_millisecond(library: Library) -> None:
    library.add("rounded", frames=403, duration=0.05)
    assert findings(library) == []


def test_what_is_missing_or_no_recording(library: Library) -> None:
    library.add("missing").unlink()
    path = library.add("broken")
    path.write_bytes(b"x" * path.stat().st_size)
    assert sorted(findings(library)) == [("missing", "missing.wav"), ("unreadable", "broken.wav")]


def test_files_that_no_recording_names(library: Library) -> None:
    library.add("known")
    below = library.folder / "below"
    below.mkdir()
    write_wav(below / "stray.wav", 10)
    (library.folder / "notes.txt").write_text("hello")
    assert findings(library) == [("orphan", "below/stray.wav"), ("orphan", "notes.txt")]
    (found, _) = Audit(library.store, library.folder).findings()
    assert (found.problem, found.recording_id) == (Problem.ORPHAN, None)
    assert found.detail.startswith("64 bytes")


def test_sounds_and_the_database_are_no_recordings(library: Library) -> None:
    (library.folder / "sounds").mkdir()
    (library.folder / "sounds" / "x.wav").write_bytes(b"x")
    for suffix in ("", "-wal", "-shm"):
        (library.folder / f"adapter.db{suffix}").write_bytes(b"x")
    assert findings(library) == []


def test_what_is_deleted_meanwhile_is_not_missing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.add("old")
    read = library.store.all_recordings

    def then_delete(**page: object):
        rows = read(**page)
        if rows:
            path.unlink()
            library.store.commit(DeleteRecording("old", library.now))
        return rows

    monkeypatch.setattr(library.store, "all_recordings", then_delete)
    assert findings(library) == []


def test_a_recording_that_begins_meanwhile_is_no_orphan(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = library.store.all_recordings

    def after_a_new_one(**page: object):
        if not page["after"]:
            library.add("new", state="recording", ended_at=None, size=None)
        return read(**page)

    monkeypatch.setattr(library.store, "all_recordings", after_a_new_one)
    assert findings(library) == []


def test_a_folder_that_is_not_there(library: Library) -> None:
    library.folder.rmdir()
    with pytest.raises(FileNotFoundError):
        findings(library)
