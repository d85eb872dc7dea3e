"""`dial`: a new call, and the document that it runs once it is answered.

    from, to, codecs, timeout, …      the leg: a number by the gateway, a SIP address
    url (fallback_url), swml          fetched after the answer; read at once
    custom_variables                  `envs` of the document, before the project's own
    status_url, status_events         `calling.call.state`

Wrong parameters are told at once. Whom nobody can reach, or who is busy, ends the call: that is
told at `status_url`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from adapter.callbacks.address import Method
from adapter.control.command import MISSING, parse
from adapter.control.errors import Invalid, NotPossible
from adapter.control.leg import call_leg
from adapter.control.order import Order
from adapter.control.script import checked_url
from adapter.control.states import Watch
from adapter.documents.sources import NoSourceError, Url, remote
from adapter.freeswitch.dial_strings import plain
from adapter.freeswitch.errors import UnsafeValue
from adapter.freeswitch.leg_options import LegOptions
from adapter.swml.errors import DocumentError
from adapter.swml.parameters import ONE_OR_MANY, Parameters, folded

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.control.dialler import Dialler
    from adapter.swml.document import Document

Read = Callable[[str, str], "Document"]
"""A document by its text and its name; raises DocumentError."""

Event = Literal["queued", "initiated", "created", "ringing", "answered", "ending", "ended"]


class Header(Parameters):
    """A SIP header."""

    name: str
    value: str


class Dial(Parameters):
    """A call to make. Times in seconds."""

    from_: str = Field(alias="from")
    to: str
    url: str | None = None
    url_method: Annotated[Method, folded(str.upper)] = "POST"
    fallback_url: str | None = None
    swml: str | dict[str, Any] | None = None
    caller_id: str | None = None
    status_url: str | None = None
    status_events: Annotated[list[Event], ONE_OR_MANY] = Field(["ended"])
    timeout: int = Field(60, ge=1, le=600)
    codecs: Annotated[list[str] | None, ONE_OR_MANY] = None
    send_digits: str | None = Field(None, pattern=r"^[0-9A-Da-d*#wW]*$", max_length=1000)
    headers: list[Header] = Field([])
    username: str | None = None
    password: str | None = None
    custom_variables: dict[str, Any] = Field({})


def dial(
    dialler: Dialler,
    read: Read,
    project: Project,
    params: Mapping[str, Any],
    *,
    form: Method | None = None,
) -> dict[str, Any]:
    """Make a call; the call (CallLeg) as it is then. Raises a `ControlError`.

    With `form` its states are told as LaML tells them, by this method.
    """
    if not dialler.can_dial:
        raise NotPossible("No switch is configured to dial with: set `nodes`.")
    given = parse(Dial, params)
    if given.url and given.swml:
        raise Invalid("Give one of url and swml.", attribute="swml")
    document = _document(given, read)
    order = Order(
        project=project,
        to=given.to,
        from_=given.from_,
        leg=leg(given),
        timeout=given.timeout,
        begins=_beginning(given, document, files=dialler.has_folder),
        document=document,
        watch=_watch(given, form=form),
    )
    return call_leg(dialler.dial(order))


def _document(given: Dial, read: Read) -> Document | None:
    """The document that the command holds; that of a URL is fetched later."""
    if not given.swml:
        return None
    text = given.swml if isinstance(given.swml, str) else json.dumps(given.swml)
    try:
        return read(text, "<dial>")
    except DocumentError as error:
        raise Invalid(str(error), attribute="swml") from error


def _beginning(given: Dial, document: Document | None, *, files: bool) -> dict[str, Any]:
    begins: dict[str, Any] = {
        "envs": given.custom_variables,
        "send_digits": given.send_digits or "",
    }
    if document is not None:
        return begins | {"document": document.content_hash}
    if not given.url:
        raise Invalid("Give url or swml.", code=MISSING, attribute="url")
    urls = {"url": given.url, "fallback_url": given.fallback_url}
    begins["url_method"] = given.url_method
    return begins | {name: _place(name, url, files) for name, url in urls.items() if url}


def _place(name: str, url: str, files: bool) -> str:
    """The URL, if a document can be there: nobody's phone shall ring for nothing."""
    try:
        place = remote(url)
    except NoSourceError as error:
        raise Invalid(f"{name}: {error}", attribute=name) from error
    if not files and not isinstance(place, Url):
        raise Invalid(f"{name}: files need the setting documents.folder", attribute=name)
    return url


def _watch(given: Dial, *, form: Method | None) -> Watch | None:
    if not given.status_url:
        return None
    url = checked_url(given.status_url, "status_url")
    return Watch(url, frozenset(given.status_events), form)


def leg(given: Dial) -> LegOptions:
    """What is asked of the leg; each part is tried alone, so that the wrong one is named."""
    shown = given.caller_id or given.from_
    parts = {
        "caller_id" if given.caller_id else "from": LegOptions(from_=shown, from_name=shown),
        "codecs": LegOptions(codecs=",".join(given.codecs or ())),
        "headers": LegOptions(
            headers=tuple((header.name, header.value) for header in given.headers)
        ),
        "username": LegOptions(username=given.username or ""),
        "password": LegOptions(password=given.password or ""),
    }
    for name, part in parts.items():
        try:
            for value in part.variables().values():
                plain(value)
        except UnsafeValue as error:
            raise Invalid(f"{name}: {error}", attribute=name) from error
    return LegOptions(
        from_=shown,
        from_name=shown,
        headers=parts["headers"].headers,
        codecs=parts["codecs"].codecs,
        username=given.username or "",
        password=given.password or "",
    )
