"""A request's headers, as gevent's handler wants them.

Its own are an e-mail's, whose parser takes a sixth of a command's time. This one takes what HTTP
allows (RFC 9112, 5) and refuses the rest, for what is read in two ways can be smuggled past a
proxy: a name with blanks, a folded line, two lengths, two hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

MOST = 100
"""Fields; their bytes are limited where they are read."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE = re.compile(r"[\0\r\n]")
_HOST = re.compile(r"[\w.~!$&'()*+,;=%:\[\]-]*", re.ASCII)
"""Names, addresses and ports (RFC 9110, 7.2): nothing that ends a URL's authority."""


class Lines(Protocol):
    """Where they come from."""

    def readline(self) -> bytes: ...


class Headers:
    """The fields in their order; names are the same in capitals and small letters."""

    status = ""
    """gevent's word for what is wrong with them; here that is raised."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields
        self._first: dict[str, str] = {}
        for name, value in fields:
            self._first.setdefault(name.lower(), value)

    @classmethod
    def read(cls, lines: Lines) -> Headers:
        """Up to the empty line that ends them; raises ValueError."""
        fields: list[tuple[str, str]] = []
        while (line := lines.readline()) not in (b"\r\n", b"\n"):
            if len(fields) == MOST:
                raise ValueError(f"more than {MOST} header fields")
            fields.append(_field(line))
        _check_length(fields)
        return cls(fields)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first field of this name."""
        return self._first.get(name.lower(), default)

    getheader = get

    @property
    def typeheader(self) -> str | None:
        """The content type."""
        return self._first.get("content-type")

    def items(self) -> list[tuple[str, str]]:
        """All fields."""
        return self._fields

    def options(self, name: str) -> set[str]:
        """The words, in small letters, that all fields of this name list between commas."""
        lists = [value for key, value in self._fields if key.lower() == name]
        return {word.strip(" \t").lower() for words in lists for word in words.split(",")}

    def check_host(self, *, required: bool) -> None:
        """Raises ValueError unless they name one host (RFC 9112, 3.2)."""
        hosts = [value for name, value in self._fields if name.lower() == "host"]
        if len(hosts) > 1 or (required and not hosts):
            raise ValueError("not one Host")
        if hosts and not _HOST.fullmatch(hosts[0]):
            raise ValueError("a Host that is none")

    def __delitem__(self, name: str) -> None:
        del self._first[name.lower()]
        self._fields = [field for field in self._fields if field[0].lower() != name.lower()]

    def environ(self) -> Iterator[tuple[str, str]]:
        """As CGI names them; one with `_` would be taken for another, and is left out."""
        for name, value in self._fields:
            if "_" not in name and name.lower() not in ("content-type", "content-length"):
                yield "HTTP_" + name.replace("-", "_").upper(), value


def _check_length(fields: list[tuple[str, str]]) -> None:
    """How long the body is must be said once, or a proxy may believe the other one."""
    lengths = {value for name, value in fields if name.lower() == "content-length"}
    codings = [value for name, value in fields if name.lower() == "transfer-encoding"]
    if len(lengths) > 1 or not all(length.isdecimal() for length in lengths):
        raise ValueError("not one Content-Length")
    if len(codings) > 1 or (codings and lengths):
        raise ValueError("more than one header field says how long the body is")


def _field(line: bytes) -> tuple[str, str]:
    if not line.endswith(b"\n"):
        raise ValueError("the headers do not end")
    name, colon, value = line.decode("latin-1").removesuffix("\n").removesuffix("\r").partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise ValueError("a header field without a name")
    value = value.strip(" \t")
    if _UNSAFE.search(value):
        raise ValueError("a header field with a line end or NUL inside")
    return name, value
