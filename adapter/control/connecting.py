"""`calling.connect`: call somebody and bridge, for a client that has the call (RELAY).

It is the method `connect`, run by the step that holds the call; RELAY's devices are its
destinations, in groups that are tried one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Len
from pydantic import Field, ValidationError

from adapter.control.command import Command, Typed
from adapter.control.errors import Invalid
from adapter.control.held import held_by
from adapter.control.play import Item
from adapter.methods import connect
from adapter.swml.parameters import ONE_OR_MANY, Parameters
from adapter.swml.problems import problems

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.methods.context import Context

STATES = ["created", "ringing", "answered", "ended"]

LONGEST_MINUTES = 24 * 60

OWN_NAMES = {"to_number": "to", "from_number": "from"}
"""What RELAY calls a phone's ends."""


class Device(Typed):
    """One destination."""

    type: Literal["phone", "sip"]
    params: dict[str, Any]


class Connect(Parameters):
    """Whom to connect the call with; `max_duration` in minutes."""

    devices: list[Annotated[list[Device], ONE_OR_MANY, Len(1, 100)]] = Field(
        min_length=1, max_length=100
    )
    tag: str = Field("", max_length=128)
    ringback: Annotated[list[Item] | None, ONE_OR_MANY] = None
    max_duration: float | None = Field(None, gt=0, le=LONGEST_MINUTES)
    status_url: str | None = None


def start(control: CallControl, params: Connect) -> None:
    """Begin; how it goes is told by `calling.call.connect`."""
    held = held_by(control, "connected")
    wanted, tag = _as_step(params), params.tag or control.new_id()

    def run(context: Context) -> None:
        connect.run(context, wanted, name=held.part(context, tag), tag=tag)

    held.do(run)


def _as_step(params: Connect) -> connect.Connect:
    """The same in the words of the method."""
    step: dict[str, Any] = {
        "serial_parallel": [[destination(one) for one in group] for group in params.devices],
        "call_state_events": STATES,
        "status_url": params.status_url,
    }
    if params.ringback:
        step["ringback"] = [_sound(item) for item in params.ringback]
    if params.max_duration:
        step["max_duration"] = max(1, round(60 * params.max_duration))
    try:
        return connect.Connect.model_validate(step)
    except ValidationError as error:
        problem = problems(error, step)[0]
        raise Invalid(f"devices: {problem.name}: {problem.message}", attribute="devices") from None


def destination(device: Device) -> Mapping[str, Any]:
    """A device in the words of SWML and of the REST API."""
    return {OWN_NAMES.get(name, name): value for name, value in device.params.items()}


def _sound(item: Item) -> str:
    media = item.media
    match item.type:
        case "tts":
            return f"say:{media.text or ''}"
        case "silence":
            return f"silence:{media.duration or 0}"
        case "ringtone":
            seconds = f"{media.duration}:" if media.duration else ""
            return f"ring:{seconds}{media.name or 'us'}"
    return media.url or ""


COMMANDS = (Command("calling.connect", Connect, start, relay_only=True),)
