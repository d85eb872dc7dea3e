"""A call whose codec changes its rate: its recording goes on in the same file, counted anew."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from recording_library import write_wav

from adapter.freeswitch.errors import CommandFailed
from adapter.recording import files
from adapter.recording.options import Options
from adapter.recording.parts import Parts, RateHeard, Rates
from adapter.recording.pauses import Behavior, Pauses
from adapter.recording.pausing import Pausing

START = "uuid_record call-1 start /switch/r.{} 0 {{"
STOP = "uuid_record call-1 stop /switch/r.{}"


class Stage:
    def __init__(self, folder: Path, rate: int = 8000, **options: object) -> None:
        self.sent: list[str] = []
        self.refuses = ""
        asked = Options(control_id="r", **options)
        self.path = folder / f"r.{asked.format}"
        call = SimpleNamespace(uuid="call-1", rate=rate, api=self._api)
        self.parts = Parts(call, self.path, f"/switch/r.{asked.format}", "r", asked)

    def _api(self, command: bytes) -> str:
        text = command.decode().removeprefix("api ").strip()
        if self.refuses and f" {self.refuses} " in text:
            raise CommandFailed("uuid_record", "Cannot record session!")
        self.sent.append(text)
        return "+OK"

    def hear(self, *rates: int) -> list[bool]:
        return [self.parts.go_on(RateHeard(rate)) for rate in rates]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    write_wav(made.path, 8000)
    return made


def test_the_file_goes_on_at_its_own_rate(stage: Stage) -> None:
    assert stage.hear(16000) == [True]
    stop, start = stage.sent
    assert stop == STOP.format("wav")
    assert start.startswith(START.format("wav"))
    assert "RECORD_APPEND=true,record_sample_rate=8000}" in start
    assert "swml_recording_id=r" in start


def test_nothing_happens_while_the_rate_stays(stage: Stage) -> None:
    assert stage.hear(8000, 0, 16000, 16000, 8000, 8000) == [False, False, True, False, True, False]


def test_parts_are_counted_at_their_own_rates(stage: Stage) -> None:
    stage.hear(16000)
    assert stage.parts.take_end(8000)  # a second at 8 kHz
    stage.hear(48000)
    assert stage.parts.take_end(32000)  # two at 16 kHz
    assert not stage.parts.take_end(48000)  # the end, after one at 48 kHz
    assert stage.parts.rates.total(48000, 8000) == 32000
    assert stage.parts.rates.seconds(48000, 8000) == 4.0


def test_ends_that_come_late_count_for_their_parts(stage: Stage) -> None:
    stage.hear(16000, 48000)
    assert stage.parts.take_end(8000)
    assert stage.parts.take_end(32000)
    assert stage.parts.rates.seconds(0, 8000) == 3.0


def test_what_was_noted_is_taken_up(stage: Stage) -> None:
    assert Rates().noted({"a": 1}) == {"a": 1}
    stage.hear(16000)
    stage.parts.take_end(8000)
    noted = stage.parts.rates.noted({"a": 1})
    assert Rates.noted_in(noted) == Rates(changed=True, now=16000, samples=8000)
    assert Rates.noted_in({"a": 1}) == Rates()


def test_what_has_ended_by_itself_is_not_begun_again(stage: Stage) -> None:
    stage.refuses = "stop"
    assert stage.hear(16000) == [False]
    assert stage.sent == []
    assert not stage.parts.take_end(8000), "its RECORD_STOP is the end"


def test_a_part_that_cannot_begin_is_told(stage: Stage) -> None:
    stage.refuses = "start"
    with pytest.raises(CommandFailed):
        stage.hear(16000)
    assert not stage.parts.take_end(8000)


def test_an_mp4_has_one_part_and_is_known_to_be_slow(tmp_path: Path) -> None:
    stage = Stage(tmp_path, format="mp4")
    assert stage.hear(8000) == [False]
    assert not stage.parts.rates.changed
    assert stage.hear(16000) == [False]
    assert stage.sent == []
    assert stage.parts.rates == Rates(changed=True)


def test_an_mp3_whose_first_bytes_are_not_written_yet_has_the_rate_of_its_call(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, format="mp3")
    stage.path.touch()
    assert stage.hear(8000) == [False]
    assert stage.hear(16000) == [True]


def test_a_first_part_without_a_sound_is_no_part(tmp_path: Path) -> None:
    stage = Stage(tmp_path)  # the switch has removed the empty file
    assert stage.hear(16000) == [True]
    assert "RECORD_APPEND" not in stage.sent[-1]
    assert stage.parts.take_end(0)
    assert stage.parts.rates.total(16000, 16000) == 16000


def test_silence_after_a_change_is_an_end_and_no_want_of_input(tmp_path: Path) -> None:
    stage = Stage(tmp_path, initial_timeout=4.0, end_silence_timeout=2.0)
    write_wav(stage.path, 8000)
    stage.hear(16000)
    assert "RECORD_INITIAL_TIMEOUT_MS=2000" in stage.sent[-1]
    assert "RECORD_FINAL_TIMEOUT_MS=2000" in stage.sent[-1]


@pytest.mark.parametrize(
    ("behavior", "wanted"), [(None, []), (Behavior.SKIP, ["pause"]), (Behavior.SILENCE, ["mask"])]
)
def test_what_is_paused_stays_so(behavior: Behavior | None, wanted: list[str]) -> None:
    sent: list[str] = []
    Pausing(sent.append, Pauses(behavior), float).repeat()
    assert sent == wanted


def test_rates_are_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    assert files.rate_of(path, "wav") == 0
    write_wav(path, 10)
    assert files.rate_of(path, "wav") == 8000
    mp3 = tmp_path / "r.mp3"
    files.write_empty(mp3, "mp3", 1)
    assert files.rate_of(mp3, "mp3") == 16000


def test_an_mp4_tells_how_long_it_plays(tmp_path: Path) -> None:
    path = tmp_path / "r.mp4"
    files.write_empty(path, "mp4", 1)
    assert files.examine(path, "mp4").plays is None
    mdhd = b"\0\0\0\x20mdhd" + bytes(12) + (44100).to_bytes(4) + (66150).to_bytes(4) + bytes(4)
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + (8 + 32).to_bytes(4) + b"moov" + mdhd)
    assert files.examine(path, "mp4").plays == 1.5
