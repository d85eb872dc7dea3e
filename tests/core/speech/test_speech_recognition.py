"""Engines by name, models by language, words of a file, and what is said where there are none."""

import sys
import types
import wave
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from adapter.helpers.errors import HelperError
from adapter.helpers.worker import find
from adapter.speech import recognition, vosk_engine
from adapter.speech.recognition import NoRecogniser, Recogniser, function_of


class FakeHelpers:
    """Runs functions here."""

    def run(self, function: str, *, deadline: float, **arguments):
        try:
            return find(function)(**arguments)
        except Exception as error:
            raise HelperError(f"{function}: {error}") from error


def say_what_was_asked(path, language, hints, model):
    return {"text": f"{Path(path).name} {language} {hints} {model}", "confidence": 1}


def understand_nothing(path, language, hints, model):
    return {"words": ""}


def make(engine: str, **models: str) -> Recogniser:
    return Recogniser(
        FakeHelpers(), engine, {name: Path(folder) for name, folder in models.items()}, 5
    )


OWN = f"{__name__}:say_what_was_asked"


@pytest.mark.parametrize(
    ("language", "model"),
    [("", "/en"), ("de-AT", "/de"), ("de-CH", "/ch"), ("fr", "/other"), ("DE", "/de")],
)
def test_the_model_is_the_languages(language, model):
    recogniser = Recogniser(
        FakeHelpers(),
        OWN,
        {"en": Path("/en"), "de": Path("/de"), "de-CH": Path("/ch"), "*": Path("/other")},
        5,
    )
    heard = recogniser.recognise(Path("/x/a.wav"), language=language, hints=["b"])
    assert heard["text"] == f"a.wav {language or 'en-US'} ['b'] {model}"


def test_a_package_brings_an_engine(monkeypatch):
    point = EntryPoint("whisper", "some.package:recognise", recognition.GROUP)
    monkeypatch.setattr(recognition, "entry_points", lambda group, name: [point])
    assert function_of("whisper") == "some.package:recognise"


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("whisper", "no recogniser 'whisper': install"),
        ("vosk", "vosk"),
        ("no.such:module", "No module"),
        (f"{__name__}:understand_nothing", "text"),
    ],
)
def test_what_cannot_recognise_says_why(engine, reason):
    with pytest.raises(NoRecogniser, match=reason):
        make(engine).recognise(Path("/x.wav"))


def wav(path: Path, seconds: float = 1.0, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * round(seconds * rate)))
    return path


class TestPocketsphinx:
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("pocketsphinx")

    def test_silence_is_understood_as_nothing(self, tmp_path):
        heard = make("pocketsphinx").recognise(wav(tmp_path / "a.wav"), hints=["yes", "no"])
        assert heard == {"text": "", "confidence": 0.0}

    def test_a_language_without_a_model_is_refused(self, tmp_path):
        with pytest.raises(
            NoRecogniser, match=r"no model for de-DE: name one in recogniser.models"
        ):
            make("pocketsphinx").recognise(wav(tmp_path / "a.wav"), language="de-DE")

    def test_a_rate_that_does_not_fit_is_refused(self, tmp_path):
        with pytest.raises(NoRecogniser, match="44100 Hz"):
            make("pocketsphinx").recognise(wav(tmp_path / "a.wav", rate=44100))


def test_vosk(tmp_path, monkeypatch):
    """Its model needs a download: this is what we ask of it, and make of its answer."""

    class KaldiRecognizer:
        def __init__(self, model, rate, *grammar):
            self.asked = (model, rate, grammar)
            self.bytes = 0

        def SetWords(self, on):
            assert on

        def AcceptWaveform(self, data):
            self.bytes += len(data)

        def FinalResult(self):
            assert self.bytes == 16000
            assert self.asked == ("/models/en", 8000, ('["yes please", "[unk]"]',))
            return '{"result": [{"word": "yes", "conf": 0.9}, {"word": "[unk]", "conf": 0.2}]}'

    fake = types.ModuleType("vosk")
    fake.KaldiRecognizer = KaldiRecognizer
    fake.Model = str
    fake.SetLogLevel = lambda level: None
    monkeypatch.setitem(sys.modules, "vosk", fake)
    vosk_engine._model.cache_clear()
    heard = make("vosk", en="/models/en").recognise(wav(tmp_path / "a.wav"), hints=["Yes please"])
    assert heard == {"text": "yes", "confidence": 0.9}
    with pytest.raises(NoRecogniser, match="no model for fr: name its folder"):
        make("vosk", en="/models/en").recognise(wav(tmp_path / "a.wav"), language="fr")
