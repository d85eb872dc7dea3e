"""Recordings frame by frame: what is in the file, how long it is, why it ended.

The numbers of the pre-buffer's effects were measured on a real switch.
"""

from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.simswitch.audio import FRAME, RATE, Tone, read_wav, samples_of
from adapter.simswitch.disk import Disk
from adapter.simswitch.files import Mp3File, WavFile, mp3_frame
from adapter.simswitch.recorder import Recording, RecordOptions
from adapter.simswitch.timeline import Timeline

START = 10  # the frame in which recordings of this file begin
SECOND = 50  # frames
SAID, PLAYED = Tone((300.0,), 8000.0), Tone((440.0,), 10000.0)
EXACT = {"RECORD_PRE_BUFFER_FRAMES": "0"}
QUIET, SAYS, HEARS = 0, 5, 6  # mean levels in thousands


class MemoryFile:
    """Keeps what a recording wrote."""

    failed = False

    def __init__(self) -> None:
        self.data = array("h")

    def write(self, data: bytes) -> None:
        self.data.frombytes(data)

    def close(self) -> int:
        return 44 + 2 * len(self.data)


class Scene:
    """A call whose party says a tone all the time, and one recording of it."""

    def __init__(self, variables: dict[str, str], *, quiet: bool = False) -> None:
        self.says, self.hears, self.file = Timeline(), Timeline(), MemoryFile()
        if not quiet:
            self.says.begin(0, SAID)
        options = RecordOptions.parse(variables.get)
        self.recording = Recording(
            "/x.wav",
            self.file,
            options,
            {},
            says=self.says,
            hears=self.hears,
            receives=lambda _frame: True,
        )
        self.channels = options.channels
        self.recording.begin(START)

    def play(self, start: float, seconds: float) -> "Scene":
        segment = self.hears.begin(START + round(start * SECOND), PLAYED)
        segment.end = segment.start + round(seconds * SECOND)
        return self

    def at(self, seconds: float, do: Callable[[Recording], None]) -> "Scene":
        self.recording.advance(START + round(seconds * SECOND))
        do(self.recording)
        return self

    def stop(self, seconds: float, *, call_gone: bool = False) -> "Scene":
        self.recording.advance(START + round(seconds * SECOND))
        self.recording.close(call_gone=call_gone)
        return self

    def levels(self, channel: int = 0) -> list[int]:
        """The mean level of every 100 ms, without their first 40: SAYS, HEARS or QUIET."""
        data = self.file.data[channel :: self.channels]
        step, skip = RATE // 10, RATE // 25
        pieces = [data[at + skip : at + step] for at in range(0, len(data) - skip, step)]
        means = [sum(map(abs, piece)) / len(piece) for piece in pieces]
        return [QUIET if mean < 10 else round(mean / 1000) for mean in means]

    @property
    def seconds(self) -> float:
        return len(self.file.data) / self.channels / RATE


def test_a_recording_is_as_long_as_it_ran() -> None:
    scene = Scene(EXACT).stop(1.5)
    assert scene.seconds == 1.5
    assert scene.levels() == [SAYS] * 15
    assert scene.recording.cause == "success-maxtime"


def test_left_is_what_the_party_says_and_right_what_it_hears() -> None:
    scene = Scene({**EXACT, "RECORD_STEREO": "true"}).play(0.5, 0.5).stop(1.5)
    assert scene.levels(0) == [SAYS] * 15
    assert scene.levels(1) == [QUIET] * 5 + [HEARS] * 5 + [QUIET] * 5


def test_swapped_channels() -> None:
    scene = Scene({**EXACT, "RECORD_STEREO_SWAP": "true"}).play(0, 1).stop(1)
    assert scene.levels(1) == [SAYS] * 10
    assert scene.levels(0)[1:] == [HEARS] * 9


