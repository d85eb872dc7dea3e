"""PocketSphinx: a recogniser that needs no network; its American English comes with the package.

Runs in a helper process. With hints it hears nothing but those words and phrases, which makes it
fast and good at menus; without any it knows 130,000 words and guesses far more.
"""

from __future__ import annotations

import re
import sys
import wave
from array import array
from functools import lru_cache
from typing import Any

from adapter.speech.recognition import Heard

WORDS_A_MODEL_HAS = 16000
"""Hz of the model; a call's 8 kHz are doubled."""

LEAST_POSTERIOR = 0.3
"""A hint's word that is less likely than this is a noise that had to be some word."""

_INSERTION_PENALTY = 0.05
_WORD = re.compile(r"[a-z']+")
_VARIANT = re.compile(r"\(\d+\)$")


def recognise(path: str, language: str, hints: list[str], model: str | None) -> Heard:
    """What is said in a WAV file (16 bit; its first channel)."""
    if model is None and not language.lower().startswith("en"):
        raise ValueError(f"no model for {language}: name one in recogniser.models")
    phrases = tuple(_phrases(hints))
    decoder = _decoder(model, bool(phrases))
    known = [phrase for phrase in phrases if all(decoder.lookup_word(word) for word in phrase)]
    if phrases and not known:
        decoder = _decoder(model, False)
    elif known:
        spoken = "|".join(" ".join(phrase) for phrase in known)
        decoder.add_jsgf_string("hints", f"#JSGF V1.0; grammar h; public <h> = ({spoken})+;")
        decoder.activate_search("hints")
    decoder.start_utt()
    decoder.process_raw(_samples(path), full_utt=True)
    decoder.end_utt()
    return _best(decoder, LEAST_POSTERIOR if known else 0.0)


def _phrases(hints: list[str]) -> list[tuple[str, ...]]:
    words = [tuple(_WORD.findall(hint.lower())) for hint in hints]
    return [phrase for phrase in words if phrase]


@lru_cache(maxsize=4)
def _decoder(model: str | None, hints: bool) -> Any:
    from pocketsphinx import Decoder

    options: dict[str, Any] = {"loglevel": "FATAL"}
    if hints:
        options |= {"lm": None, "wip": _INSERTION_PENALTY}
    if model:
        options |= {"hmm": f"{model}/acoustic", "dict": f"{model}/words.dict"}
        options |= {} if hints else {"lm": f"{model}/language.lm.bin"}
    return Decoder(**options)


def _best(decoder: Any, least: float) -> Heard:
    found = decoder.hyp() and [
        (_VARIANT.sub("", segment.word), segment.prob)
        for segment in decoder.seg()
        if segment.word[0] not in "<[+" and segment.prob >= least
    ]
    if not found:
        return {"text": "", "confidence": 0.0}
    likely = sum(min(1.0, prob) for _, prob in found) / len(found)
    return {"text": " ".join(word for word, _ in found), "confidence": round(likely, 3)}


def _samples(path: str) -> bytes:
    with wave.open(path, "rb") as file:
        channels, rate, width = file.getnchannels(), file.getframerate(), file.getsampwidth()
        data = array("h", file.readframes(file.getnframes()))
    if width != 2 or WORDS_A_MODEL_HAS % rate:
        raise ValueError(f"{rate} Hz with {8 * width} bits cannot be recognised")
    if sys.byteorder == "big":
        data.byteswap()
    return _doubled(data[::channels], WORDS_A_MODEL_HAS // rate).tobytes()


def _doubled(samples: array[int], times: int) -> array[int]:
    """More samples a second, on straight lines between those that there are."""
    if times == 1:
        return samples
    out = array("h", bytes(2 * times * len(samples)))
    following = samples[1:] + samples[-1:]
    for step in range(times):
        pairs = zip(samples, following, strict=True)
        out[step::times] = array("h", [a + (b - a) * step // times for a, b in pairs])
    return out
