"""What comes back over a call's WebSocket, as the two modules take it: sound goes into a file.

Source: mod_audio_stream/audio_streamer_glue.cpp `processMessage`, mod_audio_fork/lws_glue.cpp
`processIncomingMessage`. Both play nothing themselves. The event has what the far end has sent
beside the sound; mod_audio_fork passes it on even where there was no sound, a `file` among it.
"""

from __future__ import annotations

import base64
import json
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from adapter.simswitch.channel import Channel

RAW = {8000: "r8", 16000: "r16", 24000: "r24", 32000: "r32", 48000: "r48"}


class Form(NamedTuple):
    """How one module's message is written."""

    type: str
    kind: str
    sound: str
    news: str


FORMS = {
    "audio_stream": Form("streamAudio", "audioDataType", "audioData", "play"),
    "audio_fork": Form("playAudio", "audioContentType", "audioContent", "play_audio"),
}


class Messages:
    """Those of one WebSocket."""

    def __init__(self, channel: Channel, kind: str, folder: str) -> None:
        self._channel = channel
        self._kind = kind
        self._folder = Path(folder)
        self._numbers = count()
        self._files: list[Path] = []

    def news_of(self, text: str) -> tuple[str, str] | None:
        """The event of a message: its name behind `::`, and its body."""
        form, message = FORMS[self._kind], _object(text)
        data = message.get("data")
        if message.get("type") == form.type and isinstance(data, dict):
            return form.news, self._played(form, dict(data))
        if self._kind == "audio_stream":
            return "json", text
        if message.get("type") == "killAudio":
            return "kill_audio", ""
        return None

    def forget(self) -> None:
        """The files go with the WebSocket."""
        for path in self._files:
            path.unlink(missing_ok=True)

    def _played(self, form: Form, data: dict[str, Any]) -> str:
        sound = data.pop(form.sound, None)
        ending = self._ending(data.get(form.kind), data.get("sampleRate"))
        if isinstance(sound, str) and ending:
            name = f"{self._channel.uuid}_{next(self._numbers)}.tmp.{ending}"
            path = self._folder / name
            path.write_bytes(base64.b64decode(sound))
            self._files.append(path)
            data["file"] = str(path)
        return json.dumps(data, separators=(",", ":"))

    @staticmethod
    def _ending(kind: Any, rate: Any) -> str | None:
        return RAW.get(rate) if kind == "raw" else "wav" if kind in ("wav", "wave") else None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
