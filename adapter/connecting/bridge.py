"""One connect, from the first leg that is called until the bridge is over.

    document                     switch
    connect                 →    filter Unique-ID LEG, for each leg        so that we hear of it
                            →    uuid_setvar_multi socket_resume=false …   the bridge outlives us
                            →    bridge [^^;origination_uuid=LEG;…]…|…     runs until all is over
                            ←    CHANNEL_ORIGINATE, _PROGRESS, _ANSWER     how far each leg is
      timeout               →    uuid_kill LEG NO_ANSWER                   it has rung long enough
                            ←    CHANNEL_BRIDGE                            they talk
      max_duration          →    sched_hangup +N LEG                       whether we live or not
                            ←    CHANNEL_HANGUP of the leg                 it is over

`bridge` rather than an `originate` of our own: a caller who hangs up cancels the legs, and nothing
is left behind by an adapter that dies. The application outlives us: `socket_resume` is off
meanwhile, so that the switch does not break it off when our connection ends. When the bridge is
over, the dialplan goes on with its next `socket` action, and whoever gets the call finds by the
channel's variables what became of it.

What is tried at the same time, a queue, may be first: then the legs give way (`give_way`), and the
application ends without a bridge.

Where a leg is to confirm, `socket_resume` stays on until it is bridged: nobody would ask it, so
the legs are given up with our connection, and the connect begins again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import structlog
from gevent.event import Event as Flag

from adapter.connecting.confirming import Asked, Script, accepted
from adapter.connecting.kept import RINGING, Connect
from adapter.connecting.legs import Leg
from adapter.connecting.outcome import (
    OVERTAKEN,
    REFUSED,
    TOO_LONG,
    UNANSWERED,
    Outcome,
    failed_reason,
)
from adapter.freeswitch import commands, dial_strings
from adapter.freeswitch.errors import CallGone, CommandFailed, Interrupted, SwitchError
from adapter.greenlets import spawn

if TYPE_CHECKING:
    from adapter.connecting.plan import Plan, PlannedLeg
    from adapter.connecting.telling import Hears
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event

log = structlog.get_logger()

LEG_EVENTS = {
    "CHANNEL_ORIGINATE": "created",
    "CHANNEL_PROGRESS": "ringing",
    "CHANNEL_PROGRESS_MEDIA": "ringing",
    "CHANNEL_ANSWER": "answered",
    "CHANNEL_HANGUP": "ended",
}
"""What is told of a leg, and the state that it has then."""

END_SECONDS = 3.0
"""From the application's end, or the hangup, to the last leg's: a frame or two."""

LIMIT_MARGIN = 3
"""Seconds by which the switch's own limit of a bridge is later than ours."""


Talking = Callable[[Leg], Callable[[], object]]


def _nothing() -> None:
    pass


class _Over:
    """The application has ended, or it cannot be known."""

    def __init__(self, completed: Event | None = None, error: Exception | None = None) -> None:
        self.completed = completed
        self.error = error


