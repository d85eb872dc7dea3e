"""Time zones for expressions: how far from UTC a zone is, and since when. QuickJS knows none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

_NAME: Final = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+\-]+){0,2}")
_QUOTED: Final = re.compile(rf"""(["'`])({_NAME.pattern})\1""")
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=30)
_MOST: Final = 4
"""Zones of one expression."""

Changes = tuple[tuple[int | None, float], ...]
"""Milliseconds, and the minutes from UTC from then on."""


def zones_in(source: str, values: Iterable[Any]) -> Mapping[str, Changes]:
    """The zones that an expression may ask for: named in its source, or by one of its values."""
    if "timeZone" not in source:
        return {}
    named = [match[2] for match in _QUOTED.finditer(source)]
    named += [value for value in values if isinstance(value, str) and _NAME.fullmatch(value)]
    known = ((name, changes(name)) for name in dict.fromkeys(named))
    return dict([(name, found) for name, found in known if found][:_MOST])


@lru_cache(maxsize=64)
def changes(name: str) -> Changes:
    """Of a zone, from 1970 to 2050; empty when there is none of that name."""
    try:
        zone = ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return ()
    found: list[tuple[int | None, float]] = [(None, _minutes(zone, _FIRST))]
    at = _FIRST
    while at < _LAST:
        if _minutes(zone, at) != _minutes(zone, at + _STEP):
            change = _between(zone, at, at + _STEP)
            found.append((round(change.timestamp() * 1000), _minutes(zone, change)))
        at += _STEP
    return tuple(found)


def _between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second after the change that lies between two times."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if _minutes(zone, middle) == _minutes(zone, before):
            before = middle
        else:
            after = middle
    return after


def _minutes(zone: ZoneInfo, at: datetime) -> float:
    offset = at.astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds() / 60
