"""What `dest` of an execute or transfer names: a section, a URL, or a document itself."""

from collections.abc import Mapping
from typing import Any, Final

_URL_SCHEMES: Final = ("http://", "https://", "file:")


def is_url(dest: Any) -> bool:
    """Whether a document is to be fetched from `dest`."""
    return isinstance(dest, str) and dest.lower().startswith(_URL_SCHEMES)


def is_document(dest: Any) -> bool:
    """Whether `dest` is a document, as text or as a value, rather than the name or URL of one.

    `${url}` alone is none, though it begins like one.
    """
    if isinstance(dest, Mapping):
        return True
    if not isinstance(dest, str):
        return False
    text = dest.lstrip()
    return text.startswith("{") or ("\n" in text and "sections:" in text)
