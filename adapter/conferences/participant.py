"""One call's stay in a conference, from before it enters until after it has left.

    document                     switch
    join_conference         →    conference NAME@PROFILE+flags{…}      runs until the call has left
                            ←    add-member                            it is in
      status_callback       →    conference NAME setvar                for others to tell as well
      coach                 →    conference NAME relate … nospeak      for everybody but the one
                            ←    mute-member, start-talking, …         told on
                            ←    del-member                            it is out

The application outlives us: `socket_resume` is off meanwhile, so that the switch does not break it
off when our connection ends. Once the call has left, the dialplan goes on with its next `socket`
action, and whoever gets the call finds by a channel variable that its stay is over. Only who waits
with a sound of its own (`wait_url`) comes back at once, since that sound needs us.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.conferences import events
from adapter.conferences.entry import STAY_VARIABLE, CannotJoin, Entry, Stay
from adapter.conferences.events import END, JOIN, LEAVE, START, STATUSES
from adapter.conferences.listeners import MOST, PREFIX, listening
from adapter.freeswitch import conferences
from adapter.freeswitch.conferences import Member
from adapter.freeswitch.errors import CommandFailed, Interrupted, SwitchError
from adapter.greenlets import spawn

if TYPE_CHECKING:
    from adapter.conferences.announcer import Announcer
    from adapter.conferences.recordings import ConferenceRecordings, Wish
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event

log = structlog.get_logger()

LEAVE_SECONDS = 3.0
"""From the application's end, or the hangup, to `del-member`: a frame or two."""

ENDS_VARIABLE = "swml_ends"
"""In a conference: the call whose leaving ends it."""


