"""Byte ranges and validators of a download (RFC 9110, sections 13 and 14), without any HTTP object.

Only single ranges are served.  What RFC 9110 lets a server ignore (another unit, several ranges, a
range it cannot read) gives the whole file, so that no client is refused for asking too much.
"""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_SINGLE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
# A file has no more bytes than that has digits; longer numbers would only cost time.
_MAX_DIGITS = 18


class RangeNotSatisfiable(ValueError):
    """The range lies outside the file: answer 416 with `Content-Range: bytes */size`."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range asked for; None for the whole file.

    Raises RangeNotSatisfiable when it begins behind the file's end or asks for no byte at all.
    """
    match = _SINGLE.fullmatch(header or "")
    if match is None:
        return None
    first, last = match.groups()
    if len(first) > _MAX_DIGITS or len(last) > _MAX_DIGITS or not (first or last):
        return None
    if not first:
        return _suffix(int(last), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return ByteRange(start, min(int(last) + 1, size) if last else size)


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise RangeNotSatisfiable
    return ByteRange(max(0, size - length), size)


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names this version (a weak comparison, as for any GET)."""
    if not if_none_match:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def range_applies(if_range: str | None, etag: str, modified: float) -> bool:
    """Whether If-Range (a strong ETag or a date) still names this version, or is not there."""
    if not if_range:
        return True
    if if_range.startswith(('"', "W/")):
        return if_range.strip() == etag
    try:
        return parsedate_to_datetime(if_range).timestamp() == int(modified)
    except ValueError:
        return False
