"""Commands that do what a step of SWML does, by the step's own code and beside the script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from adapter.control.command import Command, Nothing, Typed
from adapter.control.errors import Invalid, NotPossible
from adapter.control.script import checked_url
from adapter.freeswitch.errors import CallGone
from adapter.greenlets import spawn
from adapter.methods import (
    denoise,
    sip_refer,
    stop_denoise,
    transcribe,
    transcribe_stop,
    user_event,
)
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.control.call_control import CallControl
    from adapter.methods.context import Context


class Event(Parameters):
    """An event for the client: an object, or text as RELAY's Python client has it."""

    event: dict[str, Any] | str


class Target(Parameters):
    """Whom a call is referred to."""

    to: str


class Device(Typed):
    """The same as a device."""

    type: Literal["sip"] = "sip"
    params: Target


class Refer(Parameters):
    """Have the other end call somebody else."""

    device: Device
    status_url: str | None = None


class Transcribe(Parameters):
    """Write down what is said."""

    control_id: str | None = None
    status_url: str | None = None


class TranscribeStop(Parameters):
    """End it; there is one transcript at a time, whatever its `control_id`."""

    control_id: str | None = None


def send_event(control: CallControl, params: Event) -> None:
    """Returns when the switch has taken it."""
    perform(control, lambda context, given: user_event.send(context, given.event), params)


def refer(control: CallControl, params: Refer) -> None:
    """Begin; what comes of it is told at `status_url`."""
    wanted = sip_refer.SipRefer(
        to_uri=params.device.params.to, status_url=web_url(params.status_url)
    )
    try:
        sip_refer.require_possible(control.call, wanted)
    except ScriptError as error:
        wrong = error.code == Code.PARAMETER_INVALID
        raise (Invalid if wrong else NotPossible)(
            str(error), attribute="device.params.to" if wrong else None
        ) from error
    spawn(_refer, control, wanted, name=f"refer {control.call_id}")


def _refer(control: CallControl, wanted: sip_refer.SipRefer) -> None:
    try:
        perform(control, sip_refer.perform, wanted)
    except NotPossible as error:
        control.log.info("a call was not referred", reason=str(error))
    except CallGone:
        return  # it was taken over, or has ended
    except Exception:
        control.log.exception("referring a call failed inside the adapter")


def start_transcribe(control: CallControl, params: Transcribe) -> None:
    """Begin; the text is told after the end, at `status_url` and to RELAY's clients."""
    wanted = transcribe.Transcribe(status_url=web_url(params.status_url))
    control_id = params.control_id or control.new_id()
    perform(control, partial(transcribe.begin, control_id=control_id), wanted)


def stop_transcribe(control: CallControl, _: TranscribeStop) -> None:
    """End it."""
    perform(control, transcribe_stop.perform, transcribe_stop.TranscribeStop())


def start_denoise(control: CallControl, _: Nothing) -> None:
    """From now on."""
    perform(control, denoise.perform, denoise.Denoise())


def end_denoise(control: CallControl, _: Nothing) -> None:
    """No more."""
    perform(control, stop_denoise.perform, stop_denoise.StopDenoise())


def web_url(url: str | None) -> str | None:
    """A `status_url`, if there is one; raises `Invalid`."""
    return checked_url(url, "status_url") if url else None


def perform(
    control: CallControl, step: Callable[[Context, Any], Result], params: Parameters
) -> Mapping[str, Any]:
    """The step's outputs; raises `NotPossible` where the step would fail."""
    try:
        result = step(control.began_now(), params)
    except ScriptError as error:
        raise NotPossible(str(error)) from error
    except ValueError as error:
        raise Invalid(str(error)) from error
    if result.error is not None:
        raise NotPossible(str(result.error))
    return result.variables


COMMANDS = (
    Command("calling.user_event", Event, send_event),
    Command("calling.refer", Refer, refer),
    Command("calling.transcribe", Transcribe, start_transcribe),
    Command("calling.transcribe.stop", TranscribeStop, stop_transcribe),
    Command("calling.denoise", Nothing, start_denoise),
    Command("calling.denoise.stop", Nothing, end_denoise),
)
