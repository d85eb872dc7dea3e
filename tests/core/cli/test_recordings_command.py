"""`swml-adapter recordings`."""

import json
import os
import time
from datetime import UTC, datetime

import pytest

from adapter.recording.links import download_url

DAY = 86_400.0


def ids(world, *arguments):
    done = world.run("recordings", "list", "--json", *arguments)
    assert done.exit_code == 0, done.output
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


# --- list and show ---------------------------------------------------------------------------


def test_the_newest_first(world):
    for name, days in (("old", 3), ("new", 1), ("middle", 2)):
        world.record(name, days=days)
    assert ids(world) == ["new", "middle", "old"]


def test_by_call_state_and_age(world):
    world.record("old", days=3)
    world.record("other call", call_id="call-2")
    world.record("failed", state="error")
    world.running("runs")
    world.record("gone", days=5, deleted_at=1.0)
    assert ids(world, "--call", "call-2") == ["other call"]
    assert ids(world, "--state", "error", "--state", "recording") == ["runs", "failed"]
    assert "old" not in ids(world, "--since", "2d")
    assert "old" in ids(world, "--since", "100h")
    day = datetime.fromtimestamp(time.time() - 2 * DAY, UTC)
    assert "old" not in ids(world, "--since", day.strftime("%Y-%m-%dT%H:%M"))
    assert ids(world, "--deleted") == ["gone"]


def test_faxes_are_listed_by_themselves(world):
    world.record("sound")
    world.record("paper", format="pdf", duration=None)
    world.record("coarse", format="tiff", duration=None, days=2)
    assert ids(world) == ["sound"]
    assert ids(world, "--faxes") == ["paper", "coarse"]
    assert "paper" in world.run("recordings", "list", "--faxes").stdout


@pytest.mark.parametrize("text", ["", "yesterday", "5w", "d", "2026-13-01", "-3h", "1.2.3d"])
def test_an_age_that_is_none(world, text):
    done = world.run("recordings", "list", "--since", text)
    assert done.exit_code == 2


def test_pages(world):
    for number in range(3):
        world.record(f"r{number}", days=number + 1)
    done = world.run("recordings", "list", "--limit", "2")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["id", "r0", "r1"]
    assert "--offset 2" in done.stderr
    assert ids(world, "--limit", "2", "--offset", "2") == ["r2"]


def test_a_line_says_what_matters(world):
    world.record("rec", state="finished")
    world.running("runs")
    runs, rec = world.run("recordings", "list").stdout.splitlines()[1:]
    for word in ("finished", "0.5s", "8.0kB", "wav", "call-1", "ctl-1"):
        assert word in rec
    assert "recording" in runs


def test_one_with_its_address_and_callbacks(world):
    world.settings("public_url: https://rec.example.com")
    path = world.record("rec", status_url="https://bob:sesame@api.example.com/")
    world.tell("cb", "pending", stream="rec")
    done = world.run("recordings", "show", "rec")
    url = download_url("https://rec.example.com", "rec", "a-secret-of-some-length")
    for text in (url, str(path), "https://api.example.com/", "cb  pending, attempts: 3"):
        assert text in done.stdout
    assert "sesame" not in done.output
    shown = json.loads(world.run("recordings", "show", "rec", "--json").stdout)
    assert (shown["url"], shown["duration"]) == (url, 0.5)
    assert shown["callbacks"] == [{"id": "cb", "state": "pending", "attempts": 3}]


def test_signed_addresses_are_not_listed(world):
    world.record("rec")
    assert "sig=" not in world.run("recordings", "list", "--json").output


@pytest.mark.parametrize("command", ["show", "delete"])
def test_an_unknown_one(world, command):
    done = world.run("recordings", command, "nope")
    assert (done.exit_code, done.stderr) == (1, "there is no recording nope\n")


# --- delete ----------------------------------------------------------------------------------


def test_deleting_asks_first(world):
    path = world.record("rec")
    assert world.run("recordings", "delete", "rec", input="n\n").exit_code == 1
    assert path.exists()
    assert world.run("recordings", "delete", "rec", input="y\n").exit_code == 0
    assert not path.exists()
    assert world.store.recording("rec").deleted_at > time.time() - 60


def test_a_running_recording_is_not_deleted(world):
    world.running("runs")
    done = world.run("recordings", "delete", "runs", "--force", "--yes")
    assert done.exit_code == 1
    assert "in state recording" in done.stderr
    assert (world.recordings / "runs.wav").exists()


