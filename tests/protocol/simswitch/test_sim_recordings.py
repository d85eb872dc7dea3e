"""`uuid_record` over the wire: answers, events, files."""

import wave
from pathlib import Path

import pytest
from sim_peer import Peer, Place

EXACT = "RECORD_PRE_BUFFER_FRAMES=0"


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def start(peer: Peer, path: Path, variables: str = EXACT, limit: int = 0) -> None:
    answer = peer.api(f"uuid_record UUID start {path} {limit} {{{variables}}}")
    assert answer == "+OK Success\n"


def test_start_and_stop(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered({"says": {"tone": 300}})
    path = tmp_path / "new" / "a.wav"
    start(peer, path, f"{EXACT},RECORD_STEREO=true,id=abc%20d")
    started = peer.event("RECORD_START")
    assert started.get("Recording-Variable-id") == "abc d"
    peer.execute("playback", "tone_stream://%(300,0,440)", uuid="play")
    peer.completed("play")
    assert peer.api(f"uuid_record UUID stop {path}") == "+OK Success\n"
    stopped = peer.event("RECORD_STOP")
    assert stopped.get("Record-File-Path") == str(path)
    assert stopped.get("Record-Completion-Cause") == "success-maxtime"
    assert stopped.get("Recording-Variable-id") == "abc d"
    assert stopped.get("variable_record_file_size") == str(path.stat().st_size)
    assert stopped.get("variable_record_ms") == str(round(seconds(path) * 1000))
    elapsed = stopped.received_at - started.received_at
    assert seconds(path) == pytest.approx(elapsed, abs=0.06)
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 2


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("UUID", "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"),
        ("x start /tmp/a.wav", "-ERR Cannot locate session!\n"),
        ("UUID stop /tmp/a.wav", "-ERR Cannot stop record session!\n"),
        ("UUID stop all", "-ERR Cannot stop record session!\n"),
        ("UUID pause /tmp/a.wav", "-ERR Cannot pause recording session!\n"),
        ("UUID resume /tmp/a.wav", "-ERR Cannot resume recording session!\n"),
        ("UUID mask /tmp/a.wav", "-ERR Cannot mask recording session!\n"),
        ("UUID unmask /tmp/a.wav", "-ERR Cannot unmask recording session!\n"),
        ("UUID start /proc/none/a.wav 0", "-ERR Cannot record session!\n"),
        ("UUID start /tmp/a.zzz 0", "-ERR Cannot record session!\n"),
        ("UUID start /tmp/a.mp4 0", "-ERR Cannot record session!\n"),
    ],
)
def test_refusals(answered: Place, arguments: str, answer: str) -> None:
    peer, _ = answered()
    peer.events.clear()
    assert peer.api(f"uuid_record {arguments}") == answer
    peer.execute("log", "INFO x", uuid="log")
    peer.completed("log")
    assert not [name for name in peer.names() if name.startswith("RECORD")]


