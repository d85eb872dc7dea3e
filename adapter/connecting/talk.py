"""Two parties that a connect has bridged, for those who command them meanwhile.

    end      →  uuid_kill LEG
    part     →  uuid_setvar_multi LEG …; sched_del LEG; uuid_transfer LEG 'm:^:socket:US …' inline
             ←  CHANNEL_EXECUTE_COMPLETE of the bridge: the call's own script goes on

A leg that is transferred leaves the bridge, which ends without hanging anybody up
(switch_ivr_bridge.c, `audio_bridge_on_exchange_media`: CF_TRANSFER; switch_ivr.c,
`switch_ivr_session_transfer`). It comes to us as a call of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gevent.event import Event as Flag

from adapter.connecting.confirming import CONFIRM_VARIABLE
from adapter.freeswitch import commands, dial_strings
from adapter.freeswitch.errors import SwitchError

if TYPE_CHECKING:
    from adapter.connecting.legs import Leg
    from adapter.freeswitch.call import Call
    from adapter.store.rows import CallLog

OVER_SECONDS = 5.0
"""From the leg's leaving to the end of the bridge: a frame or two."""


def stays(leg_id: str, variables: Mapping[str, str]) -> bytes:
    """Have a leg that comes to us stay with us: nobody asks it, and it comes back if we die."""
    variables = {**variables, "socket_resume": "true", CONFIRM_VARIABLE: ""}
    return commands.set_variables(leg_id, variables)


class Talk:
    """One bridge, from its beginning to its end."""

    def __init__(self, call: Call, leg: Leg, row: CallLog, tag: str) -> None:
        """`row` is the leg as a call, `tag` by what a RELAY client knows the connect, if any."""
        self.leg = leg
        self.row = row
        self.tag = tag
        self.over = Flag()
        self._call = call

    @property
    def call_id(self) -> str:
        """The call whose script connects."""
        return self._call.uuid

    @property
    def leg_id(self) -> str:
        """The one that it called."""
        return self.leg.plan.uuid

    def end(self, cause: str) -> None:
        """Hang the leg up; returns when the bridge is over. Raises what the switch refuses."""
        self._call.api(commands.kill(self.leg_id, cause))
        self.over.wait(OVER_SECONDS)

    def part(self, variables: Mapping[str, str]) -> None:
        """Have the leg come to us, with these variables; returns when the bridge is over.

        Raises what the switch refuses: then they talk on.
        """
        self.leg.parted = True
        try:
            self._call.api(
                stays(self.leg_id, variables),
                commands.unschedule(self.leg_id),
                dial_strings.to_adapter(self.leg_id, self._call.our_place),
            )
        except SwitchError:
            self.leg.parted = False
            raise
        self.over.wait(OVER_SECONDS)


class Meeting(Protocol):
    """A talk in a room, as a queue has it (`adapter.queues.meeting`)."""

    def part(self) -> None:
        """Have both go on with their documents; returns when they hear each other no more."""


class Talks:
    """Those of one process."""

    def __init__(self) -> None:
        self._meetings: dict[str, Meeting] = {}
        self._by_leg: dict[str, Talk] = {}
        self._by_call: dict[str, Talk] = {}

    def begin(self, talk: Talk) -> Callable[[], None]:
        """They talk; returns what is called when they do not any more."""
        self._by_leg[talk.leg_id] = talk
        self._by_call[talk.call_id] = talk
        return partial(self._end, talk)

    def meet(self, call_id: str, meeting: Meeting) -> Callable[[], object]:
        """A call has met another one; returns what is called when it has left."""
        self._meetings[call_id] = meeting
        return partial(self._meetings.pop, call_id, None)

    def meeting_of(self, call_id: str) -> Meeting | None:
        """The meeting in which a call is."""
        return self._meetings.get(call_id)

    def _end(self, talk: Talk) -> None:
        self._by_leg.pop(talk.leg_id, None)
        self._by_call.pop(talk.call_id, None)
        talk.over.set()

    def of_leg(self, leg_id: str) -> Talk | None:
        """By the one who was called."""
        return self._by_leg.get(leg_id)

    def of_call(self, call_id: str) -> Talk | None:
        """By the one whose script called."""
        return self._by_call.get(call_id)
