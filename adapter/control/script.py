"""What those who control a call may do with its script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from adapter.callbacks.address import AddressError, Method, origin_of
from adapter.control.errors import Invalid
from adapter.documents.errors import FetchError
from adapter.documents.sources import NoSourceError
from adapter.swml.errors import DocumentError

if TYPE_CHECKING:
    from adapter.methods.context import Documents
    from adapter.swml.document import Document


class Script(Protocol):
    """The running document of a call."""

    def replace(self, document: Document) -> None:
        """Run this document in place of the one that runs."""

    def watch(self, url: str) -> None:
        """Tell the call's states there."""


def fetched(
    documents: Documents,
    attribute: str,
    url: str,
    fallback: str | None = None,
    method: Method = "POST",
) -> Document:
    """The document at a URL, or at the other; raises `Invalid` that names the parameter."""
    try:
        return documents.fetch(url, method)
    except (FetchError, NoSourceError, DocumentError) as error:
        if fallback:
            return fetched(documents, "fallback_url", fallback)
        raise Invalid(str(error), attribute=attribute) from error


def read(documents: Documents, attribute: str, source: str | Mapping[str, Any]) -> Document:
    """A document that a command holds; raises `Invalid` that names the parameter."""
    text = source if isinstance(source, str) else json.dumps(source)
    try:
        return documents.read(text)
    except DocumentError as error:
        raise Invalid(str(error), attribute=attribute) from error


def checked_url(url: str, attribute: str) -> str:
    """`url` if callbacks can be sent there; raises `Invalid` that names the parameter."""
    try:
        origin_of(url)
    except AddressError as error:
        raise Invalid(f"{attribute}: {error}", attribute=attribute) from error
    return url
