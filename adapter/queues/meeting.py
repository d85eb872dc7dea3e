"""Two calls of a switch meet: a conference that is theirs alone and ends with the first to leave.

    both calls         switch
    run          →     filter Conference-Name ROOM
                 →     conference ROOM@PROFILE+flags{endconf|nomoh|dist-dtmf|audio-always}
                 ←     add-member, Conference-Size 2          they have met
      longest    →     sched_api +N … conference ROOM hup all     whether we live or not
                 ←     del-member                                 it is over

Keys that one presses reach the other (`dist-dtmf`), and nothing is gated (`audio-always`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event as Flag

from adapter.conferences.entry import CannotJoin, Entry
from adapter.conferences.participant import Participant
from adapter.freeswitch import conferences
from adapter.freeswitch.errors import SwitchError
from adapter.greenlets import spawn

if TYPE_CHECKING:
    from adapter.conferences.announcer import Announcer
    from adapter.conferences.recordings import ConferenceRecordings
    from adapter.connecting.talk import Talks
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event

AGAIN = 0.25
"""Seconds until a call that may still have been on its way into the room is told to leave again."""

LIMIT_MARGIN = 3
"""Seconds by which the switch's own limit is later than ours."""

FLAGS = ("nomoh", "dist-dtmf", "audio-always")


@dataclass(frozen=True, slots=True)
class Room:
    """Where two calls meet."""

    name: str
    profile: str

    @property
    def entry(self) -> Entry:
        """How each of the two enters."""
        return Entry(room=self.name, profile=self.profile, ends=True, max_members=2, more=FLAGS)


class Meeting:
    """One call's part in it."""

    def __init__(
        self,
        call: Call,
        room: Room,
        *,
        stay: str,
        announcer: Announcer,
        recordings: ConferenceRecordings,
        when_met: Callable[[], None],
        talks: Talks,
    ) -> None:
        """`when_met` is called once, in a greenlet of its own, when both are there."""
        self.met = False
        self.too_long = False
        self.parted = False
        self._call = call
        self._room = room
        self._stay = stay
        self._announcer = announcer
        self._recordings = recordings
        self._when_met = when_met
        self._talks = talks
        self._left: Callable[[], object] = lambda: None
        self._over = Flag()
        self._both = Flag()
        self._told = Flag()

    def run(self, *, patience: float, longest: float | None = None) -> bool:
        """Meet, talk and part; False when nobody came within `patience` seconds.

        Raises `CallGone` if the call itself ended.
        """
        call = self._call
        stop = call.on("CUSTOM", self._hear)
        call.api(conferences.listen(), conferences.watch(self._room.name))
        watching = spawn(self._watch, patience, longest, name=f"meeting of {call.uuid}")
        try:
            with suppress(CannotJoin):
                self._participant().take_part()
        finally:
            stop()
            self._end(watching)
        return self.met

    def part(self) -> None:
        """Have both go on with their documents; returns when this one has left.

        Raises what the switch refuses.
        """
        self.parted = True
        self._call.api(conferences.empty(self._room.name))
        self._over.wait(timeout=self._call.deadline)

    def give_up(self) -> None:
        """Nobody comes any more; a talk that has begun goes on."""
        self._both.set()

    def _participant(self) -> Participant:
        return Participant(
            self._call,
            self._room.entry,
            self._announcer,
            stay=self._stay,
            recordings=self._recordings,
        )

    def _end(self, watching: gevent.Greenlet) -> None:
        self._left()
        self._over.set()
        if self.met:
            self._told.wait(timeout=self._call.deadline)
        watching.kill()
        if not self._call.gone:
            self._call.attempt(conferences.unwatch(self._room.name))

    def _hear(self, event: Event) -> None:
        if (
            event.get("Conference-Name") == self._room.name
            and event.get("Action") == "add-member"
            and event.get("Conference-Size").isdigit()
            and int(event.get("Conference-Size")) > 1
        ):
            self.met = True
            self._left = self._talks.meet(self._call.uuid, self)
            self._both.set()

    def _watch(self, patience: float, longest: float | None) -> None:
        self._both.wait(timeout=patience)
        if not self.met:
            self._leave()
            return
        if longest is not None:
            self._do(conferences.empty_in(self._room.name, int(longest) + LIMIT_MARGIN))
        try:
            self._when_met()
        finally:
            self._told.set()
        if longest is not None:
            gevent.sleep(longest)
            self.too_long = True
            self._do(conferences.empty(self._room.name))

    def _leave(self) -> None:
        self._do(conferences.empty(self._room.name))
        while not self._over.wait(timeout=AGAIN):
            self._do(conferences.empty(self._room.name))

    def _do(self, command: bytes) -> None:
        """The meeting may be over in this very moment."""
        with suppress(SwitchError):
            self._call.api(command)
