"""Recordings that nobody looks after: left alone while they run, else finished or failed."""

import os
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace
from recording_library import RATE, write_wav

from adapter.callbacks.outbox import Outbox
from adapter.freeswitch.errors import CommandFailed
from adapter.identity import CallIdentity
from adapter.recording import recovery
from adapter.recording.archive import Archive
from adapter.recording.options import Options
from adapter.recording.recovery import PAUSED_SECONDS, QUIET_SECONDS, Recovery
from adapter.recording.state import State
from adapter.store.held import HeldWrites
from adapter.store.rows import Recording
from adapter.store.store import Store

NODE = "fs1"
CALL = CallIdentity("call", NODE, "swml:1", "project", "space")
SECONDS = 2


@dataclass
class FakeNode:
    """A switch that records these files."""

    name: str = NODE
    up: bool = True
    records: list[str] = field(default_factory=list)

    def api(self, command: bytes) -> str:
        if not self.records:
            raise CommandFailed("uuid_buglist", "No such channel!")
        return "\n".join(f"<target>{path}</target>" for path in self.records)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recovery, "SUSPECT_SECONDS", 0.0)
    store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    yield Archive(store, HeldWrites(store), Outbox(), tmp_path, str(tmp_path), "http://x", None)
    store.close()


def begun(archive: Archive, state: State = State.RECORDING) -> Recording:
    """One that another process began, who is gone."""
    row = archive.new(CALL, Options(control_id="r", status_url="http://127.0.0.1:9/"))
    archive.in_hand.discard(row.id)
    row = replace(row, state=State.RECORDING, created_at=row.created_at - 5, started_at=time.time())
    archive.announce(row)
    if state is not State.RECORDING:
        archive.announce(replace(row, state=state))
    return row


def sweep(archive: Archive, *nodes: FakeNode) -> str:
    """Look once; the state of the one recording."""
    looking = Recovery(archive)
    looking._nodes = nodes
    looking.sweep()
    (row,) = archive.store.all_recordings()
    return str(row.state)


def age(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def write_unclosed(path: Path) -> None:
    """What a writer leaves that dies: a header of nothing, and the sound behind it."""
    write_wav(path, SECONDS * RATE)
    with path.open("r+b") as file:
        file.seek(4)
        file.write((36).to_bytes(4, "little"))
        file.seek(40)
        file.write((0).to_bytes(4, "little"))


def told(archive: Archive) -> list[bytes]:
    return [callback.body for callback in archive.store.callbacks()]


def test_one_that_a_switch_records_goes_on(archive: Archive) -> None:
    row = begun(archive)
    write_wav(archive.path(row), RATE)
    age(archive.path(row), QUIET_SECONDS * 2)
    assert sweep(archive, FakeNode(records=[archive.switch_path(row)])) == "recording"


def test_one_that_its_switch_does_not_know_is_finished_by_its_file(archive: Archive) -> None:
    row = begun(archive)
    write_wav(archive.path(row), SECONDS * RATE)
    assert sweep(archive, FakeNode("other"), FakeNode()) == "finished"
    (ended,) = archive.store.all_recordings()
    assert (ended.duration, ended.truncated) == (SECONDS, False)
    assert b'"state":"finished"' in told(archive)[-1]


def test_one_of_a_switch_that_is_down_waits_until_it_is_back(archive: Archive) -> None:
    row, node = begun(archive), FakeNode(up=False)
    write_unclosed(archive.path(row))
    age(archive.path(row), QUIET_SECONDS * 2)
    assert sweep(archive, node) == "recording"
    node.up = True
    assert sweep(archive, node) == "finished"


def test_one_of_a_switch_that_was_never_up_waits_too(archive: Archive) -> None:
    row = begun(archive)
    write_wav(archive.path(row), RATE)
    age(archive.path(row), QUIET_SECONDS * 2)
    assert sweep(archive, FakeNode(name="", up=False)) == "recording"


def test_without_nodes_a_file_that_grows_no_more_has_no_writer(archive: Archive) -> None:
    row = begun(archive)
    write_wav(archive.path(row), SECONDS * RATE)
    assert sweep(archive) == "recording"
    age(archive.path(row), QUIET_SECONDS + 1)
    assert sweep(archive) == "finished"


@pytest.mark.parametrize("left", ["a header of nothing", "nothing"])
def test_without_nodes_the_file_and_a_deadline_decide(archive: Archive, left: str) -> None:
    """Repaired, or failed with a reason: it does not stay `recording` for want of a switch."""
    row = begun(archive)
    if left != "nothing":
        write_unclosed(archive.path(row))
    assert sweep(archive) == "recording", "somebody may still write it"
    if left == "nothing":
        archive.announce(replace(row, created_at=row.created_at - QUIET_SECONDS))
    else:
        age(archive.path(row), QUIET_SECONDS + 1)
    assert sweep(archive) == ("error" if left == "nothing" else "finished")
    (ended,) = archive.store.all_recordings()
    if left == "nothing":
        assert (ended.error_code, archive.path(row).exists()) == ("file_missing", False)
        assert b'"code":"file_missing"' in told(archive)[-1]
    else:
        assert (ended.duration, ended.truncated) == (SECONDS, True)
        assert b'"truncated":true' in told(archive)[-1]


def test_a_paused_one_does_not_grow_and_is_waited_for_longer(archive: Archive) -> None:
    row = begun(archive, State.PAUSED)
    write_wav(archive.path(row), SECONDS * RATE)
    age(archive.path(row), QUIET_SECONDS + 1)
    assert sweep(archive) == "paused"
    age(archive.path(row), PAUSED_SECONDS + 1)
    assert sweep(archive) == "finished"


def test_a_wav_whose_writer_died_is_repaired_and_told_as_truncated(archive: Archive) -> None:
    row = begun(archive)
    path = archive.path(row)
    write_unclosed(path)
    assert sweep(archive, FakeNode()) == "finished"
    (ended,) = archive.store.all_recordings()
    assert (ended.duration, ended.truncated, ended.size) == (SECONDS, True, path.stat().st_size)
    with wave.open(str(path)) as file:
        assert file.getnframes() == SECONDS * RATE
    assert b'"truncated":true' in told(archive)[-1]


@pytest.mark.parametrize("content", [None, b"", b"RIFF\0\0\0\0WAVEfmt "], ids=repr)
def test_what_left_no_sound_is_an_error_with_a_reason(
    archive: Archive, content: bytes | None
) -> None:
    row = begun(archive)
    if content is not None:
        archive.path(row).write_bytes(content)
    assert sweep(archive, FakeNode()) == "error"
    (ended,) = archive.store.all_recordings()
    assert ended.error_code == "file_missing"
    assert "nobody saw the end" in str(ended.error_message)
    assert b'"state":"error"' in told(archive)[-1]


def test_one_in_hand_is_its_owners(archive: Archive) -> None:
    row = begun(archive)
    write_wav(archive.path(row), RATE)
    archive.in_hand.add(row.id)
    assert sweep(archive, FakeNode()) == "recording"