@pytest.mark.parametrize(
    ("direction", "silent", "heard"),
    [("RECORD_READ_ONLY", 1, SAYS), ("RECORD_WRITE_ONLY", 0, HEARS)],
)
def test_stereo_of_one_direction_has_a_silent_channel(
    direction: str, silent: int, heard: int
) -> None:
    variables = {**EXACT, "RECORD_STEREO": "true", direction: "true"}
    scene = Scene(variables).play(0, 1.1).stop(1)
    assert set(scene.levels(silent)) == {QUIET}
    assert scene.levels(1 - silent)[1:] == [heard] * 9


def test_mono_is_the_sum_of_both() -> None:
    scene = Scene(EXACT).play(0.5, 0.5).stop(1)
    both = scene.file.data[6000]
    said = SAID.samples(6000 + START * FRAME, 1)[0]
    played = PLAYED.samples(6000 - 4000 - FRAME, 1)[0]
    assert both == said + played


def test_a_direction_without_packets_is_written_as_minus_one() -> None:
    scene = Scene({**EXACT, "RECORD_STEREO": "true"}, quiet=True).stop(0.1)
    assert set(scene.file.data[0::2]) == {0}
    assert set(scene.file.data[1::2]) == {-1}


def test_pause_takes_time_out() -> None:
    def pause(on: bool) -> Callable[[Recording], None]:
        return lambda recording: setattr(recording, "paused", on)

    scene = Scene(EXACT).at(0.5, pause(True)).at(1.0, pause(False)).stop(1.5)
    assert scene.seconds == 1.0
    assert scene.levels() == [SAYS] * 10


def test_mask_keeps_time_as_silence() -> None:
    def mask(on: bool) -> Callable[[Recording], None]:
        return lambda recording: setattr(recording, "masked", on)

    scene = Scene(EXACT).at(0.5, mask(True)).at(1.0, mask(False)).stop(1.5)
    assert scene.levels() == [SAYS] * 5 + [QUIET] * 5 + [SAYS] * 5


class TestPreBuffer:
    """25 frames, unless told otherwise."""

    def test_half_a_second_is_lost_when_nothing_is_played(self) -> None:
        assert Scene({}).stop(1.5).seconds == 1.0

    def test_nothing_is_lost_while_something_is_played(self) -> None:
        assert Scene({}).play(0, 2).stop(1.5).seconds == pytest.approx(1.5, abs=0.04)

    def test_what_is_played_stands_too_early(self) -> None:
        scene = Scene({"RECORD_STEREO": "true"}).play(0.5, 0.5).stop(1.5)
        assert scene.levels(1)[:5] == pytest.approx([HEARS] * 5, abs=1)

    def test_a_mask_silences_what_came_before_it(self) -> None:
        def mask(on: bool) -> Callable[[Recording], None]:
            return lambda recording: setattr(recording, "masked", on)

        scene = Scene({}).at(0.7, mask(True)).at(1.2, mask(False)).stop(2.0)
        assert scene.levels() == [SAYS] * 2 + [QUIET] * 5 + [SAYS] * 8

    def test_only_what_is_heard_loses_its_middle(self) -> None:
        scene = Scene({"RECORD_WRITE_ONLY": "true"}).play(0.5, 0.5).stop(1.5)
        assert scene.seconds == pytest.approx(1.24, abs=0.02)


