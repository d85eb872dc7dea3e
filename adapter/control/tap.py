"""`calling.tap` and `calling.stream`, and their stops: a copy of the sound to somewhere else, by
the code of the steps of these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from adapter.control.command import MISSING, Command, Controlled, Typed, parse
from adapter.control.errors import Invalid
from adapter.control.steps import perform, web_url
from adapter.methods import stop_stream, stop_tap, stream, tap
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl


class Sound(Parameters):
    """Which sound."""

    direction: Literal["speak", "listen", "both"] = "speak"


class What(Typed):
    """What is copied."""

    type: Literal["audio"] = "audio"
    params: Sound = Sound()


class Where(Parameters):
    """An RTP address, or a WebSocket."""

    addr: str | None = None
    port: int | None = Field(None, ge=1, le=65535)
    codec: str | None = None
    ptime: int | None = Field(None, ge=10, le=120)
    uri: str | None = None


class Device(Typed):
    """Where it goes; which of the parameters count, says the type."""

    type: Literal["rtp", "ws"]
    params: Where

    def uri(self) -> str:
        """As the step has it; raises `Invalid`."""
        where = self.params
        if self.type == "ws":
            return str(_given(where.uri, "device.params.uri"))
        host = _given(where.addr, "device.params.addr")
        port = _given(where.port, "device.params.port")
        return f"rtp://[{host}]:{port}" if ":" in host else f"rtp://{host}:{port}"


class Tap(Parameters):
    """Copy what is said."""

    control_id: str | None = None
    tap: What = What()
    device: Device
    status_url: str | None = None


def start_tap(control: CallControl, params: Tap) -> None:
    """Returns when it runs."""
    given = {
        "uri": params.device.uri(),
        "control_id": params.control_id,
        "direction": params.tap.params.direction,
        "codec": params.device.params.codec,
        "rtp_ptime": params.device.params.ptime,
        "status_url": web_url(params.status_url),
    }
    perform(control, tap.perform, parse(tap.Tap, given))


def end_tap(control: CallControl, params: Controlled) -> None:
    """Returns when nothing is sent any more."""
    perform(control, stop_tap.perform, stop_tap.StopTap(control_id=params.control_id))


def start_stream(control: CallControl, params: stream.Stream) -> None:
    """Returns when it runs."""
    web_url(params.status_url)
    perform(control, stream.perform, params)


def end_stream(control: CallControl, params: Controlled) -> None:
    """Returns when nothing is sent any more."""
    perform(control, stop_stream.perform, stop_stream.StopStream(control_id=params.control_id))


def _given(value: Any, where: str) -> Any:
    if value is None or value == "":
        raise Invalid(f"{where} is required.", code=MISSING, attribute=where)
    return value


COMMANDS = (
    Command("calling.tap", Tap, start_tap),
    Command("calling.tap.stop", Controlled, end_tap),
    Command("calling.stream", stream.Stream, start_stream),
    Command("calling.stream.stop", Controlled, end_stream),
)
