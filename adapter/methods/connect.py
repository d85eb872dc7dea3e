"""`connect`: call somebody and bridge (SWML reference, connect)."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import ONE_OR_MANY, Parameters, Steps


def _destination(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


class Header(Parameters):
    """A SIP header."""

    name: str = Field(description="name of the header")
    value: str = Field(description="its value")


class Options(Parameters):
    """What can be given for all destinations together and for each."""

    from_: str | None = Field(None, alias="from", description="caller number to show")
    from_name: str | None = Field(None, description="caller name to show (SIP)")
    headers: list[Header] | None = Field(None, description="SIP headers to send")
    codecs: str | None = Field(None, description="codecs to offer, separated by commas")
    webrtc_media: bool | None = Field(None, description="WebRTC media")
    session_timeout: int | None = Field(
        None, ge=0, description="seconds of the SIP session timer; 0 is off"
    )
    username: str | None = Field(None, description="SIP user name")
    password: str | None = Field(None, description="SIP password")
    timeout: int | None = Field(None, ge=1, description="seconds to ring")
    confirm: str | Steps | None = Field(
        None, description="URL of a document, or steps, run on the called leg before the bridge"
    )
    confirm_timeout: int | None = Field(
        None, ge=1, description="seconds for the confirmation; as long as the timeout if not given"
    )
    encryption: Literal["mandatory", "optional", "forbidden"] | None = Field(
        None, description="SRTP"
    )
    call_state_url: str | None = Field(None, description="where the leg's states are POSTed")
    call_state_events: (
        Annotated[list[Literal["created", "ringing", "answered", "ended"]], ONE_OR_MANY] | None
    ) = Field(None, description="states to be told of; ended if not given")
    name: str | None = Field(None, description="name of a `stream:`")
    codec: str | None = Field(None, description="codec of a `stream:`")
    realtime: bool | None = Field(None, description="`stream:` in both directions")
    status_url_method: Literal["GET", "POST"] | None = Field(
        None, description="how the status of a `stream:` is told"
    )
    authorization_bearer_token: str | None = Field(None, description="token for a `stream:`")
    custom_parameters: dict[str, Any] | None = Field(None, description="sent with a `stream:`")


class Destination(Options):
    """One destination; what it says goes before what the step says."""

    to: str = Field(description="number, sip:, stream:, queue: or /resource")


One = Annotated[
    Destination, BeforeValidator(_destination, json_schema_input_type=str | Destination)
]


class Connect(Options):
    """Call a destination, or several, and bridge it with the call."""

    one_of = ("to", "serial", "parallel", "serial_parallel")
    to: str | None = Field(None, description="number, sip:, stream:, queue: or /resource")
    serial: Annotated[list[One] | None, ONE_OR_MANY] = Field(
        None, description="destinations to try one after the other"
    )
    parallel: Annotated[list[One] | None, ONE_OR_MANY] = Field(
        None, description="destinations to ring at the same time"
    )
    serial_parallel: list[Annotated[list[One], ONE_OR_MANY]] | None = Field(
        None, description="groups to try one after the other, each rung at the same time"
    )
    webrtc_media: bool = Field(False, description="WebRTC media")
    session_timeout: int = Field(0, ge=0, description="seconds of the SIP session timer; 0 is off")
    ringback: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="what the caller hears meanwhile"
    )
    timeout: int = Field(60, ge=1, description="seconds to ring")
    max_duration: int = Field(14400, ge=1, description="seconds after which the bridge is ended")
    answer_on_bridge: bool = Field(
        False, description="answer the call only when the destination answers"
    )
    encryption: Literal["mandatory", "optional", "forbidden"] = Field(
        "optional", description="SRTP"
    )
    call_state_events: Annotated[
        list[Literal["created", "ringing", "answered", "ended"]], ONE_OR_MANY
    ] = Field(["ended"], description="states to be told of")
    realtime: bool = Field(False, description="`stream:` in both directions")
    status_url_method: Literal["GET", "POST"] = Field(
        "POST", description="how the status of a `stream:` is told"
    )
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    transfer_after_bridge: str | dict[str, Any] | None = Field(
        None, description="document, or its URL, to go on with after the bridge"
    )


SPEC = MethodSpec(
    "connect",
    Connect,
    branch="connect_result",
    steps=("confirm", "serial[].confirm", "parallel[].confirm", "serial_parallel[][].confirm"),
    documents=("transfer_after_bridge",),
)
