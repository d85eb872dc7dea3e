"""Lists in pages, for REST and for LaML: parameters in, a page of rows and the others' places out.

A page is named by its number and, beyond the first, by a token that says behind (`PA`) or before
(`PB`) which row it lies: so nothing is missed or shown twice while rows come and go, even when a
client deletes each row of a page before it asks for the next.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlencode

import falcon

from adapter.store.rows import Cursor
from adapter.store.writes import can_be_stored

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
LARGEST_NUMBER = 1_000_000


class Listed(Protocol):
    """A row of a list."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> float: ...


Row = TypeVar("Row", bound=Listed)


@dataclass(frozen=True, slots=True)
class Names:
    """How an API calls its parameters, and what it answers to a wrong one."""

    number: str
    size: str
    token: str
    refuse: Callable[[str, str], Exception]
    """By the parameter's name and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The page that a request asks for."""

    number: int
    size: int
    cursor: Cursor | None

    @property
    def limit(self) -> int:
        """Rows to read: one more than the page has, to know whether there are others."""
        return self.size + 1

    @property
    def offset(self) -> int:
        """Rows to leave out, where no token says where the page begins."""
        return 0 if self.cursor else self.number * self.size


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the addresses (without the path) of the pages around them."""

    rows: Sequence[Row]
    wanted: Wanted
    first: str
    next: str | None
    prev: str | None


def wanted(req: falcon.Request, names: Names) -> Wanted:
    """The page that the request asks for; raises what `names` says."""
    number = _whole(req, names, names.number, 0, 0, LARGEST_NUMBER)
    size = _whole(req, names, names.size, DEFAULT_SIZE, 1, LARGEST_SIZE)
    token = _given(req, names.token)
    cursor = _cursor(token) if token else None
    if token and cursor is None:
        raise names.refuse(names.token, "is not one that a list gave")
    return Wanted(number, size, cursor)


def page(req: falcon.Request, names: Names, asked: Wanted, rows: Sequence[Row]) -> Page[Row]:
    """The page of the rows that were read for it."""
    back = asked.cursor is not None and asked.cursor.back
    more = len(rows) > asked.size
    kept = rows[-asked.size :] if back else rows[: asked.size]
    has_next = back or more
    has_prev = more if back else asked.number > 0 or asked.cursor is not None
    kept_filters = {
        name: value
        for name, value in req.params.items()
        if name not in (names.number, names.size, names.token)
    }

    def address(number: int, token: str | None = None) -> str:
        query = {**kept_filters, names.number: max(0, number), names.size: asked.size}
        return "?" + urlencode(query | ({names.token: token} if token else {}), doseq=True)

    return Page(
        kept,
        asked,
        first=address(0),
        next=address(asked.number + 1, _token(kept[-1], "PA")) if has_next and kept else None,
        prev=address(asked.number - 1, _token(kept[0], "PB")) if has_prev and kept else None,
    )


def _given(req: falcon.Request, name: str) -> str:
    value = req.params.get(name) or ""
    return value if isinstance(value, str) else value[-1]


def _whole(
    req: falcon.Request, names: Names, name: str, default: int, least: int, most: int
) -> int:
    text = _given(req, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise names.refuse(name, f"is not a whole number from {least} to {most}")
    return int(text)


def _token(row: Listed, kind: str) -> str:
    place = f"{row.created_at!r} {row.id}".encode(errors="replace")
    return kind + base64.urlsafe_b64encode(place).decode().rstrip("=")


def _cursor(token: str) -> Cursor | None:
    kind, text = token[:2], token[2:]
    try:
        place = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        created_at, blank, row_id = place.partition(" ")
        moment = float(created_at)
    except (ValueError, binascii.Error):
        return None
    if (
        kind not in ("PA", "PB")
        or not blank
        or not math.isfinite(moment)
        or not can_be_stored(row_id)
    ):
        return None
    return Cursor(moment, row_id, back=kind == "PB")
