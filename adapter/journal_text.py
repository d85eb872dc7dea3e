"""How events are kept: without secrets and digits, nothing endless, small. Pure.

What may hold a secret is looked at before it is kept; all else is kept as it is and made readable
when somebody reads it, since hardly anybody does.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from msgspec.json import Encoder

from adapter.log import SECRET_NAMES, hide_credentials

Level = Literal["debug", "info", "warn", "error"]

COMMAND = "switch.command"
"""The name of events whose details are a batch of commands and the last one's reply."""

HIDDEN = "[hidden]"

LONGEST_TEXT = 400
"""Characters of one value."""

MOST_ITEMS = 40
"""Members of a list or an object."""

DEEPEST = 6
"""Objects inside objects."""

_PRIVATE_NAMES = frozenset({"body", "headers", "digits", "params"})
"""What documents send to other servers, or keys that were pressed: numbers of cards among them."""

_SUSPICIOUS = (
    *(b'"%b"' % name.encode() for name in _PRIVATE_NAMES),
    *(b"_dtmf", b"passw", b"secret", b"token", b"_key", b"auth", b"sig", b"cookie", b"key=", b"@"),
)
"""Where none of these stands, nothing has to be hidden: most calls' events are stored as noted."""

LONGEST_UNSEEN = 16 * 1024
"""Bytes of events that are stored as noted; in more of them something is too long."""

_WINDOW_BITS, _MEMORY_LEVEL = 13, 6

_SECRETS_OF_DIAL_STRINGS = re.compile(
    r"((?:password|secret|token)\w*=)(?!\[hidden)[^,\]}\s]+", re.I
)
_DIGITS_SENT = re.compile(r"(_dtmf\w* ).*", re.I | re.S)
"""`uuid_send_dtmf`, `send_dtmf`, `queue_dtmf`; the event `DTMF` of a subscription holds none."""


class Entry(NamedTuple):
    """An event: its Unix time in seconds, how serious it is, what happened, and more about it."""

    at: float
    level: Level
    name: str
    details: Any


def packed(entries: Sequence[Entry]) -> bytes:
    """Events as they are stored."""
    text = _text(entries)
    if len(text) > LONGEST_UNSEEN or _is_suspicious(text):
        text = _text([entry._replace(details=_kept(entry)) for entry in entries])
    return _compressed(text)


def _compressed(text: bytes) -> bytes:
    """With a window as small as the text: zlib's own 270 kB, empty at first, take four times as
    long as the 3 kB of a call in them."""
    packer = zlib.compressobj(1, wbits=_WINDOW_BITS, memLevel=_MEMORY_LEVEL)
    return packer.compress(text) + packer.flush()


def _text(entries: Sequence[Entry]) -> bytes:
    try:
        return _ENCODER.encode(
            [_readable(entry) if entry.name == COMMAND else entry for entry in entries]
        )
    except (TypeError, ValueError, OverflowError, RecursionError):  # no UTF-8; too large; too deep
        safe = [entry._replace(details=_kept(entry)) for entry in entries]
        return json.dumps(safe, default=_as_text).encode()


def _readable(entry: Entry) -> tuple[float, Level, str, Any]:
    if entry.name != COMMAND:
        return entry
    batch, reply = entry.details
    return entry.at, entry.level, COMMAND, ([*map(_as_text, batch)], reply)


def _is_suspicious(text: bytes) -> bool:
    lower = text.lower()
    return any(word in lower for word in _SUSPICIOUS)


def unpacked(data: bytes) -> Iterator[Entry]:
    """Events as people read them."""
    for at, level, name, details in json.loads(zlib.decompress(data)):
        readable = _command_details(*details) if name == COMMAND else details or {}
        yield Entry(at, level, name, readable)


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    return dict(value) if isinstance(value, Mapping) else str(value)


_ENCODER = Encoder(enc_hook=_plain)


def _kept(entry: Entry) -> Any:
    if entry.name != COMMAND:
        return shown(entry.details)
    batch, reply = entry.details
    return ([command_text(_as_text(command)) for command in batch], cut(reply))


def shown(value: Any, depth: int = 0) -> Any:
    """`value` without secrets, and cut."""
    match value:
        case str():
            return cut(hide_credentials(value))
        case Mapping() | list() | tuple() if depth >= DEEPEST:
            return "…"
        case Mapping():
            items = list(value.items())[:MOST_ITEMS]
            return {
                cut(str(name)): HIDDEN if _is_private(str(name)) else shown(item, depth + 1)
                for name, item in items
            }
        case list() | tuple():
            return [shown(item, depth + 1) for item in value[:MOST_ITEMS]]
        case _:
            return value


@lru_cache(maxsize=4096)
def _is_private(name: str) -> bool:
    return name in _PRIVATE_NAMES or bool(SECRET_NAMES.search(name))


def cut(text: str) -> str:
    """`text`, not longer than anybody reads."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _command_details(batch: Sequence[str], reply: str) -> dict[str, Any]:
    commands = [command_text(command) for command in batch]
    told = {"command": commands[0]} if len(commands) == 1 else {"commands": commands}
    return {**told, "reply": reply.strip()}


def command_text(command: str) -> str:
    """`uuid_record … start …`, `execute playback …`: a command without its protocol and secrets."""
    text = command.strip()
    if text.startswith("sendmsg\n"):
        text = _message_text(text)
    text = hide_credentials(text)
    text = _SECRETS_OF_DIAL_STRINGS.sub(rf"\1{HIDDEN}", text.removeprefix("api "))
    return cut(_DIGITS_SENT.sub(rf"\1{HIDDEN}", text))


def _message_text(message: str) -> str:
    head, _, body = message.partition("\n\n")
    fields = dict(line.partition(": ")[::2] for line in head.splitlines()[1:])
    words = (
        fields.get("call-command", ""),
        fields.get("execute-app-name", ""),
        fields.get("execute-app-arg", body) or fields.get("hangup-cause", ""),
    )
    return " ".join(word for word in words if word)
