"""What a closed file says, read by us; and the empty files that we write, read by others."""

import io
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.recording.files import FileFacts, NoRecording, examine, write_empty
from adapter.simswitch.files import mp3_frame


def wav(frames: int, *, channels: int = 1, rate: int = 8000, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(bytes(frames * channels * width))
    return file.getvalue()


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    """A RIFF file of any chunks; `size` is what its head claims, if not the truth."""
    content = b"WAVE" + b"".join(
        struct.pack("<4sI", name, len(data)) + data + bytes(len(data) & 1) for name, data in chunks
    )
    return struct.pack("<4sI", b"RIFF", len(content) if size is None else size) + content


FORMAT = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
SECOND = (b"data", bytes(16000))


def live(seconds: float) -> bytes:
    """As FreeSWITCH leaves a file behind that it could not close: RIFF of 8, data of 0 bytes."""
    head = riff(FORMAT, (b"data", b""), size=8)
    return head + bytes(round(seconds * 16000))


@pytest.fixture
def facts(tmp_path: Path):
    def facts(content: bytes, format_: str = "wav") -> FileFacts:
        path = tmp_path / f"r.{format_}"
        path.write_bytes(content)
        return examine(path, format_)

    return facts


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("frames", [0, 1, 12345])
def test_wav(facts, channels, rate, frames):
    content = wav(frames, channels=channels, rate=rate)
    assert facts(content) == FileFacts(len(content), frames / rate, truncated=False)


@pytest.mark.parametrize(
    "content",
    [
        riff((b"LIST", b"INFOISFT\x05\0\0\0abcd\0"), FORMAT, SECOND),
        riff((b"junk", b"odd"), FORMAT, SECOND),
        riff(FORMAT, (b"LIST", b"x" * 3001), SECOND),
        riff(FORMAT, SECOND, (b"LIST", b"INFO")),
        riff(FORMAT, SECOND, (b"PEAK", b"odd"), (b"id3 ", b"x" * 500)),
        riff((b"fmt ", FORMAT[1] + b"\0\0"), SECOND),
        riff((b"fmt ", FORMAT[1] + b"\x16\0" + bytes(22)), (b"fact", bytes(4)), SECOND),
    ],
    ids=["list first", "odd chunk", "long list", "list last", "many last", "fmt 18", "fmt 40"],
)
def test_other_chunks_do_not_count(facts, content):
    assert facts(content) == FileFacts(len(content), 1.0, truncated=False)


def test_padding_of_odd_data_is_no_sound(facts):
    odd = (b"fmt ", struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8))
    content = riff(odd, (b"data", bytes(8001)))
    assert facts(content) == FileFacts(len(content), 8001 / 8000, truncated=False)


@pytest.mark.parametrize("seconds", [0.5, 4.096])
def test_file_that_was_never_closed_lasts_as_long_as_its_bytes(facts, seconds):
    content = live(seconds)
    assert facts(content) == FileFacts(len(content), seconds, truncated=True)


def test_file_that_was_never_closed_and_never_written(facts):
    """The switch writes at last after four seconds: until then there is no more than this."""
    assert facts(live(0)) == FileFacts(44, 0.0, truncated=True)


@pytest.mark.parametrize("claims", [8, 10**6, 0xFFFFFFFF])
def test_file_that_is_shorter_than_it_says(facts, claims):
    content = riff(FORMAT, SECOND, size=claims)[:-8000]
    assert facts(content) == FileFacts(len(content), 0.5, truncated=True)


@pytest.mark.parametrize("length", range(44))
def test_file_that_ends_inside_its_header_is_no_recording(facts, length):
    with pytest.raises(NoRecording):
        facts(wav(100)[:length])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no WAV"),
        (b"<html>404</html>", "no WAV"),
        (b"RIFF\0\0\0\0AVI LIST", "no WAV"),
        (riff(SECOND), "without a format"),
        (riff((b"fmt ", bytes(16)), SECOND), "without a format"),
        (riff(FORMAT), "without sound data"),
        (riff(FORMAT, (b"LIST", bytes(5000)), SECOND), "without sound data"),
    ],
)
def test_no_wav(facts, content, reason):
    with pytest.raises(NoRecording, match=reason):
        facts(content)


