"""A call meets one that waits on another switch: by a SIP call into the room where that one is.

    the taker's switch                              the other one's dialplan (queues.xml.j2)
    run      →   bridge [^^;…]sofia/…/queue-ID@…    ring_ready; is one alone in the room ~queue-ID?
             ←   CHANNEL_PROGRESS                   it is looked for
             ←   CHANNEL_ANSWER, CHANNEL_BRIDGE     conference ~queue-ID+flags{join-only|endconf|…}
    longest  →   sched_hangup +N LEG                whether we live or not
             ←   CHANNEL_HANGUP of the leg          it is over

The room's id is made for this one meeting, of 122 random bits; it is there while the waiting call
is, takes two, and the dialplan makes none. The waiting call's side is a `Meeting` as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from gevent.event import Event as Flag

from adapter.connecting.bridge import Bridge
from adapter.connecting.kept import Connect
from adapter.connecting.plan import Plan, PlannedLeg, leg_id
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, SwitchError

if TYPE_CHECKING:
    from adapter.connecting.legs import Leg
    from adapter.connecting.talk import Talks
    from adapter.freeswitch.call import Call

log = structlog.get_logger()

ON_THE_WAY = 1
"""Seconds that the SIP call may need, beside those for the waiting call to come."""

SILENT_MS = "6000"
"""Milliseconds without any sound's packet, which a room sends always, that say that the other
switch is gone."""


class Hop:
    """One call's part in it."""

    def __init__(
        self,
        call: Call,
        endpoint: str,
        *,
        name: str,
        when_met: Callable[[], None],
        unanswered: Callable[[], None],
        talks: Talks,
    ) -> None:
        """`name` is this meeting's alone; `unanswered` is called where the other switch is mute."""
        self.met = False
        self.too_long = False
        self.parted = False
        self._call = call
        self._endpoint = endpoint
        self._name = name
        self._when_met = when_met
        self._unanswered = unanswered
        self._talks = talks
        self._leg = ""
        self._over = Flag()

    def run(self, *, patience: float, longest: float) -> bool:
        """Call, talk and part; False when nobody was there within `patience` seconds.

        Raises `CallGone` if the call itself ended.
        """
        connect = Connect.find(self._call, self._name)
        if connect.became is not None:
            return self._is_over(connect)
        self._leg = leg_id(connect.id, 0)
        hears = _Hears(self._begin)
        try:
            Bridge(
                self._call,
                self._plan(patience, longest),
                hears,
                connect=connect,
                talking=lambda _: self._talks.meet(self._call.uuid, self),
            ).run()
        except CallGone:
            raise
        except SwitchError as error:
            log.warning("the way to another switch is not to be had", reason=str(error))
        finally:
            self.too_long = hears.ended_by == "limit"
            self._over.set()
        if not hears.anything:
            self._unanswered()
        return self.met

    def part(self) -> None:
        """Have both go on with their documents; returns when they hear each other no more.

        Raises what the switch refuses.
        """
        self.parted = True
        self._call.api(commands.kill(self._leg))
        self._over.wait(timeout=self._call.deadline)

    def _plan(self, patience: float, longest: float) -> Plan:
        leg = PlannedLeg(
            self._leg, self._endpoint, {}, int(patience) + ON_THE_WAY, {"media_timeout": SILENT_MS}
        )
        return Plan([[leg]], longest, answers_first=False)

    def _begin(self) -> None:
        self.met = True
        self._when_met()

    def _is_over(self, connect: Connect) -> bool:
        """It went on without us, and nobody has told yet that the two have met."""
        self._call.set_variables(connect.after())
        if connect.became is not None and connect.became.connected:
            self._begin()
        return self.met


class _Hears:
    """What is told of the bridge, to nobody outside."""

    def __init__(self, met: Callable[[], None]) -> None:
        self.anything = False
        """Whether the other switch has said anything."""
        self.ended_by = ""
        self._met = met

    def connect(self, state: str, leg: Leg | None = None, **more: Any) -> None:
        if state == "connected" and leg is not None:
            self._met()
        self.ended_by = more.get("ended_by", "")

    def leg(self, leg: Leg, state: str) -> None:
        self.anything = self.anything or leg.bridged or state in ("ringing", "answered")
