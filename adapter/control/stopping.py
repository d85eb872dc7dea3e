"""Commands that end a step of the document, which goes on with the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from adapter.control.command import Command
from adapter.control.errors import Invalid
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl


class Stop(Parameters):
    """Which one; a call has one at a time, and a fax says its name late."""

    control_id: str | None = None


class Stops(Protocol):
    """A step that can be ended before its time; in `Context.running` while it runs."""

    @property
    def control_id(self) -> str: ...

    def stop(self) -> None: ...


def stop_pay(control: CallControl, params: Stop) -> None:
    """No card is asked for any more; one that is being charged is charged."""
    _stop(control, "pay", params.control_id)


def stop_receive_fax(control: CallControl, params: Stop) -> None:
    """The pages that have come are kept."""
    _stop(control, "receive_fax", params.control_id)


def stop_send_fax(control: CallControl, params: Stop) -> None:
    """The pages that have gone are gone."""
    _stop(control, "send_fax", params.control_id)


def _stop(control: CallControl, method: str, control_id: str | None) -> None:
    running: Stops | None = control.context.running.get(method)
    if running is None or control_id not in (None, running.control_id):
        named = f" {control_id!r}" if control_id else ""
        raise Invalid(f"No {method}{named} runs on this call.", attribute="control_id")
    running.stop()


COMMANDS = (
    Command("calling.pay.stop", Stop, stop_pay),
    Command("calling.receive_fax.stop", Stop, stop_receive_fax),
    Command("calling.send_fax.stop", Stop, stop_send_fax),
)
