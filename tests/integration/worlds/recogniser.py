"""A recogniser for tests: what it "understands" is how long something was said."""

import wave
from itertools import groupby

LOUD = 200


def by_length(path: str, language: str, hints: list[str], model: str | None) -> dict[str, object]:
    """`N words` for N stretches of sound with pauses of 0.2 s between them, and the language."""
    with wave.open(path, "rb") as file:
        size = file.getframerate() // 5
        data = memoryview(file.readframes(file.getnframes())).cast("h")
    loud = [sum(map(abs, data[at : at + size])) > LOUD * size for at in range(0, len(data), size)]
    count = sum(1 for voice, _ in groupby(loud) if voice)
    spoken = "" if language == "en-US" else f" of {language}"
    return {"text": f"{count} words{spoken}" if count else "", "confidence": 0.75}
