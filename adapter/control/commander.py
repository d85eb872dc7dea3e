"""A command finds its call, whichever worker has it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from adapter.control import laml
from adapter.control.alone import Alone
from adapter.control.bus import Bus
from adapter.control.commands import COMMANDS, perform
from adapter.control.errors import (
    CallEnded,
    ControlError,
    NotPossible,
    OnItsWay,
    Unavailable,
    UnknownCall,
    from_dict,
)
from adapter.control.ringing import Ringing
from adapter.control.running import RunningCalls
from adapter.store.rows import CallLog

DEADLINE = 8.0
"""Seconds for a command: longer than a recording may take to close."""

KIND = "command"

ON_ITS_WAY_SECONDS, LOOK_SECONDS = 2.0, 0.05
"""How long, and how often, a call is waited for that was just taken out of a bridge."""


class Commander:
    """Gives commands to calls. `known` finds what the store knows of a call that is over."""

    all_names = frozenset(name for name in COMMANDS if not name.startswith(laml.PREFIX))
    names = frozenset(name for name in all_names if not COMMANDS[name].relay_only)

    def __init__(
        self,
        calls: RunningCalls,
        *,
        known: Callable[[str], CallLog | None],
        bus: Bus | None = None,
        alone: Alone | None = None,
    ) -> None:
        """`alone` takes commands to calls that talk on without any process."""
        self._calls = calls
        self._alone = alone
        self._known = known
        self._bus = bus

    def run(
        self,
        project_id: str,
        call_id: str,
        name: str,
        params: Mapping[str, Any],
        *,
        by: str | None = None,
    ) -> dict[str, Any]:
        """Do the command; the call (CallLeg) as it is then. Raises a `ControlError`.

        A call of another project is unknown here. `by` is a client that stays connected, and hears
        of the call from now on.
        """
        command = {
            "project": project_id,
            "call": call_id,
            "name": name,
            "params": dict(params),
            "by": by,
        }
        until = time.monotonic() + ON_ITS_WAY_SECONDS
        while True:
            try:
                return self._wherever(command)
            except OnItsWay:
                if time.monotonic() >= until:
                    raise
            gevent.sleep(LOOK_SECONDS)

    def _wherever(self, command: Mapping[str, Any]) -> dict[str, Any]:
        call_id = command["call"]
        known_here = self._calls.find(call_id) or self._calls.ended(call_id)
        if known_here or self._bus is None:
            return self._here(command)
        return self._elsewhere(self._bus, command)

    def answer(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """The same for another process (for the bus); `found` is None: never had it."""
        call_id = command["call"]
        if self._calls.find(call_id) is None and self._calls.ended(call_id) is None:
            return {"found": None}
        try:
            return {"found": {"leg": self._here(command)}}
        except ControlError as error:
            return {"found": {"error": error.as_dict()}}

    def _here(self, command: Mapping[str, Any]) -> dict[str, Any]:
        control = self._calls.find(command["call"])
        if control is None:
            return self._nowhere(command)
        if control.project_id != command["project"]:
            raise UnknownCall
        name, by = command["name"], command["by"]
        if by and not isinstance(control, Ringing):
            if COMMANDS[name].leaves:
                control.audience.leave(by)
            else:
                control.heard_by(by)
        return perform(control, name, command["params"])

    def _elsewhere(self, bus: Bus, command: Mapping[str, Any]) -> dict[str, Any]:
        silent = False
        for answer in bus.ask_all(KIND, command, DEADLINE):
            if answer is None:
                silent = True
            elif found := answer.get("found"):
                return _leg(found)
        if silent:
            raise Unavailable("The process that may have the call did not answer in time.")
        return self._nowhere(command)

    def _nowhere(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """No process has the call."""
        row = self._calls.ended(command["call"]) or self._known(command["call"])
        if row is None or row.project_id != command["project"]:
            raise UnknownCall
        if row.ended_at is not None:
            raise CallEnded
        if row.answered_at is None and row.parent_id:
            raise NotPossible("A document has called this leg, and nobody has answered yet.")
        if self._alone is not None and self._alone.can_ask:
            return self._alone.run(row, command["name"], command["params"])
        if not row.parent_id:
            raise CallEnded
        raise OnItsWay("No process of the adapter has this leg at the moment.")


def _leg(found: Mapping[str, Any]) -> dict[str, Any]:
    if error := found.get("error"):
        raise from_dict(error)
    leg: dict[str, Any] = found["leg"]
    return leg
