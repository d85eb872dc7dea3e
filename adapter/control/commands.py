"""Every command that can be given to a running call, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.control import (
    answer,
    bindings,
    collect,
    connecting,
    detect,
    disconnect,
    end,
    held,
    laml,
    play,
    prompting,
    record,
    steps,
    stopping,
    tap,
    transfer,
)
from adapter.control.command import Command
from adapter.control.errors import CallEnded, NotPossible
from adapter.control.leg import call_leg
from adapter.control.talking_leg import TalkingLeg
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.log import about
from adapter.store.errors import StoreError

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.control.ringing import Ringing

FAMILIES = (
    answer,
    collect,
    connecting,
    detect,
    disconnect,
    end,
    held,
    laml,
    play,
    prompting,
    record,
    steps,
    stopping,
    tap,
    transfer,
)

COMMANDS: dict[str, Command] = {
    command.name: command for family in FAMILIES for command in family.COMMANDS
}


def perform(
    control: CallControl | Ringing | TalkingLeg, name: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Do it; the call as it is then. Raises a `ControlError`."""
    command = COMMANDS[name]
    control.require_running()
    if control.ringing and not command.early:
        raise NotPossible("Nobody has answered the call yet.")
    if isinstance(control, TalkingLeg) and not command.leg:
        raise NotPossible(
            f"A document dialled this leg, {control.parent_id} talks with it: give {name} to that"
            " call, or disconnect the two before."
        )
    given = command.parse(params)
    control.note("api.command", {"command": name, "parameters": dict(params)})
    try:
        with about(call_id=control.call_id, command=name, control_id=params.get("control_id")):
            control.log.info("command")
            command.run(control, given)
    except CallGone as gone:
        raise CallEnded(f"The call has ended: {gone.reason}.") from gone
    except (SwitchError, StoreError) as error:
        raise NotPossible(str(error)) from error
    return call_leg(control.row)


COMMANDS |= {command.name: command for command in bindings.family(dict(COMMANDS), perform)}
