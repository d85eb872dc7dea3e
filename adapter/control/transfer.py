"""`calling.transfer` and `update`: another document in place of the one that runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from adapter.callbacks.address import Method
from adapter.control import end
from adapter.control.command import MISSING, Command
from adapter.control.errors import Invalid
from adapter.control.script import checked_url, fetched, read
from adapter.swml.parameters import Parameters, folded

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.swml.document import Document

_URL = re.compile(r"https?://", re.IGNORECASE)
_DOCUMENT = re.compile(r"[\n{\[]")
"""In an address, of whatever kind, there is none of these; in a document there is."""


class Transfer(Parameters):
    """Where the call goes: a document, its URL, a number or a SIP address."""

    dest: str | dict[str, Any]


class Update(Parameters):
    """Another document, or the end; `id` names the call."""

    id: str
    url: str | None = None
    url_method: Annotated[Method, folded(str.upper)] = "POST"
    swml: str | dict[str, Any] | None = None
    fallback_url: str | None = None
    status: Literal["canceled", "completed"] | None = None
    status_url: str | None = None


def transfer(control: CallControl, params: Transfer) -> None:
    """Returns once the new document is there and begins."""
    control.script.replace(_document(control, params.dest))


def _document(control: CallControl, dest: str | dict[str, Any]) -> Document:
    if not isinstance(dest, str) or _DOCUMENT.search(dest):
        return read(control.documents, "dest", dest)
    if _URL.match(dest):
        return fetched(control.documents, "dest", dest)
    connect = {"sections": {"main": [{"connect": {"to": dest}}]}}
    return read(control.documents, "dest", connect)


def update(control: CallControl, params: Update) -> None:
    """End the call, or give it another document; each where SignalWire allows it.

    From now on its states are told at `status_url`, the end that it is given here as well.
    """
    if params.url and params.swml:
        raise Invalid("Give one of url and swml.", attribute="swml")
    if params.status:
        _require_possible(control, params.status)
    elif params.url or params.swml:
        _require_answered(control)
    elif not params.status_url:
        raise Invalid("Give url, swml or status.", code=MISSING, attribute="url")
    document = None if params.status else _given(control, params)
    if params.status_url:
        control.script.watch(checked_url(params.status_url, "status_url"))
    if params.status:
        control.call.hangup(end.CAUSES["hangup" if control.call.answered else "cancel"])
    elif document is not None:
        control.script.replace(document)


def _require_answered(control: CallControl) -> None:
    if not control.call.answered:
        message = "Only an answered call can be given another document."
        raise Invalid(message, code="cannot_redirect_not_in_progress")


def _given(control: CallControl, params: Update) -> Document | None:
    if params.url:
        fallback, method = params.fallback_url, params.url_method
        return fetched(control.documents, "url", params.url, fallback, method)
    return read(control.documents, "swml", params.swml) if params.swml else None


def _require_possible(control: CallControl, status: str) -> None:
    answered = control.call.answered
    if status == "canceled" and answered:
        message = "An answered call cannot be canceled: complete it."
        raise Invalid(message, code="cannot_cancel_in_progress", attribute="status")
    if status == "completed" and not answered:
        message = "A call that is not answered cannot be completed: cancel it."
        raise Invalid(message, code="call_update_failed", attribute="status")


COMMANDS = (
    Command("calling.transfer", Transfer, transfer, leg=True),
    Command("update", Update, update, early=True, leg=True),
)
