"""What can be asked of a call leg, as the channel variables that ask FreeSWITCH for it. Pure.

Source: switch_ivr_originate.c (`origination_…`, `leg_timeout`), sofia_glue.c
(sofia_glue_do_invite: `sip_h_…`, `sip_invite_domain`, `sofia_session_timeout`), sofia.c
(`sip_auth_…`), switch_core_media.c (`absolute_codec_string`, `rtp_secure_media`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from adapter.freeswitch.errors import UnsafeValue

Encryption = Literal["mandatory", "optional", "forbidden"]

LONGEST_NAME = 80
"""Characters of a display name that are shown; the rest is cut off."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_USER = re.compile(r"\+?[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,255}")
_CODECS = re.compile(r"[A-Za-z0-9_.@]{1,40}(?:,[A-Za-z0-9_.@]{1,40}){0,31}")
_NOT_SHOWN = re.compile(r'[\x00-\x1f\x7f"\\<>]+')

_OWN_HEADERS = """
    accept allow authorization call-id contact content-disposition content-encoding content-length
    content-type cseq from max-forwards min-se proxy-authorization record-route replaces require
    route session-expires supported to via
"""
OWN_HEADERS = frozenset(_OWN_HEADERS.split())
"""SIP headers that the switch itself writes: a second one would break or redirect the call."""


@dataclass(frozen=True, slots=True)
class LegOptions:
    """One leg's wishes; what is empty is left to the switch."""

    from_: str = ""
    """A number, or a SIP URI or address (`user@host`)."""

    from_name: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    codecs: str = ""
    timeout: int = 0
    """Seconds to ring."""

    encryption: Encryption | None = None
    username: str = ""
    password: str = ""
    session_timeout: int = 0
    """Seconds of the SIP session timer."""

    webrtc: bool = False

    def variables(self) -> dict[str, str]:
        """The leg's channel variables; raises `UnsafeValue` for what cannot be asked."""
        wished = {
            **_caller(self.from_),
            "origination_caller_id_name": _shown(self.from_name),
            "absolute_codec_string": _codecs(self.codecs),
            "rtp_secure_media": self.encryption or "",
            "sip_auth_username": self.username,
            "sip_auth_password": self.password,
            "media_webrtc": "true" if self.webrtc else "",
            "leg_timeout": str(self.timeout or ""),
            "sofia_session_timeout": str(self.session_timeout or ""),
            **{f"sip_h_{_header(name)}": value for name, value in self.headers},
        }
        return {name: value for name, value in wished.items() if value}


def _caller(text: str) -> dict[str, str]:
    user, at, host = re.sub(r"^sips?:", "", text, flags=re.IGNORECASE).partition("@")
    number = re.sub(r"[ ()]", "", user)
    if text and not (_USER.fullmatch(number) and (not at or _HOST.fullmatch(host))):
        raise UnsafeValue(f"this is no caller number: {text[:60]!r}")
    return {"origination_caller_id_number": number, "sip_invite_domain": host}


def _shown(name: str) -> str:
    return _NOT_SHOWN.sub(" ", name)[:LONGEST_NAME].strip()


def _codecs(text: str) -> str:
    codecs = text.replace(" ", "")
    if codecs and not _CODECS.fullmatch(codecs):
        raise UnsafeValue(f"these are no codecs: {text[:60]!r}")
    return codecs


def _header(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
        raise UnsafeValue(f"this SIP header cannot be sent: {name[:60]!r}")
    return name