class _Over:
    """The application has ended, or it cannot be known."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


class Participant:
    """Runs one call's stay."""

    def __init__(
        self,
        call: Call,
        entry: Entry,
        announcer: Announcer,
        *,
        stay: str,
        recordings: ConferenceRecordings,
        record: Wish | None = None,
    ) -> None:
        self._call = call
        self._entry = entry
        self._announcer = announcer
        self._stay = stay
        self._recordings = recordings
        self._record = record
        self._news: deque[Event | _Over] = deque()
        self._arrived = Flag()
        self._started = Flag()
        self._inside = False
        self._entered = False
        self._member = ""
        self._opens = False
        self._waiting: gevent.Greenlet | None = None

    def take_part(self) -> None:
        """Enter, stay and leave. Raises `CannotJoin`, and `CallGone` if the call ended there."""
        if self._was_inside():
            self._left_without_us()
            return
        self._check()
        stop = self._call.on("CUSTOM", self._on_event)
        try:
            self._prepare()
            spawn(self._run, name=f"conference of {self._call.uuid}")
            self._follow()
        except Interrupted:
            self._walk_out()
            raise
        finally:
            self._stop_waiting()
            stop()
            if not self._call.gone:
                self._call.set_variables({"socket_resume": self._remembered().resume})
        if not self._entered:
            raise CannotJoin("the conference is full, locked or unknown to the switch")

    # -- before ----------------------------------------------------------------------------------

    def _remembered(self) -> Stay:
        """This stay, as the channel knows it: also from before we died."""
        known = Stay.parse(self._call.variable(STAY_VARIABLE))
        if known and known.name == self._stay:
            return known
        return Stay(self._stay, False, self._call.variable("socket_resume"))

    def _was_inside(self) -> bool:
        """Whether this very stay went on without us, and is over."""
        return self._remembered().on_its_own and bool(self._call.variable("conference_uuid"))

    def _go_on_alone(self, alone: bool) -> None:
        """Whether the stay outlives our connection, from the next command on."""
        self._call.set_variables(replace(self._remembered(), on_its_own=alone).variables)

    def _check(self) -> None:
        entry = self._entry
        count = self._ask("count")
        if entry.max_members and count.isdigit() and int(count) >= entry.max_members:
            raise CannotJoin(f"there are {count} in the conference already")
        if entry.coached and not any(one.uuid == entry.coached for one in self._members()):
            raise CannotJoin("the call to coach is not in the conference")
        self._opens = entry.starts and (not count or self._ask("wait_mod") == "true")

    def _prepare(self) -> None:
        self._call.set_variables(self._entry.variables)
        self._go_on_alone(not self._entry.may_wait)
        self._call.api(conferences.listen())

    def _run(self) -> None:
        entry = self._entry
        argument = conferences.join(entry.room, entry.profile, entry.flags)
        try:
            self._call.execute("conference", argument)
        except SwitchError as error:
            self._put(_Over(error))
        else:
            self._put(_Over())

    def _put(self, news: Event | _Over) -> None:
        self._news.append(news)
        self._arrived.set()

    def _next(self, timeout: float | None = None) -> Event | _Over | None:
        """What happens next; None if nothing does in time."""
        if not self._news:
            self._arrived.clear()
            self._call.wait(self._arrived, timeout=timeout)
        return self._news.popleft() if self._news else None

    # -- inside ----------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        """Events of our call and, while we watch it, of the whole conference."""
        if event.get("Event-Subclass") == conferences.EVENTS:
            self._put(event)

    def _follow(self) -> None:
        over: _Over | None = None
        while over is None:
            news = self._next()
            if isinstance(news, _Over):
                over = news
            elif news is not None:
                self._hear(news)
        self._started.set()
        if over.error is not None and self._call.lost:
            raise over.error
        self._see_off()
        if over.error is not None:
            raise over.error

    def _see_off(self) -> None:
        """What the switch says last may come behind the application's end."""
        while self._inside:
            news = self._next(LEAVE_SECONDS)
            if news is None:
                log.warning("nobody said that the call has left its conference")
                return
            if not isinstance(news, _Over):
                self._hear(news)

    def _walk_out(self) -> None:
        """The script is to do something else: the call leaves of its own accord."""
        if self._inside:
            self._call.api(conferences.leave(self._entry.room, self._member))
        self._follow()

    def _hear(self, event: Event) -> None:
        action = event.get("Action")
        if event.get("Unique-ID") != self._call.uuid:
            if action == "add-member":
                self._hear_of_another(event)
        elif action == "add-member":
            self._enter(event)
        elif action == "del-member":
            self._leave(event)
        elif action in STATUSES:
            self._tell(STATUSES[action], event)

    def _enter(self, event: Event) -> None:
        self._inside = self._entered = True
        self._member = event.get("Member-ID")
        self._announcer.conference_id = event.get("Conference-Unique-ID")
        self._tell(JOIN, event)
        if self._opens:
            self._tell_all(START, event, size=events.size(event))
        self._register(event)
        if self._record:
            identity = self._announcer.identity
            self._recordings.start(self._record, self._announcer.conference_id, identity)
        if self._entry.coached:
            self._coach()
        if self._entry.may_wait:
            self._wait()

    def _register(self, event: Event) -> None:
        """So that other calls' adapters tell our listener too."""
        listener, room = self._entry.listener, self._entry.room
        try:
            if listener and len(event.starting(PREFIX)) < MOST:
                self._call.api(conferences.remember(room, listener.variable, listener.token))
            if self._entry.ends:
                self._call.api(conferences.remember(room, ENDS_VARIABLE, self._call.uuid))
        except CommandFailed as error:
            log.info("the conference is over already", reason=str(error))

    def _wait(self) -> None:
        """Until the conference starts, unless it has; then hear the others."""
        self._call.api(conferences.watch(self._entry.room))
        if self._ask("wait_mod") != "true":
            self._go_in()
        elif self._entry.waits:
            self._waiting = spawn(
                self._entry.waits,
                self._started,
                name=f"waiting for the conference of {self._call.uuid}",
            )

    def _stop_waiting(self) -> None:
        self._started.set()
        if self._waiting is not None:
            self._waiting.join(timeout=self._call.deadline)

    def _go_in(self) -> None:
        if self._started.is_set():
            return
        self._started.set()
        self._go_on_alone(True)
        self._call.api(conferences.let_hear(self._entry.room, self._member))
        if not self._entry.coached:
            self._call.api(conferences.unwatch(self._entry.room))

    def _hear_of_another(self, event: Event) -> None:
        if self._entry.may_wait and events.starts_it(event):
            self._go_in()
        if self._entry.coached and event.get("Unique-ID") != self._entry.coached:
            self._keep_from(event.get("Member-ID"))

    def _coach(self) -> None:
        self._call.api(conferences.watch(self._entry.room))
        for other in self._members():
            if other.uuid not in (self._entry.coached, self._call.uuid):
                self._keep_from(other.id)
        if not self._entry.muted:
            self._call.api(conferences.let_speak(self._entry.room, self._member))

    def _keep_from(self, other: str) -> None:
        self._call.api(conferences.keep_from(self._entry.room, self._member, other))

    # -- after -----------------------------------------------------------------------------------

    def _leave(self, event: Event) -> None:
        self._inside = False
        self._tell(LEAVE, event)
        if events.size(event) == 0:
            ender = event.get(ENDS_VARIABLE)
            self._tell_all(
                END,
                event,
                size=0,
                reason_ended="end-on-exit" if ender else "last-participant-left",
                call_id_ending_conf=ender or self._call.uuid,
                **self._recordings.finish(self._announcer.conference_id),
            )

    def _left_without_us(self) -> None:
        log.info("the call has left its conference while no adapter was there")
        self._announcer.conference_id = self._call.variable("conference_uuid")
        count = self._ask("count")
        own = [self._entry.listener] if self._entry.listener else []
        self._announcer.tell(LEAVE, own, size=int(count) if count.isdigit() else 0)
        self._call.set_variables({"socket_resume": self._remembered().resume})
        if not count:
            self._announcer.tell(
                END,
                own,
                size=0,
                reason_ended="last-participant-left",
                **self._recordings.finish(self._announcer.conference_id),
            )

    # -- helpers ---------------------------------------------------------------------------------

    def _tell(self, status: str, event: Event) -> None:
        entry = self._entry
        self._tell_all(
            status,
            event,
            **events.participant(event),
            end_on_leave=entry.ends,
            coaching=bool(entry.coached),
        )

    def _tell_all(self, status: str, event: Event, **params: object) -> None:
        self._announcer.tell(status, listening(event, self._entry.listener), **params)

    def _ask(self, what: str) -> str:
        """Empty where the conference does not exist, or has nothing to say."""
        try:
            return self._call.api(conferences.ask(self._entry.room, what))
        except CommandFailed:
            return ""

    def _members(self) -> list[Member]:
        try:
            reply = self._call.api(conferences.members(self._entry.room))
        except CommandFailed:
            return []
        return conferences.parsed_members(reply)
