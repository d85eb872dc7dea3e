"""Calls that talk on while no process has them: their adapter was killed, their bridge was not.

Of a command's call only the log knows; the switch of `nodes` where it is is asked for the rest:

    command                 switch, over the node's own connection
    any                 →   uuid_getvar CALL signal_bond, swml_conference       with whom, or where
    calling.end         →   uuid_kill CALL
    calling.disconnect  →   a bridge:          the leg is transferred to us, as by `Talk.part`
                            a queue's room:    conference ROOM hup all
                            one elsewhere:     uuid_kill LEG        its room ends with it

Whose bridge is over comes back to us with the dialplan, and takes every command again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.conferences.entry import STAY_VARIABLE, Stay
from adapter.connecting.kept import CONNECT_VARIABLE, PARTED_VARIABLE
from adapter.connecting.talk import stays
from adapter.control import clients
from adapter.control.command import Nothing, parse
from adapter.control.end import CAUSES, End
from adapter.control.errors import CallEnded, NotPossible, OnItsWay
from adapter.control.leg import call_leg
from adapter.control.parting import Leaving
from adapter.freeswitch import commands, conferences, dial_strings
from adapter.freeswitch.errors import CommandFailed, SwitchError, UnsafeValue
from adapter.journal import event_of
from adapter.methods.relay import Held
from adapter.queues.names import ROOM

if TYPE_CHECKING:
    from adapter.control.dialler import Dialler, Line
    from adapter.store.held import HeldWrites
    from adapter.store.rows import CallLog
    from adapter.swml.document import Document

PEER = "signal_bond"
"""Channel variable of who is bridged: with whom (switch_ivr_bridge.c, `audio_bridge_thread`)."""


@dataclass(frozen=True, slots=True)
class Together:
    """Where a call talks: with the leg that it, or the leg's call, has bridged; or in a room, here
    or, by that leg, on another switch."""

    call_id: str
    leg_id: str = ""
    room: str = ""
    elsewhere: bool = False


class Alone:
    """Does to them what can be done without a process that has them."""

    def __init__(
        self,
        dialler: Dialler,
        held: HeldWrites,
        read: Callable[[str, str], Document],
        known: Callable[[str], CallLog | None],
    ) -> None:
        """`known` finds what the store knows of a call."""
        self._dialler = dialler
        self._held = held
        self._read = read
        self._known = known

    @property
    def can_ask(self) -> bool:
        """Whether there is a switch in the settings that might be asked."""
        return self._dialler.can_dial

    def run(self, row: CallLog, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Do a command to a call that the log believes alive; the call (CallLeg) as it is then.

        Raises `CallEnded` where the switch has it no more, `OnItsWay` where it talks with nobody,
        or is not to be reached, and `NotPossible` for all but `calling.end` and
        `calling.disconnect`.
        """
        line = self._dialler.line(row.node_id)
        if line is None:
            raise OnItsWay("The switch that had this call is down, or none of `nodes`.")
        try:
            if line.node.api(commands.exists(row.id)) != "true":
                raise CallEnded
            together = self._together(line, row)
            if together is None:
                raise OnItsWay("No process of the adapter has this call at the moment.")
            self._do(line, row, together, name, params)
        except (CommandFailed, UnsafeValue) as error:  # the same however often it is tried
            raise NotPossible(str(error)) from error
        except SwitchError as error:
            raise OnItsWay(str(error)) from error
        return call_leg(row)

    def _together(self, line: Line, row: CallLog) -> Together | None:
        if peer := self._variable(line, row.id, PEER):
            if row.parent_id:
                return Together(row.parent_id, row.id)
            connect = self._variable(line, row.id, CONNECT_VARIABLE).partition(" ")[0]
            return Together(row.id, peer, elsewhere=ROOM.search(connect) is not None)
        stay = Stay.parse(self._variable(line, row.id, STAY_VARIABLE))
        room = ROOM.search(stay.name) if stay else None
        if room and row.id in self._members(line, room[0]):
            return Together(row.id, room=room[0])
        return None

    def _do(
        self, line: Line, row: CallLog, together: Together, name: str, params: Mapping[str, Any]
    ) -> None:
        if name == "calling.end":
            cause = CAUSES[parse(End, params).reason]
            self._note(row, name, params)
            line.node.api(commands.kill(row.id, cause))
        elif name == "calling.disconnect":
            parse(Nothing, params)
            self._require_own(row, together.leg_id)
            self._note(row, name, params)
            self._part(line, row, together)
        else:
            raise NotPossible(
                "The call talks on since its adapter was killed, and no process has it: give it"
                " calling.disconnect or calling.end; after that it takes every command."
            )

    def _require_own(self, row: CallLog, leg_id: str) -> None:
        """Two projects' calls may be bridged by a phone that transfers one to the other."""
        leg = self._known(leg_id) if leg_id else None
        if leg is not None and leg.project_id != row.project_id:
            raise NotPossible("The call talks with one of another project: calling.end ends it.")

    def _part(self, line: Line, row: CallLog, together: Together) -> None:
        if together.room:
            line.node.api(conferences.empty(together.room))
            return
        call_id, leg_id = together.call_id, together.leg_id
        if together.elsewhere:
            line.node.api(commands.kill(leg_id))
            return
        marks, leaving = self._leaving(line, row, together)
        writes, variables = leaving.begins(self._read(leaving.waiting(), "<command>"))
        self._held.commit(*writes)
        line.node.api(commands.set_variables(call_id, {PARTED_VARIABLE: leg_id}))
        line.node.api(stays(leg_id, {**variables, **marks}))
        self._attempt(line, commands.unschedule(leg_id))
        line.node.api(dial_strings.to_adapter(leg_id, self._dialler.address(line)))

    def _leaving(
        self, line: Line, row: CallLog, together: Together
    ) -> tuple[dict[str, str], Leaving]:
        """The leg, and the variables by which the call's RELAY clients have it too."""
        names = clients.clients_in(self._variable(line, together.call_id, clients.VARIABLE))
        connect = self._variable(line, together.call_id, CONNECT_VARIABLE).partition(" ")[0]
        leaving = Leaving(
            together.leg_id,
            row.node_id,
            row.project_id,
            names,
            Held.name_in(connect),
        )
        return (clients.clients_variable(names) if names else {}), leaving

    def _note(self, row: CallLog, name: str, params: Mapping[str, Any]) -> None:
        details = {"command": name, "parameters": dict(params)}
        self._held.commit(event_of(row.id, "api.command", details))

    @staticmethod
    def _variable(line: Line, call_id: str, name: str) -> str:
        value = line.node.api(commands.get_variable(call_id, name))
        return "" if value == "_undef_" else value

    @staticmethod
    def _members(line: Line, room: str) -> list[str]:
        try:
            reply = line.node.api(conferences.members(room))
        except CommandFailed:
            return []
        return [member.uuid for member in conferences.parsed_members(reply)]

    @staticmethod
    def _attempt(line: Line, command: bytes) -> None:
        """Nothing was scheduled where the connect had no limit of its own."""
        try:
            line.node.api(command)
        except CommandFailed:
            return
