"""Faxes by mod_spandsp: its applications, their variables, and what its events say.

Source: mod_spandsp_fax.c. `rxfax` and `txfax` end with the fax, and not by `uuid_break`, but by
`stopfax`, which runs inside them. The result is an event; at a hangup it comes right behind it.
Without `socket_resume` they outlive our connection (mod_event_socket.c, `listener_run`), and leave
what became of them in the channel's variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from adapter.freeswitch import commands
from adapter.freeswitch.wire import Headers

RECEIVE, SEND, STOP = "rxfax", "txfax", "stopfax"
"""Applications; the argument of the first two is the TIFF."""

NEGOTIATED = ("spandsp::rxfaxnegociateresult", "spandsp::txfaxnegociateresult")
"""There is a fax machine at the other end."""

PAGE = ("spandsp::rxfaxpageresult", "spandsp::txfaxpageresult")
RESULT = ("spandsp::rxfaxresult", "spandsp::txfaxresult")

ALONE_VARIABLE = "swml_fax"
"""Set while a fax outlives us."""

LONGEST_IDENT = 20
"""Characters of a station's identity (ITU-T T.30, 5.3.6.2.4)."""

TIMED_OUT = 2, "Timed out waiting for initial communication"
"""spandsp's own words for an end that is no fax machine (T30_ERR_T0_EXPIRED and its kin)."""


def subscribe() -> bytes:
    """Hear what becomes of faxes, besides what is heard already."""
    return commands.subscribe(("CUSTOM", *NEGOTIATED, *PAGE, *RESULT))


def running(uuid: str) -> bytes:
    """Ask what application a call runs."""
    return commands.get_variable(uuid, "current_application")


def variables(*, identity: str, header: str, t38: bool, asks: bool) -> dict[str, str]:
    """How a fax is to be done. The switch decodes both texts, so that nothing in them counts.

    T.38 is what the receiving end asks for (ITU-T T.38, D.2.2.4), or both would ask at once and
    refuse each other.
    """
    return {
        "fax_ident": quote(identity[:LONGEST_IDENT], safe=""),
        "fax_header": quote(header, safe=""),
        "fax_enable_t38": str(t38).lower(),
        "fax_enable_t38_request": str(t38 and asks).lower(),
        "socket_resume": "false",
        ALONE_VARIABLE: "true",
    }


def over(uuid: str, resume: str) -> bytes:
    """What the call runs is not to outlive us any more; `resume` is `socket_resume` of before."""
    return commands.set_variables(uuid, {"socket_resume": resume, ALONE_VARIABLE: ""})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fax: T.30's result code and text, the pages, the other end's identity."""

    success: bool = False
    code: int | None = None
    text: str = "nobody saw the end of the fax"
    pages: int = 0
    remote: str = ""

    @classmethod
    def of(cls, event: Headers) -> Self:
        """As the result's event has it."""
        return cls._of({name: event.get(f"fax-{name.replace('_', '-')}") for name in _FIELDS})

    @classmethod
    def of_channel(cls, channel: Headers, path: str) -> Self | None:
        """As the channel still knows it of the fax with this file; None if it was another one."""
        if channel.get("variable_fax_filename") != path:
            return None
        return cls._of({name: channel.get(f"variable_fax_{name}") for name in _FIELDS})

    @classmethod
    def _of(cls, found: Mapping[str, str]) -> Self:
        code, pages = found["result_code"], found["document_transferred_pages"]
        return cls(
            success=found["success"] == "1",
            code=int(code) if code.isdigit() else None,
            text=found["result_text"] or "the switch gave no reason",
            pages=int(pages) if pages.isdigit() else 0,
            remote=found["remote_station_id"],
        )


_FIELDS = (
    "success",
    "result_code",
    "result_text",
    "document_transferred_pages",
    "remote_station_id",
)
