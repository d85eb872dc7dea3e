"""What the far end of a WebSocket wants the party to hear.

    far end                           switch
    {"type": "streamAudio", …}   →    mod_audio_stream::play {"file": …}         →  playback FILE
    {"type": "playAudio", …}     →    mod_audio_fork::play_audio {"file": …}     →  playback FILE
    {"type": "killAudio"}        →    mod_audio_fork::kill_audio, mod_audio_stream::json

The modules play nothing by themselves: they write what came into a file of the switch and name it.
What else is in their event is the far end's word, a `file` among it where it sent no sound.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from gevent.event import Event as Flag

from adapter.freeswitch import commands, taps
from adapter.freeswitch.errors import ReplyTimeout

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event

MOST_WAITING = 500
"""Sounds that wait to be heard; more are dropped."""


class Talkback:
    """Plays on a call what comes back to it, one after the other."""

    def __init__(self, call: Call, module: str, news: Flag) -> None:
        """`news` is set when there is something to play."""
        self._call = call
        self._module = module
        self._waiting: deque[str] = deque()
        self._cut = Flag()
        self._news = news
        self._file = _file_of(call)
        call.api(taps.back_subscribe(module))
        self._stop = call.on("CUSTOM", self._on_event)

    def play_next(self, seconds: float) -> bool:
        """Play what waits longest, for so many seconds at most; False where nothing does.

        Raises `Interrupted` and what the switch says.
        """
        if not self._waiting:
            return False
        self._cut.clear()
        try:
            sound = self._waiting.popleft()
            self._call.execute("playback", sound, until=self._cut, deadline=seconds)
        except ReplyTimeout:
            self._call.api(commands.cut_off(self._call.uuid))
        return True

    def stop(self) -> None:
        """Hear of no more, and cut off what plays."""
        self._stop()
        self._silence()

    def _silence(self) -> None:
        self._waiting.clear()
        self._cut.set()

    def _on_event(self, event: Event) -> None:
        module, _, news = event.get("Event-Subclass").partition("::")
        if module != self._module:
            return
        told = _object(event.body)
        if news in taps.SILENCED or (news == "json" and told.get("type") == "killAudio"):
            self._silence()
        elif news in taps.PLAYED and len(self._waiting) < MOST_WAITING:
            file = str(told.get("file", ""))
            if self._file.fullmatch(file):
                self._waiting.append(file)
                self._news.set()


def _file_of(call: Call) -> re.Pattern[str]:
    """The names that a module gives to what it has written for this call, and no other file's."""
    folder = call.api(commands.api("global_getvar", "temp_dir")).strip().rstrip("/")
    name = rf"{re.escape(call.uuid)}_[0-9]+\.tmp\.(?:r8|r16|r24|r32|r48|wav|mp3|ogg)"
    return re.compile(f"{re.escape(commands.word(folder))}/{name}")


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