def test_a_callback_that_is_not_out_is_waited_for(world):
    path = world.record("rec")
    world.tell("cb", "pending", stream="rec")
    done = world.run("recordings", "delete", "rec", "--yes")
    assert done.exit_code == 1
    assert "not out yet" in done.stderr
    assert path.exists()
    assert world.run("recordings", "delete", "rec", "--yes", "--force").exit_code == 0
    assert not path.exists()


@pytest.mark.parametrize("state", ["failed", "delivered"])
def test_a_callback_that_is_final_is_not(world, state):
    world.record("rec")
    world.tell("cb", state, stream="rec")
    assert world.run("recordings", "delete", "rec", "--yes").exit_code == 0


def test_a_file_that_cannot_be_deleted(world):
    path = world.record("rec")
    path.unlink()
    path.mkdir()
    done = world.run("recordings", "delete", "rec", "--yes")
    assert done.exit_code == 2
    assert str(path) in done.stderr
    assert world.store.recording("rec").deleted_at is None


def test_deleting_again_removes_what_was_left(world):
    path = world.record("rec", deleted_at=5.0)
    assert world.run("recordings", "delete", "rec", "--yes").exit_code == 0
    assert not path.exists()
    assert world.store.recording("rec").deleted_at == 5.0


# --- verify ----------------------------------------------------------------------------------


def test_all_is_well(world):
    world.record("rec")
    done = world.run("recordings", "verify")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "1 recordings compared, 0 wrong" in done.stderr


def test_what_is_wrong_is_said_and_tells_by_the_exit_code(world):
    world.record("missing").unlink()
    world.record("long", duration=9.0)
    (world.recordings / "stray.wav").write_bytes(b"abc")
    done = world.run("recordings", "verify")
    assert done.exit_code == 1
    assert sorted(done.stdout.splitlines()) == [
        "duration:  long.wav  0.500 s, the store says 9.0",
        "missing:  missing.wav  there is no such file",
        "orphan:  stray.wav  3 bytes that no recording names",
    ]
    lines = world.run("recordings", "verify", "--json").stdout.splitlines()
    found = {json.loads(line)["problem"]: json.loads(line) for line in lines}
    assert found["missing"]["recording_id"] == "missing"
    assert found["orphan"]["recording_id"] is None


def test_a_folder_that_is_not_there(world):
    done = world.run("recordings", "verify", "--recordings-dir", str(world.place / "elsewhere"))
    assert done.exit_code == 2
    assert "elsewhere" in done.stderr


# --- prune -----------------------------------------------------------------------------------


def test_without_rules_nothing_goes(world):
    path = world.record("rec", days=9999)
    done = world.run("recordings", "prune")
    assert done.exit_code == 0
    assert "retention.days and retention.bytes are not set" in done.stderr
    assert path.exists()


def test_what_would_go_is_said_and_stays(world):
    world.settings("retention: {days: 7}")
    path = world.record("old", days=8)
    world.record("young", days=6)
    done = world.run("recordings", "prune", "--dry-run")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()[1:]
    assert line.split() == ["old", "8d", "days", "8.0kB"]
    (line,) = world.run("recordings", "prune", "--dry-run", "--json").stdout.splitlines()
    assert json.loads(line) == {"id": "old", "path": "old.wav", "rule": "days", "size": 8044}
    assert path.exists()


def test_what_the_rules_say_goes(world):
    world.settings("retention: {days: 7, keep_history_days: 1}")
    path = world.record("old", days=8)
    world.tell("cb", "delivered", created_at=time.time() - 2 * DAY)
    done = world.run("recordings", "prune")
    assert done.stdout.splitlines() == ["1 recordings deleted, 8.0kB", "1 rows forgotten"]
    assert not path.exists()
    assert ids(world, "--deleted") == ["old"]
    assert world.state_of("cb") is None


def test_a_link_to_elsewhere_is_not_followed(world):
    world.settings("retention: {days: 7}")
    other = world.place / "other.wav"
    other.write_bytes(b"precious")
    path = world.record("old", days=8)
    path.unlink()
    path.symlink_to(other)
    os.utime(other, (0.0, 0.0))
    assert world.run("recordings", "prune").exit_code == 0
    assert other.read_bytes() == b"precious"
    assert not path.is_symlink()
