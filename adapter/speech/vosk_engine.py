"""Vosk: a recogniser for many languages that needs no network, with models that users fetch.

Runs in a helper process. `pip install vosk`, and name the unpacked model's folder in the settings.
"""

from __future__ import annotations

import json
import wave
from functools import lru_cache
from typing import Any

from adapter.speech.recognition import Heard

_FRAMES = 4000


def recognise(path: str, language: str, hints: list[str], model: str | None) -> Heard:
    """What is said in a WAV file (mono, 16 bit); hints are the only words it then hears."""
    from vosk import KaldiRecognizer

    if model is None:
        raise ValueError(f"no model for {language}: name its folder in recogniser.models")
    with wave.open(path, "rb") as file:
        grammar = [json.dumps([*(hint.lower() for hint in hints), "[unk]"])] if hints else []
        recogniser = KaldiRecognizer(_model(model), file.getframerate(), *grammar)
        recogniser.SetWords(True)
        while data := file.readframes(_FRAMES):
            recogniser.AcceptWaveform(data)
    found = json.loads(recogniser.FinalResult())
    words = [word for word in found.get("result", []) if word["word"] != "[unk]"]
    likely = sum(word["conf"] for word in words) / len(words) if words else 0.0
    return {"text": " ".join(word["word"] for word in words), "confidence": round(likely, 3)}


@lru_cache(maxsize=4)
def _model(folder: str) -> Any:
    from vosk import Model, SetLogLevel

    SetLogLevel(-1)
    return Model(folder)