class Bridge:
    """Runs one connect on a call."""

    def __init__(
        self,
        call: Call,
        plan: Plan,
        teller: Hears,
        *,
        connect: Connect,
        script: Script | None = None,
        talking: Talking = lambda _leg: _nothing,
    ) -> None:
        """`script` is whose steps a leg confirms by; `talking` hears of the leg that is bridged,
        and gives what is called when that is over."""
        self._call = call
        self._plan = plan
        self._teller = teller
        self._connect = connect
        self._script = script
        self._talking = talking
        self._talked: Callable[[], object] = _nothing
        self._legs = {leg.uuid: Leg(leg) for leg in plan.legs}
        self._bridged: Leg | None = None
        self._ends_at: float | None = None
        self._ended_by = "peer"
        self._gives_way = False
        self._news: deque[Event | _Over] = deque()
        self._arrived = Flag()

    def run(self) -> Outcome:
        """Call, talk, part. Raises `CallGone` if the call itself ended, and `SwitchError`."""
        if self._gives_way:
            return Outcome(failed_reason="cancel")
        with self._watching():
            self._prepare()
            spawn(self._execute, name=f"connect of {self._call.uuid}")
            try:
                over = self._follow()
            except Interrupted:
                self._give_up()
                raise
            return self._outcome(over)

    # -- beside others ---------------------------------------------------------------------------

    @property
    def reached(self) -> bool:
        """Whether somebody has answered, as far as we have heard; not who is still to confirm."""
        heard = (self._legs.get(news.get("Unique-ID")) for news in self._answers())
        answered = [leg for leg in self._legs.values() if leg.state == "answered"]
        legs = [*answered, *(leg for leg in heard if leg is not None)]
        return self._bridged is not None or any(not leg.plan.confirm for leg in legs)

    def _answers(self) -> Iterator[Event]:
        """Among the news that nobody has looked at yet."""
        events = (news for news in self._news if not isinstance(news, _Over))
        return (event for event in events if event.name == "CHANNEL_ANSWER")

    def give_way(self) -> bool:
        """Let all legs go, since somebody else was first; False if one of them was.

        Before `run`: nobody is called.
        """
        self._gives_way = self._gives_way or not self.reached
        self._arrived.set()
        return self._gives_way

    # -- before ----------------------------------------------------------------------------------

    @contextmanager
    def _watching(self) -> Iterator[None]:
        stop = self._call.on("CHANNEL_BRIDGE", self._put)
        self._call.watch(self._legs, LEG_EVENTS, self._put)
        try:
            yield
        finally:
            stop()
            self._call.unwatch(self._legs)
            self._talked()
            if not self._call.gone:
                self._call.set_variables(self._connect.after())

    def _prepare(self) -> None:
        if self._plan.answers_first:
            self._call.answer()
        variables = self._connect.before(outlives=not self._plan.confirms)
        self._call.set_variables({**variables, **self._heard_meanwhile()})
        if ringback := self._plan.ringback or (RINGING if self._plan.answers_first else ""):
            self._call.api(commands.set_variable(self._call.uuid, "ringback", ringback))

    def _heard_meanwhile(self) -> dict[str, str]:
        """A sound of the document's own, or what the called party's network sends.

        Early media of several legs cannot be told apart, and would count as an answer by default.
        """
        plan = self._plan
        single = sum(1 for _ in plan.legs) == 1
        passes = single and not plan.ringback
        return {
            "call_timeout": str(plan.group_limit),
            "instant_ringback": "true" if plan.ringback else "false",
            "bridge_early_media": "true" if passes else "false",
            "ignore_early_media": "false" if passes else "true",
        }

    def _execute(self) -> None:
        try:
            dial_string = dial_strings.for_bridge(
                [[self._dialled(leg) for leg in group] for group in self._plan.groups]
            )
            deadline = self._plan.longest
            self._put(_Over(self._call.execute("bridge", dial_string, deadline=deadline)))
        except SwitchError as error:
            self._put(_Over(error=error))

    def _dialled(self, leg: PlannedLeg) -> dial_strings.Leg:
        if not leg.confirm or self._script is None:
            return leg.dialled({})
        return leg.dialled(Asked(self._script, leg.confirm).variables(self._call))

    def _put(self, news: Event | _Over) -> None:
        self._news.append(news)
        self._arrived.set()

    def _next(self, timeout: float | None) -> Event | _Over | None:
        """What happens next; None if nothing does in time."""
        if not self._news:
            self._arrived.clear()
            self._call.wait(self._arrived, timeout=timeout)
        return self._news.popleft() if self._news else None

    # -- meanwhile -------------------------------------------------------------------------------

    def _follow(self) -> _Over:
        over: _Over | None = None
        while over is None:
            news = self._next(self._seconds_left())
            if isinstance(news, _Over):
                over = news
            elif news is not None:
                self._hear(news)
            self._end_what_is_late()
        if not self._call.lost:
            self._see_off()
        return over

    def _see_off(self) -> None:
        """What the switch says last may come behind the application's end."""
        until = time.monotonic() + END_SECONDS
        while any(leg.alive for leg in self._legs.values()):
            news = self._next(until - time.monotonic())
            if news is None:
                log.warning("nobody said how a leg ended", call_id=self._call.uuid)
                return
            if not isinstance(news, _Over):
                self._hear(news)

    def _hear(self, event: Event) -> None:
        if event.name == "CHANNEL_BRIDGE":
            self._on_bridge(event)
            return
        leg = self._legs[event.get("Unique-ID")]
        if leg.parted:
            return
        if event.name == "CHANNEL_HANGUP":
            leg.cause = event.get("Hangup-Cause")
        for state in leg.reaches(LEG_EVENTS[event.name], time.monotonic()):
            self._teller.leg(leg, state)

    def _on_bridge(self, event: Event) -> None:
        leg = self._legs.get(event.get("Bridge-B-Unique-ID"))
        if leg is None or not leg.alive or self._gives_way:
            return
        if leg.plan.confirm and not accepted(self._call, leg.plan.uuid):
            # Nobody could ask it, so nobody accepted.
            self._kill(leg, REFUSED)
            return
        leg.bridged = True
        self._bridged = leg
        self._talked = self._talking(leg)
        self._ends_at = time.monotonic() + self._plan.max_duration
        limit = int(self._plan.max_duration) + LIMIT_MARGIN
        with suppress(CommandFailed):
            self._call.set_variables({"socket_resume": "false"})
            self._call.api(commands.schedule_hangup(leg.plan.uuid, limit, TOO_LONG))
        self._teller.connect("connected", leg)

    # -- limits ----------------------------------------------------------------------------------

    def _seconds_left(self) -> float | None:
        ends = [leg.deadline for leg in self._legs.values()] + [self._ends_at]
        known = [end for end in ends if end is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    def _end_what_is_late(self) -> None:
        now = time.monotonic()
        for leg in self._legs.values():
            if leg.deadline is not None and leg.deadline <= now:
                leg.given_up = True
                self._kill(leg, UNANSWERED)
            elif self._gives_way and leg.alive and not leg.given_up:
                leg.given_up = True
                self._kill(leg, OVERTAKEN)
        if self._bridged is not None and self._ends_at is not None and self._ends_at <= now:
            self._ends_at, self._ended_by = None, "limit"
            self._kill(self._bridged, TOO_LONG)

    def _kill(self, leg: Leg, cause: str) -> None:
        """It may have ended in this very moment."""
        with suppress(CommandFailed, CallGone):
            self._call.api(commands.kill(leg.plan.uuid, cause))

    def _give_up(self) -> None:
        """The script is to do something else: whoever was called is let go."""
        self._ended_by = "call"
        while any(leg.alive for leg in self._legs.values()):
            for leg in self._legs.values():
                if leg.alive:
                    self._kill(leg, "NORMAL_CLEARING" if leg.bridged else "ORIGINATOR_CANCEL")
            news = self._next(END_SECONDS)
            if news is None or isinstance(news, _Over):
                break
            self._hear(news)
        self._see_off()
        self._tell_end(Outcome(self._bridged.plan.uuid if self._bridged else "", "cancel"))

    # -- after -----------------------------------------------------------------------------------

    def _outcome(self, over: _Over) -> Outcome:
        """What became of it, told; the error is raised where the call itself has ended."""
        if self._call.lost:
            raise over.error or self._call.gone or CallGone("lost")
        if isinstance(over.error, CallGone):
            self._ended_by = "call"
            self._tell_end(self._bridged_or("cancel"))
            raise over.error
        if over.error is not None:
            self._tell_end(self._bridged_or("error"))
            raise over.error
        disposition = over.completed.get("variable_originate_disposition") if over.completed else ""
        outcome = self._bridged_or(failed_reason(disposition))
        self._tell_end(outcome)
        return outcome

    def _bridged_or(self, reason: str) -> Outcome:
        if self._bridged is not None:
            return Outcome(self._bridged.plan.uuid)
        return Outcome(failed_reason=reason)  # type: ignore[arg-type]

    def _tell_end(self, outcome: Outcome) -> None:
        if self._bridged is not None:
            ended_by = "command" if self._bridged.parted else self._ended_by
            self._teller.connect("disconnected", self._bridged, ended_by=ended_by)
        else:
            self._teller.connect("failed", failed_reason=outcome.failed_reason)
