"""What the party says while input is collected: when it begins and ends, and which words it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gevent

from adapter.greenlets import spawn
from adapter.sounds.player import open_media
from adapter.speech.recognition import NoRecogniser

if TYPE_CHECKING:
    from adapter.methods.context import Context

BACKSTOP = 3600.0
"""Seconds after which the switch listens no more, should nobody tell it to stop."""


@dataclass(frozen=True, slots=True)
class Words:
    """How speech is understood. Times in seconds."""

    end_silence: float
    longest: float
    language: str
    hints: Sequence[str]


class Hearing:
    """Listens once; `began` and `ended` are called when the party does so."""

    def __init__(
        self,
        context: Context,
        wanted: Words,
        *,
        began: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        """Raises what the switch refuses."""
        open_media(context.call)
        self._wanted = wanted
        self._media = context.shared.media
        self._began, self._ended = began, ended
        self._listener = self._media.listener(
            context.call, silence=wanted.end_silence, seconds=BACKSTOP
        )
        self._listener.start()
        self._following = spawn(self._follow, name=f"hearing {context.call.uuid}")

    def close(self) -> None:
        """End it, and forget what was said."""
        self._following.kill()
        self._listener.close()

    def result(self) -> dict[str, Any]:
        """What was said, in the words of the callback."""
        self._listener.stop()
        try:
            heard = self._media.recogniser.recognise(
                self._listener.path,
                language=self._wanted.language,
                hints=list(self._wanted.hints) or None,
            )
        except NoRecogniser as error:
            return {"type": "error", "params": {"message": str(error)}}
        if not heard["text"]:
            return {"type": "no_match"}
        return {
            "type": "speech",
            "params": {"text": heard["text"], "confidence": heard["confidence"]},
        }

    def _follow(self) -> None:
        listener = self._listener
        gevent.wait([listener.spoke, listener.finished], count=1)
        if listener.spoke.is_set():
            self._began()
            listener.finished.wait()
            self._ended()