class TestSilence:
    """RECORD_*_TIMEOUT_MS and RECORD_SILENCE_THRESHOLD."""

    def test_nobody_spoke(self) -> None:
        variables = {**EXACT, "RECORD_INITIAL_TIMEOUT_MS": "1000"}
        scene = Scene(variables, quiet=True).stop(3)
        assert scene.recording.cause == "no-input-timeout"
        assert scene.seconds == pytest.approx(1.02)

    def test_speech_ends_the_first_time_out(self) -> None:
        variables = {**EXACT, "RECORD_INITIAL_TIMEOUT_MS": "1000"}
        scene = Scene(variables).stop(3)
        assert scene.recording.cause == "success-maxtime"
        assert scene.seconds == 3

    def test_silence_after_speech(self) -> None:
        variables = {**EXACT, "RECORD_FINAL_TIMEOUT_MS": "600"}
        scene = Scene(variables, quiet=True).play(0.2, 0.5).stop(3)
        assert scene.recording.cause == "success-silence"
        assert scene.seconds == pytest.approx(1.36, abs=0.04)

    def test_what_is_played_counts_as_speech(self) -> None:
        variables = {**EXACT, "RECORD_INITIAL_TIMEOUT_MS": "500"}
        scene = Scene(variables, quiet=True).play(0.1, 2).stop(2)
        assert scene.recording.cause == "success-maxtime"

    @pytest.mark.parametrize(("stereo", "spoke"), [("false", True), ("true", False)])
    def test_a_stereo_frame_is_averaged_over_its_channels(self, stereo: str, spoke: bool) -> None:
        variables = {
            **EXACT,
            "RECORD_STEREO": stereo,
            "RECORD_INITIAL_TIMEOUT_MS": "500",
            "RECORD_SILENCE_THRESHOLD": "3000",
        }
        scene = Scene(variables).stop(1)
        assert (scene.recording.cause == "success-maxtime") is spoke

    def test_a_time_out_of_zero_still_arms_the_threshold(self) -> None:
        scene = Scene({**EXACT, "RECORD_FINAL_TIMEOUT_MS": "0"}, quiet=True)
        scene.stop(0.5, call_gone=True)
        assert scene.recording.cause == "no-input-timeout"

    def test_without_detection_a_hangup_says_success(self) -> None:
        scene = Scene(EXACT, quiet=True).stop(0.5, call_gone=True)
        assert scene.recording.cause == "success-silence"


def test_a_file_of_no_frames_is_discarded() -> None:
    scene = Scene(EXACT).stop(0)
    assert scene.recording.cause == "empty-file"
    assert scene.recording.discarded


def test_a_short_file_is_discarded_if_asked_for() -> None:
    scene = Scene({**EXACT, "RECORD_MIN_SEC": "2"}).stop(1)
    assert scene.recording.cause == "input-too-short"
    assert scene.recording.discarded


def test_without_incoming_media_there_is_no_time() -> None:
    scene = Scene(EXACT)
    scene.recording._receives = lambda _frame: False
    assert scene.stop(1).seconds == 0


def test_a_wave_file_grows_in_steps_and_gets_its_sizes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    file = WavFile(path, 2, Disk())
    assert path.read_bytes()[:44] == bytes.fromhex(
        "52494646 08000000 57415645 666d7420 10000000 01000200 401f0000 007d0000"
        "04001000 64617461 00000000"
    )
    tone = Tone((440.0,), 9000.0).samples(0, 40000)
    file.write(tone.tobytes())
    assert path.stat().st_size == 44 + 65536
    assert file.close() == 44 + 80000
    clip = read_wav(path)
    assert clip is not None
    assert clip.data == tone[::2]


def test_a_full_disk_is_told_unless_only_the_last_step_misses_it(tmp_path: Path) -> None:
    """As measured: steps that fail are told at the end, the rest, written at close, is not."""
    disk = Disk()
    noticed = WavFile(tmp_path / "a.wav", 1, disk)
    unnoticed = WavFile(tmp_path / "b.wav", 1, disk)
    unnoticed.write(bytes(1000))
    disk.full = True
    noticed.write(bytes(70_000))
    assert noticed.failed
    assert not unnoticed.failed
    with pytest.raises(OSError, match="No space"):
        WavFile(tmp_path / "c.wav", 1, disk)
    unnoticed.close()
    clip = read_wav(tmp_path / "b.wav")
    assert clip is not None
    assert not clip.data


@pytest.mark.parametrize(("channels", "size", "count"), [(1, 144, 34), (2, 288, 35)])
def test_mp3_is_padded_frames(tmp_path: Path, channels: int, size: int, count: int) -> None:
    path = tmp_path / "a.mp3"
    file = Mp3File(path, channels, Disk())
    file.write(bytes(2 * channels * samples_of(2000)))
    file.close()
    frame = mp3_frame(channels)
    assert len(frame) == size
    assert path.read_bytes() == frame * count
