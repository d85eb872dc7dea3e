"""Faxes: `rxfax`, `txfax` and `stopfax` of mod_spandsp, without modems.

Source: mod_spandsp_fax.c. There is a fax machine at the other end of a call where its party is
wired to the party of another call (`sim wire`), and the other call runs the other application. The
pages are then handed over as the file that they are.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

from adapter.simswitch.fax_machine import FaxMachine
from adapter.simswitch.session import Session
from adapter.simswitch.strings import url_decode

TIMED_OUT = 2, "Timed out waiting for initial communication"
DROPPED = 49, "The call dropped prematurely"
DONE = 0, "OK"

PATIENCE_SECONDS = 60.0
"""Seen on a running switch: 61 s until `txfax` gives up on a voice."""

NEGOTIATION_SECONDS = 0.5
PAGE_SECONDS = 1.5
"""A real one takes eight seconds to agree, and six for an empty page."""


class Transmission:
    """One run of a fax application, by the machine that the call is meanwhile."""

    def __init__(self, session: Session, machine: FaxMachine) -> None:
        self._session = session
        self._channel = session.channel
        self._mine = machine

    def run(self) -> None:
        """To the end of the fax, of the call, or of its patience."""
        self._channel.set("fax_filename", self._mine.path)
        code, text = self._transmit()
        self._tell_result(code, text)

    def _transmit(self) -> tuple[int, str]:
        until = time.monotonic() + PATIENCE_SECONDS
        while (other := self._other()) is None:
            if time.monotonic() > until:
                return TIMED_OUT
            if not self._lasts(0.02):
                return DROPPED
        return self._exchange(other)

    def _exchange(self, other: FaxMachine) -> tuple[int, str]:
        if not self._lasts(NEGOTIATION_SECONDS):
            return DROPPED
        self._fire("negociateresult", {"fax-remote-station-id": other.ident})
        self._channel.set("fax_remote_station_id", other.ident)
        source = self._mine.path if self._mine.kind == "tx" else other.path
        document = Path(source).read_bytes()
        for number in range(1, count_pages(document) + 1):
            if not self._lasts(PAGE_SECONDS):
                return DROPPED
            self._mine.pages = number
            if self._mine.kind == "rx":
                Path(self._mine.path).write_bytes(first_pages(document, number))
            self._fire("pageresult", {"fax-document-transferred-pages": str(number)})
        return DONE

    def _other(self) -> FaxMachine | None:
        wired = self._session.wired
        machine = wired.fax if wired is not None else None
        return machine if machine is not None and machine.kind != self._mine.kind else None

    def _lasts(self, seconds: float) -> bool:
        """Whether nothing ends it for so long."""
        until = time.monotonic() + seconds
        while self._channel.ready and not self._mine.stopped:
            self._session.run_messages()
            left = until - time.monotonic()
            if left <= 0 or self._session.flat:
                break
            self._session.pause(min(left, 0.02))
        return self._channel.ready and not self._mine.stopped

    def _tell_result(self, code: int, text: str) -> None:
        values = {
            "success": "0" if code else "1",
            "result_code": str(code),
            "result_text": text,
            "document_transferred_pages": str(self._mine.pages),
            "local_station_id": self._mine.ident,
            "remote_station_id": self._channel.get("fax_remote_station_id") or "",
        }
        for name, value in values.items():
            self._channel.set(f"fax_{name}", value)
        self._fire("result", {f"fax-{n.replace('_', '-')}": v for n, v in values.items()})

    def _fire(self, what: str, facts: dict[str, str]) -> None:
        subclass = f"spandsp::{self._mine.kind}fax{what}"
        self._channel.fire("CUSTOM", {"Event-Subclass": subclass, **facts})


def rxfax(session: Session, data: str) -> None:
    """`path` of the TIFF to write."""
    _run(session, "rx", data)


def txfax(session: Session, data: str) -> None:
    """`path` of the TIFF to send."""
    if not Path(data).is_file():
        session.respond("Cannot send non-existant fax file")
        return
    _run(session, "tx", data)


def stopfax(session: Session, _data: str) -> None:
    """Ends the one that runs."""
    if session.fax is not None:
        session.fax.stopped = True


def _run(session: Session, kind: str, path: str) -> None:
    session.channel.answer()
    session.fax = machine = FaxMachine(kind, path)
    machine.ident = url_decode(session.channel.get("fax_ident") or "") or machine.ident
    try:
        Transmission(session, machine).run()
    finally:
        session.fax = None


def count_pages(tiff: bytes) -> int:
    """How many pages a TIFF has."""
    return len(_directories(tiff))


def first_pages(tiff: bytes, count: int) -> bytes:
    """The same TIFF, ending with page number `count`."""
    ends = _directories(tiff)[count - 1]
    return tiff[:ends] + bytes(4) + tiff[ends + 4 :]


def _directories(tiff: bytes) -> list[int]:
    """Where each page's directory says where the next one is (TIFF 6.0, section 2)."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    found: list[int] = []
    offset = struct.unpack_from(f"{order}I", tiff, 4)[0] if order else 0
    while offset and offset + 2 <= len(tiff):
        (entries,) = struct.unpack_from(f"{order}H", tiff, offset)
        ends = offset + 2 + 12 * entries
        if ends in found or ends + 4 > len(tiff):
            break
        found.append(ends)
        (offset,) = struct.unpack_from(f"{order}I", tiff, ends)
    return found
