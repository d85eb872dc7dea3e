"""What FreeSWITCH makes of the bytes it is sent, read from its source and written again here.

Names are those of the C functions. Strings are C strings: they end at NUL.
"""

from dataclasses import dataclass
from itertools import accumulate, takewhile

ESCAPE = ord("\\")


@dataclass(frozen=True)
class Command:
    """One command as mod_event_socket.c, `read_packet`, hands it to `parse_command`."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


def read_packets(data: bytes) -> list[Command]:
    """All commands in `data`; raises AssertionError if some of it makes no whole command."""
    found = []
    while data := data.lstrip(b"\r\n"):
        packet, data = _packet(data)
        first, *lines = _lines(_c_string(packet))
        headers = [_header(text) for text in lines if b":" in text]
        length = int(dict(headers).get(b"content-length", b"0"))
        assert len(data) >= length, "the switch waits for the rest of a body"
        found.append(Command(first, headers, data[:length]))
        data = data[length:]
    return found


def _packet(data: bytes) -> tuple[bytes, bytes]:
    newlines = 0
    for at, byte in enumerate(data, 1):
        if byte == ord("\n"):
            newlines += 1
        elif byte != ord("\r"):
            newlines = 0
        if newlines == 2:
            return data[:at], data[at:]
    raise AssertionError("the switch waits for the rest of a command")


def _lines(text: bytes) -> list[bytes]:
    lines = []
    while text:
        end = text.find(b"\r")
        if end < 0:
            end = text.find(b"\n")
        lines.append(strip_cr(text))
        text = text[end:].lstrip(b"\r\n") if end >= 0 else b""
    return lines


def strip_cr(text: bytes) -> bytes:
    for mark in (b"\r", b"\n"):
        if mark in text:
            return text.partition(mark)[0]
    return text


def _header(text: bytes) -> tuple[bytes, bytes]:
    name, _, value = text.partition(b":")
    return name.lower(), value.lstrip(b" ")


def _c_string(data: bytes) -> bytes:
    return data.partition(b"\0")[0]


# -- values (switch_utils.c, switch_event.c) -----------------------------------------------------


def switch_url_decode(text: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(text):
        if (
            text[at : at + 1] == b"%"
            and len(text) - at > 2
            and (value := _hex(text[at + 1 : at + 3]))
        ):
            out.append(value[0])
            at += 3
        else:
            out.append(text[at])
            at += 1
    return _c_string(bytes(out))


def _hex(pair: bytes) -> bytes | None:
    """sscanf's `%2x`, which takes one digit as well."""
    digits = "".join(takewhile(lambda c: c in "0123456789abcdefABCDEF", pair.decode("latin-1")))
    return bytes([int(digits, 16)]) if digits else None


def switch_url_encode(text: bytes) -> bytes:
    """As events are written: what is percent-encoded already stays as it is."""
    unsafe, upper = b'\r\n #%&+:;<=>?@[\\]^`{|}"', b"0123456789ABCDEF"
    out = bytearray()
    for at, byte in enumerate(text):
        pair = text[at + 1 : at + 3]
        encoded = byte == ord("%") and len(pair) == 2 and all(c in upper for c in pair)
        plain = ord(" ") <= byte <= ord("~") and byte not in unsafe
        out += bytes([byte]) if encoded or plain else b"%%%02X" % byte
    return bytes(out)


def switch_separate_string(text: bytes, delimiter: bytes, limit: int) -> list[bytes]:
    if text.startswith(b"^^") and len(text) > 3:
        delimiter, text = text[2:3], text[3:]
    if delimiter == b" ":
        return [_cleanup(part, b"") for part in _by_blanks(text, limit)]
    return [_cleanup(part, delimiter) for part in _by_delimiter(text, delimiter, limit)]


def _by_delimiter(text: bytes, delimiter: bytes, limit: int) -> list[bytes]:
    parts, start, at, quoted = [], 0, 0, False
    while at < len(text) and len(parts) < limit - 1:
        byte = text[at : at + 1]
        if byte == b"\\":
            at += 1
        elif byte == b"'" and (quoted or b"'" in text[at + 1 :]):
            quoted = not quoted
        elif byte == delimiter and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]] if start < len(text) else parts


def _by_blanks(text: bytes, limit: int) -> list[bytes]:
    parts, start, at, quoted = [], 0, 0, False
    while at < len(text) and len(parts) < limit - 1:
        byte = text[at : at + 1]
        if byte == b"\\":
            at += 1
        elif byte == b"'":
            quoted = not quoted
        elif byte == b" " and not quoted and text[start:at].strip(b" "):
            parts.append(text[start:at])
            at += len(text[at:]) - len(text[at:].lstrip(b" ")) - 1
            start = at + 1
        at += 1
    return [*parts, text[start:]] if start < len(text) else parts


def _cleanup(text: bytes, delimiter: bytes) -> bytes:
    """Quotes and backslashes come off, and blanks around the whole (cleanup_separated_string)."""
    text = text.lstrip(b" ")
    out, keep, at, quoted = bytearray(), 0, 0, False
    while at < len(text):
        byte, following = text[at : at + 1], text[at + 1 : at + 2]
        if byte == b"\\" and following and following in b"'\"\\nrts" + delimiter:
            out += {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"s": b" "}.get(following, following)
            keep = len(out)
            at += 1
        elif byte == b"'" and (quoted or b"'" in text[at + 1 :]):
            quoted = not quoted
            keep = len(out) if quoted else keep
        else:
            out += byte
            keep = len(out) if byte != b" " or quoted else keep
        at += 1
    return bytes(out[:keep]) if keep else bytes(out)


def switch_find_end_paren(text: bytes) -> int | None:
    depth = accumulate((byte == ord("{")) - (byte == ord("}")) for byte in text)
    return next((at for at, open_ in enumerate(depth) if open_ == 0), None)


def switch_event_create_brackets(text: bytes) -> dict[bytes, bytes]:
    """`{a=b,c=d}` as variables; none at all where the brackets do not close."""
    end = switch_find_end_paren(text)
    if end is None:
        return {}
    variables: dict[bytes, bytes] = {}
    for part in switch_separate_string(text[1:end], b",", 1024):
        pair = switch_separate_string(part, b"=", 2)
        if len(pair) == 2:
            variables.setdefault(*pair)
    return variables


def uuid_setvar_multi(line: bytes) -> list[tuple[bytes, bytes]]:
    """What mod_commands.c, `uuid_setvar_multi_function`, sets."""
    _, _, pairs = line.removeprefix(b"api ").split(b" ", 2)
    settings = switch_separate_string(pairs, b";", 64)
    return [(name, value) for name, _, value in (each.partition(b"=") for each in settings)]


@dataclass(frozen=True)
class RecordStart:
    """What mod_commands.c, `session_record_function`, does for `uuid_record … start`."""

    uuid: bytes
    path: bytes
    limit: int
    variables: dict[bytes, bytes]


def uuid_record_start(line: bytes) -> RecordStart:
    uuid, action, path, limit, options = switch_separate_string(
        line.removeprefix(b"api uuid_record "), b" ", 5
    )
    assert action == b"start"
    return RecordStart(
        uuid, path, int(limit), switch_event_create_brackets(switch_url_decode(options))
    )