def test_the_same_path_again_does_nothing(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    path = tmp_path / "a.wav"
    start(peer, path)
    start(peer, path)
    bugs = peer.api("uuid_buglist UUID")
    assert bugs.count("<function>session_record</function>") == 1
    assert f"<target>{path}</target>" in bugs
    peer.api(f"uuid_record UUID stop {path}")
    assert peer.names().count("RECORD_START") == 1


def test_a_blank_cuts_the_path(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    answer = peer.api(f"uuid_record UUID start {tmp_path}/a.wav b.wav 0")
    assert answer == "+OK Success\n"
    assert peer.event("RECORD_START").get("Record-File-Path") == f"{tmp_path}/a.wav"


def test_without_a_limit_the_variables_are_dropped(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    peer.api(f"uuid_record UUID start {tmp_path}/a.wav {{id=x}}")
    assert peer.event("RECORD_START").get("Recording-Variable-id") is None


def test_an_old_version_drops_them_always(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered(version="1.10.6")
    start(peer, tmp_path / "a.wav", "id=x")
    assert peer.event("RECORD_START").get("Recording-Variable-id") is None
    assert peer.api("version short") == "1.10.6\n"


def test_stopped_at_once_there_is_no_file(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered({"media": False})
    path = tmp_path / "a.wav"
    start(peer, path)
    peer.api(f"uuid_record UUID stop {path}")
    assert peer.event("RECORD_STOP").get("Record-Completion-Cause") == "empty-file"
    assert not path.exists()


def test_silence_ends_a_recording(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    start(peer, tmp_path / "a.wav", f"{EXACT},RECORD_INITIAL_TIMEOUT_MS=200")
    assert peer.event("RECORD_STOP").get("Record-Completion-Cause") == "no-input-timeout"
    assert seconds(tmp_path / "a.wav") == pytest.approx(0.22, abs=0.06)


def test_the_limit_is_of_whole_seconds_of_the_clock(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    start(peer, tmp_path / "a.wav", limit=1)
    cause = peer.event("RECORD_STOP").get("Record-Completion-Cause")
    length = seconds(tmp_path / "a.wav")
    assert length <= 1.06
    # A second that is nearly over when it starts leaves time for no sample.
    assert cause == ("success-maxtime" if length else "empty-file")


def test_a_hangup_ends_every_recording(answered: Place, tmp_path: Path) -> None:
    peer, caller = answered()
    for name in ("a.wav", "b.wav"):
        start(peer, tmp_path / name)
    peer.execute("playback", "tone_stream://%(60,0,440)", uuid="play")
    peer.completed("play")
    caller.hang_up()
    peer.event("CHANNEL_HANGUP_COMPLETE")
    stops = [frame for frame in peer.events if frame.name == "RECORD_STOP"]
    assert {frame.get("Record-Completion-Cause") for frame in stops} == {"success-silence"}
    assert [Path(str(frame.get("Record-File-Path"))).name for frame in stops] == ["a.wav", "b.wav"]


def test_pause_and_mask_answer_and_fire_nothing(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    path = tmp_path / "a.wav"
    start(peer, path)
    peer.event("RECORD_START")
    peer.events.clear()
    for action in ("pause", "resume", "mask", "unmask"):
        assert peer.api(f"uuid_record UUID {action} {path}") == "+OK Success\n"
    peer.api(f"uuid_record UUID stop {path}")
    peer.event("RECORD_STOP")
    assert peer.names() == ["RECORD_STOP"]


def test_a_missing_module_refuses_its_format(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered(missing_modules=["mod_shout"])
    assert peer.api("module_exists mod_shout") == "false"
    answer = peer.api(f"uuid_record UUID start {tmp_path}/a.mp3 0")
    assert answer == "-ERR Cannot record session!\n"


def test_mp3_is_longer_than_its_recording(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    path = tmp_path / "a.mp3"
    start(peer, path)
    peer.execute("playback", "tone_stream://%(100,0,440)", uuid="play")
    peer.completed("play")
    peer.api(f"uuid_record UUID stop {path}")
    recorded = int(str(peer.event("RECORD_STOP").get("variable_record_ms")))
    assert path.stat().st_size // 144 * 72 > recorded


def test_recording_applications(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    peer.execute("record_session", f"{tmp_path}/a.wav +60 {{{EXACT},id=x}}", uuid="on")
    peer.completed("on")
    assert peer.event("RECORD_START").get("Recording-Variable-id") == "x"
    peer.execute("stop_record_session", f"{tmp_path}/a.wav", uuid="off")
    peer.completed("off")
    peer.event("RECORD_STOP")


def test_a_file_that_is_written_late(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered(live_files=False)
    path = tmp_path / "a.wav"
    start(peer, path)
    peer.execute("playback", "tone_stream://%(100,0,440)", uuid="play")
    peer.completed("play")
    peer.api(f"uuid_record UUID stop {path}")
    peer.event("RECORD_STOP")
    assert seconds(path) >= 0.08


def test_commands_of_one_write_are_answered_one_by_one(answered: Place, tmp_path: Path) -> None:
    peer, _ = answered()
    path = tmp_path / "a.wav"
    start_command = f"api uuid_record {peer.uuid} start {path} 0 {{{EXACT}}}"
    peer.send(f"linger 2\n\n{start_command}\n\napi echo last\n\n")
    linger, started, last = peer.reply(), peer.reply(), peer.reply()
    assert linger.headers["Reply-Text"] == "+OK will linger 2 seconds"
    assert (started.body, last.body) == (b"+OK Success\n", b"last")
    assert started.received_at - linger.received_at > 0.005
