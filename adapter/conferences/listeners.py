"""Who is told what happens in a conference: the status URLs that its participants brought along.

They are kept in the conference itself, as variables that the switch adds to each of its events
(mod_conference.c, `conference_event_add_data`). So every adapter that serves one of the calls knows
them all, they outlive each adapter, and they end with the conference.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from adapter.callbacks.address import Method
from adapter.freeswitch.wire import Event

PREFIX = "swml_listener_"
"""How the names of these variables begin."""

KINDS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
"""What can be asked for (SWML reference, join_conference, status_callback_event)."""

USUAL = frozenset(KINDS) - {"speaker"}
"""What is told where nothing is asked for: one talks and falls silent too often."""

MOST = 16
"""Listeners of a conference that are told of others' calls: all stand in each of its events."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A status URL, and of what it is told."""

    url: str
    kinds: frozenset[str] = USUAL
    method: Method = "POST"

    @classmethod
    def parse(cls, url: str, kinds: str | None, method: Method = "POST") -> Self:
        """From `status_callback` and `status_callback_event`: names between blanks or commas."""
        asked = frozenset((kinds or "").replace(",", " ").split()) & frozenset(KINDS)
        return cls(url, asked or USUAL, method)

    @property
    def variable(self) -> str:
        """The name of its variable: the same for the same listener."""
        return PREFIX + hashlib.sha256(self.token.encode()).hexdigest()[:16]

    @property
    def token(self) -> str:
        """All of it, in characters that mean nothing to the switch."""
        how = ["GET"] if self.method == "GET" else []
        text = json.dumps([self.url, sorted(self.kinds), *how], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode(errors="replace")).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> Self:
        """What `token` gave; raises ValueError for anything else."""
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            url, kinds, *how = json.loads(text)
            method: Method = "GET" if how == ["GET"] else "POST"
            return cls(str(url), frozenset(map(str, kinds)), method)
        except (binascii.Error, ValueError, TypeError) as error:
            raise ValueError("this is no listener") from error


def listening(event: Event, own: Listener | None = None) -> list[Listener]:
    """Everybody who is told of an event, the call's own listener first; each URL once."""
    found = [own] if own else []
    for token in event.starting(PREFIX).values():
        try:
            found.append(Listener.from_token(token))
        except ValueError:
            continue  # somebody else's variable
    return list(_by_url(found))


def _by_url(listeners: Iterable[Listener]) -> Iterable[Listener]:
    merged: dict[str, Listener] = {}
    for listener in listeners:
        known = merged.get(listener.url)
        kinds = listener.kinds | known.kinds if known else listener.kinds
        merged[listener.url] = replace(known or listener, kinds=kinds)
    return merged.values()
