"""What the rendered files depend on: names, defaults and meanings of the options.

They are checked before anything is written: what goes into a dialplan or into FreeSWITCH's XML
preprocessor must hold nothing that it would expand (`$${`), split or run.
"""

import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from adapter.config import Address
from adapter.config.section import ShortWord
from adapter.config.values import AddressField, Network, Port

LOG_LEVELS = ("debug", "info", "notice", "warning", "err", "crit", "alert")

# A regular expression may hold almost anything, but `${` would be expanded by the dialplan.
Pattern = Annotated[str, Field(pattern=r"^[^\s]+$")]
PlainPath = Annotated[str, Field(pattern=r"^/[\w./+=@~-]*$")]
SoundFile = Annotated[str, Field(pattern=r"^[\w./+=@~:%(),;-]+$")]
Cause = Annotated[str, Field(pattern=r"^[A-Z_0-9]+$")]
HOST = r"^[A-Za-z0-9.:_-]+$"
Host = Annotated[str, Field(pattern=HOST)]
Password = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]{8,}$")]


def _no_expansion(value: str) -> str:
    if "${" in value:
        raise ValueError("has ${, which the switch would expand")
    return value


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DialplanOptions(Options):
    """What the dialplan and the adapter's systemd unit depend on."""

    adapters: list[AddressField] = Field(
        [Address("127.0.0.1", 8084)],
        min_length=1,
        description="adapters, tried in this order; host:port, several as a list",
    )
    path: Annotated[str, Field(pattern=r"^[\w./-]*$")] = Field(
        "", description="path for the adapter's routes, without a leading /"
    )
    context: ShortWord = Field("public", description="dialplan context")
    match: Annotated[Pattern, AfterValidator(_no_expansion)] = Field(
        r"^\+?[0-9*#]+$", description="regular expression of the numbers that the adapter gets"
    )
    pause_ms: int = Field(500, ge=20, description="pause between two rounds, in milliseconds")
    rounds: int = Field(
        60, ge=1, le=1000, description="rounds over all adapters before the last resort"
    )
    last_resort_file: SoundFile | None = Field(
        None, description="sound that is played when no adapter answers"
    )
    last_resort_cause: Cause = Field(
        "NORMAL_TEMPORARY_FAILURE", description="hangup cause when no adapter answers (SIP 503)"
    )
    recordings_dir: PlainPath = Field(
        "/var/lib/swml-adapter/recordings", description="recordings, as the switch sees them"
    )
    executable: PlainPath = Field("/usr/local/bin/swml-adapter", description="for the systemd unit")
    settings_file: PlainPath = Field(
        "/etc/swml-adapter/settings.yaml", description="for the systemd unit"
    )
    user: ShortWord = Field("swml-adapter", description="the adapter's user, for the systemd unit")
    group: ShortWord = Field("freeswitch", description="the switch's group, for the systemd unit")

    @field_validator("adapters")
    @classmethod
    def _have_plain_hosts(cls, adapters: list[Address]) -> list[Address]:
        for adapter in adapters:
            if not re.fullmatch(HOST, adapter.host) or adapter.port == 0:
                raise ValueError(f"{adapter} is not a host and a port to connect to")
        return adapters

    @property
    def hosts(self) -> list[str]:
        """The adapters as the `socket` application wants each (mod_event_socket.c).

        It looks for the last colon, so IPv6 addresses stand without brackets.
        """
        path = f"/{self.path.strip('/')}" if self.path else ""
        return [f"{adapter.host}:{adapter.port}{path}" for adapter in self.adapters]


LOOPBACK: list[Network] = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


class SwitchOptions(DialplanOptions):
    """What a whole switch configuration depends on."""

    match: Annotated[Pattern, AfterValidator(_no_expansion)] = Field(
        "^.+$", description="regular expression of the numbers that the adapter gets"
    )
    sip_profile: ShortWord = Field("internal", description="name of the SIP profile")
    sip_ip: Host = Field("127.0.0.1", description="address for SIP and RTP")
    sip_port: Port = Field(5060, description="port for SIP")
    external_ip: Host | None = Field(None, description="address that others see, behind NAT")
    rtp_start_port: Port = Field(16384, description="first port for RTP")
    rtp_end_port: Port = Field(32768, description="last port for RTP")
    codecs: Annotated[str, Field(pattern=r"^[\w@,.]+$")] = Field("PCMU,PCMA", description="codecs")
    calls_from: list[Network] = Field(LOOPBACK, description="networks that may call")
    media_timeout: int = Field(300, gt=0, description="seconds without RTP that end a call")
    event_socket_ip: Host = Field("127.0.0.1", description="address of the event socket")
    event_socket_port: Port = Field(8021, description="port of the event socket")
    event_socket_from: list[Network] = Field(
        LOOPBACK, description="networks that may use the event socket"
    )
    event_socket_password: Password = Field(
        default_factory=lambda: secrets.token_urlsafe(24), description="default: a random one"
    )
    switch_name: ShortWord | None = Field(None, description="name of the node; default: the host's")
    modules_dir: Path | None = Field(
        None, description="folder of the switch's modules; only what is there is loaded"
    )
    music_dir: PlainPath | None = Field(None, description="folder of music for local_stream")
    hold_music: SoundFile = Field(
        "tone_stream://%(200,4000,440,480);loops=-1", description="what waiting callers hear"
    )
    max_sessions: int = Field(4000, gt=0, description="channels at the same time")
    sessions_per_second: int = Field(500, gt=0, description="new channels a second")
    log_level: Literal["debug", "info", "notice", "warning", "err"] = Field(
        "notice", description="least level of the log"
    )

    @model_validator(mode="after")
    def _ports_agree(self) -> Self:
        if self.rtp_end_port <= self.rtp_start_port:
            raise ValueError("rtp_end_port must be above rtp_start_port")
        if self.event_socket_port == self.sip_port:
            raise ValueError("event_socket_port must be another port than sip_port")
        return self

    @property
    def log_levels(self) -> str:
        """The level and all above it, as mod_logfile and mod_console want them."""
        return ",".join(LOG_LEVELS[LOG_LEVELS.index(self.log_level) :])
