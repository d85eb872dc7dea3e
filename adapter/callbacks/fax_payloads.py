"""The JSON of status callbacks about faxes (SWML reference, receive_fax and send_fax)."""

from __future__ import annotations

from typing import Any

from adapter.callbacks.payloads import Payload, call_event
from adapter.store.rows import FAX, Recording

_FINAL = frozenset({"finished", "error"})


def fax_event(fax: Recording, *, timestamp: float, url: str) -> Payload | None:
    """`calling.call.fax` with the type finished; None while it lasts."""
    if fax.state not in _FINAL:
        return None
    facts = fax.options[FAX]
    params = {
        "direction": fax.direction,
        "identity": facts["identity"],
        "remote_identity": facts.get("remote", ""),
        "document": document_of(fax, url),
        "pages": facts.get("pages", 0),
        "success": facts.get("success", False),
        "result": facts.get("code"),
        "result_text": facts.get("text", ""),
        "format": fax.format if fax.direction == "receive" else "pdf",
    }
    return _event(fax, timestamp, {"type": "finished", "params": params})


def fax_page_event(fax: Recording, *, timestamp: float, number: int) -> Payload:
    """`calling.call.fax` with the type page, from 1."""
    params = {"direction": fax.direction, "number": number}
    return _event(fax, timestamp, {"type": "page", "params": params})


def document_of(fax: Recording, url: str) -> str | None:
    """Where the document is: what was sent, or `url` for what was received, if anything was."""
    if fax.direction == "send":
        sent: str = fax.options[FAX]["document"]
        return sent
    return url if fax.size else None


def _event(fax: Recording, timestamp: float, what: dict[str, Any]) -> Payload:
    return call_event("calling.call.fax", fax, timestamp, control_id=fax.control_id, fax=what)