@given(st.binary(max_size=64) | st.binary(max_size=64).map(lambda tail: wav(4)[:36] + tail))
@example(b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff")
def test_any_bytes_are_facts_or_no_recording(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "r.wav"
    path.write_bytes(content)
    try:
        facts = examine(path, "wav")
    except NoRecording:
        return
    assert facts.size == len(content)
    assert facts.duration is not None
    assert facts.duration >= 0


@pytest.mark.parametrize("format_", ["wav", "mp3", "mp4"])
def test_missing_file(tmp_path, format_):
    with pytest.raises(NoRecording, match=r"No such file.*r\.x"):
        examine(tmp_path / "r.x", format_)


def mp3(seconds: float, *, channels: int = 1) -> bytes:
    """As mod_shout leaves it: frames of 576 samples at 8 kHz, 16 kbit/s for each channel."""
    return mp3_frame(channels) * round(seconds * 8000 / 576)


MP4 = struct.pack(">I4s4s", 12, b"ftyp", b"isom") + struct.pack(">I4s", 108, b"mdat") + bytes(100)
INDEX = struct.pack(">I4s", 8, b"moov")


def test_length_of_what_is_padded_is_left_to_the_switch(facts):
    assert facts(mp3(2), "mp3") == FileFacts(len(mp3(2)), None)
    assert facts(MP4 + INDEX, "mp4") == FileFacts(len(MP4) + 8, None)


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"<html>404</html>", "mp3"),
        (b"\xff\xf3", "mp3"),
        (b"\xff\xf3\x08\xc4" + bytes(32), "mp3"),
        (MP4, "mp4"),
        (MP4[:-50], "mp4"),
        (b"", "mp4"),
    ],
    ids=["no mp3", "short", "no rate", "no index", "broken off", "nothing"],
)
def test_what_nobody_could_play_is_no_recording(facts, content, format_):
    with pytest.raises(NoRecording):
        facts(content, format_)


# -- what is missing -----------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
def test_what_the_switch_wrote_in_vain_is_noticed(facts, channels):
    """A disk that was full at the close: the switch reports a success (measured)."""
    whole = facts(wav(12_000, channels=channels))
    assert whole.samples == 12_000
    assert whole.lacks(12_000) == 0
    assert whole.lacks(12_000 + 320) == 0, "the last frames of a stereo file count twice"
    assert facts(wav(2026, channels=channels)).lacks(12_000) == 9974


@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_in_vain_is_noticed_by_its_rate(facts, channels):
    whole = facts(mp3(9, channels=channels), "mp3")
    assert whole.lacks(72_000) == 0
    assert facts(mp3(5, channels=channels), "mp3").lacks(72_000) == pytest.approx(32_000, rel=0.02)
    assert facts(b"", "mp3").lacks(72_000) == 72_000


def test_an_mp4_with_its_index_is_taken_for_whole(facts):
    assert facts(MP4 + INDEX, "mp4").lacks(72_000) == 0


# -- empty files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
def test_empty_wav(tmp_path, channels):
    path = tmp_path / "r.wav"
    write_empty(path, "wav", channels)
    with wave.open(str(path)) as reader:
        assert reader.getnchannels() == channels
        assert (reader.getnframes(), reader.getsampwidth(), reader.getframerate()) == (0, 2, 8000)
    assert examine(path, "wav") == FileFacts(44, 0.0, truncated=False)


@pytest.mark.parametrize("channels", [1, 2])
def test_empty_mp3_is_one_silent_frame(tmp_path, channels):
    path = tmp_path / "r.mp3"
    write_empty(path, "mp3", channels)
    content = path.read_bytes()
    (head,) = struct.unpack(">I", content[:4])
    assert head >> 21 == 0x7FF  # sync word
    assert head >> 19 & 3 == 2  # MPEG-2
    assert head >> 17 & 3 == 1  # Layer III
    bitrate = {1: 8000}[head >> 12 & 15]
    rate = {0: 22050, 1: 24000, 2: 16000}[head >> 10 & 3]
    padding = head >> 9 & 1
    assert len(content) == 72 * bitrate // rate + padding
    assert (head >> 6 & 3 == 3) == (channels == 1)
    assert head & 3 == 0  # no emphasis
    assert not any(content[4:])  # side information and data of silence


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """ISO 14496-12, 4.2: every box with its content; each must end where the next begins."""
    found = []
    while data:
        size, name = struct.unpack(">I4s", data[:8])
        assert 8 <= size <= len(data)
        found.append((name, data[8:size]))
        data = data[size:]
    return found


@pytest.mark.parametrize("channels", [1, 2])
def test_empty_mp4_has_a_movie_without_tracks(tmp_path, channels):
    path = tmp_path / "r.mp4"
    write_empty(path, "mp4", channels)
    (_, brands), (name, movie) = boxes(path.read_bytes())
    assert brands[:4] == b"isom"
    assert len(brands) % 4 == 0
    assert b"mp41" in [brands[at : at + 4] for at in range(8, len(brands), 4)]
    assert name == b"moov"
    ((header, content),) = boxes(movie)
    assert header == b"mvhd"
    assert len(content) == 100  # version 0
    version, _, _, timescale, duration = struct.unpack(">IIIII", content[:20])
    assert (version, timescale > 0, duration) == (0, True, 0)
    assert struct.unpack(">I", content[-4:]) == (1,)  # the next track's id
