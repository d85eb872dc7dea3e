"""One play that was commanded from outside: its sounds, and what may be done with them."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Flag
from structlog.contextvars import bind_contextvars

from adapter.control.errors import NotPossible
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, CommandFailed, SwitchError
from adapter.greenlets import spawn
from adapter.sounds.library import ANY, Playback
from adapter.sounds.playable import NotPlayable, Playable
from adapter.sounds.player import open_media, run, set_level
from adapter.sounds.voices import Wish

if TYPE_CHECKING:
    from adapter.methods.context import Context

log = structlog.get_logger()

EVENT = "calling.call.play"

TICK_SECONDS, BEGINS_WITHIN = 0.02, 25
"""How long, and how often, a sound that was just begun is waited for."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound and, where it is spoken, who should speak it."""

    playable: Playable
    wish: Wish = ANY


class Playing:
    """Plays sounds on a call, and tells `url` (and who listens to the call) of it."""

    def __init__(
        self,
        context: Context,
        control_id: str,
        sounds: Sequence[Heard],
        url: str | None,
        *,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """`then` is called when it is over."""
        self._then = then
        self.control_id = control_id
        self.over = False
        self._context = context
        self._call = context.call
        self._sounds = sounds
        self._url = url
        self._stopped = Flag()
        self._may_play = Flag()
        self._may_play.set()
        self._event_uuid = ""
        """Of the application that plays now."""
        self._decibels = 0.0
        self._adjusted = False
        """Whether the volume was changed while the present sound plays."""

    def start(self, *, loops: int, decibels: float) -> None:
        """Begin; `loops` is 0 for no end."""
        self._decibels = decibels
        self._greenlet = spawn(self._run, loops, name=f"play {self.control_id}")

    def settle(self, seconds: float) -> None:
        """Wait until it has told its end, for so long."""
        self._greenlet.join(seconds)

    # -- what may be done with it ----------------------------------------------------------------

    def stop(self) -> None:
        """End it; does nothing to one that is over."""
        self._stopped.set()
        self._may_play.set()

    def pause(self) -> None:
        """Stand still, in the middle of a sound or before the next."""
        if self.over or not self._may_play.is_set():
            return
        self._may_play.clear()
        try:
            self._toggle()
        except BaseException:
            self._may_play.set()
            raise
        self._tell("paused")

    def resume(self) -> None:
        """Go on; does nothing to one that does not stand still."""
        if self.over or self._may_play.is_set():
            return
        self._toggle()
        self._may_play.set()
        self._tell("playing")

    def set_volume(self, decibels: float) -> None:
        """From now on: what plays by the switch's nearest level, what follows exactly."""
        if self._event_uuid:
            self._adjusted = set_level(self._call, decibels - self._decibels)
        self._decibels = decibels

    def _toggle(self) -> None:
        """The switch has one word for both, and knows only the sound that was begun last."""
        for _ in range(BEGINS_WITHIN):
            if not self._event_uuid:
                return
            if self._call.innermost != self._event_uuid:
                raise NotPossible("Another sound plays over this one: stop that first.")
            with contextlib.suppress(CommandFailed):  # it has not begun yet
                self._call.api(commands.file_control(self._call.uuid, "pause"))
                return
            gevent.sleep(TICK_SECONDS)
        raise NotPossible("The switch does not say that anything plays.")

    # -- its greenlet ----------------------------------------------------------------------------

    def _run(self, loops: int) -> None:
        bind_contextvars(control_id=self.control_id)
        state = "finished"
        try:
            open_media(self._call, answer=False)
            self._tell("playing")
            state = self._play_all(loops)
        except CallGone as gone:
            log.info("play ended", reason=gone.reason)
        except SwitchError as error:
            log.warning("play failed", reason=str(error))
            state = "error"
        except Exception:
            log.exception("a play failed inside the adapter")
            state = "error"
        finally:
            self.over = True
            self._tell(state)
            self._then()

    def _play_all(self, loops: int) -> str:
        """Every sound, so often; `error` if there was nothing to hear."""
        for _ in range(loops) if loops else itertools.count():
            problems = [problem for sound in self._sounds if (problem := self._play(sound))]
            if self._stopped.is_set():
                return "finished"
            for problem in problems:
                log.warning("a sound was not played", reason=problem)
            if len(problems) == len(self._sounds):
                return "error"
        return "finished"

    def _play(self, sound: Heard) -> str | None:
        """One sound; returns what was wrong with it."""
        try:
            library, decibels = self._context.shared.media.sounds, self._decibels
            for playback in library.playbacks(sound.playable, wish=sound.wish, decibels=decibels):
                self._may_play.wait()
                if self._stopped.is_set():
                    return None
                if problem := self._run_playback(playback):
                    return problem
        except (NotPlayable, CommandFailed) as error:
            return str(error)
        return None

    def _run_playback(self, playback: Playback) -> str | None:
        self._event_uuid = str(uuid.uuid4())
        try:
            return run(self._call, playback, until=self._stopped, event_uuid=self._event_uuid)
        finally:
            self._event_uuid = ""
            if self._adjusted:
                self._adjusted = False
                with contextlib.suppress(SwitchError):
                    set_level(self._call, 0)

    def _tell(self, state: str) -> None:
        self._context.tell(self._url, EVENT, control_id=self.control_id, state=state)
