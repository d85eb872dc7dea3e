"""A WebSocket on the HTTP port, against clients that are well behaved, large, broken or silent."""

import contextlib
import itertools
import os
import struct
from types import SimpleNamespace

import falcon
import pytest
from gevent import socket
from gevent.event import Event as Flag

from adapter.config import Address, Limits, Settings
from adapter.web.server import WebServer

DEADLINE = 10
LARGEST = 4096
TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0
UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: %s\r\n\r\n"
)


@pytest.fixture
def server(tmp_path):
    """Echoes each message at /, and notes what came and how it ended."""
    seen = SimpleNamespace(messages=[], ended=Flag(), error=None)

    def serve(websocket):
        try:
            while (text := websocket.receive(1)) is not None:
                seen.messages.append(text)
                websocket.send(text)
        except OSError as error:
            seen.error = error
        finally:
            seen.ended.set()

    limits = Limits(http_body_bytes=LARGEST)
    settings = Settings(http=Address("127.0.0.1", 0), recordings_dir=tmp_path, limits=limits)
    server = WebServer(settings, falcon.App(), sockets={"/": serve})
    server.seen = seen
    server.start()
    yield server
    server.stop(0)


@contextlib.contextmanager
def connected(server, path=b"/", version=b"13"):
    address = (server.bound.host, server.bound.port)
    with contextlib.closing(socket.create_connection(address, timeout=DEADLINE)) as sock:
        sock.sendall(UPGRADE % (path, version))
        head = b""
        while b"\r\n\r\n" not in head and (piece := sock.recv(1)):
            head += piece
        yield sock, int(head.split()[1])


def frame(opcode, data, *, fin=True, masked=True):
    length = len(data)
    short = length if length < 126 else 126 if length < 65536 else 127
    head = bytes([(0x80 if fin else 0) | opcode, (0x80 if masked else 0) | short])
    head += struct.pack(">H", length) if short == 126 else b""
    head += struct.pack(">Q", length) if short == 127 else b""
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))


def answer(sock):
    """The opcode and data of the next frame; None at the end."""
    head = sock.recv(2)
    if len(head) < 2:
        return None
    length = head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", sock.recv(2))
    data = b""
    while len(data) < length:
        data += sock.recv(length - len(data))
    return head[0] & 0x0F, data


def test_messages_go_both_ways(server):
    with connected(server) as (sock, status):
        assert status == 101
        sock.sendall(frame(TEXT, "grüße".encode()))
        assert answer(sock) == (TEXT, "grüße".encode())
        sock.sendall(frame(TEXT, b"one ", fin=False) + frame(PING, b"?"))
        sock.sendall(frame(MORE, b"message"))
        assert answer(sock) == (PONG, b"?")
        assert answer(sock) == (TEXT, b"one message")
        sock.sendall(frame(CLOSE, struct.pack(">H", 1000)))
        assert answer(sock) == (CLOSE, struct.pack(">H", 1000))
        assert answer(sock) is None
    assert server.seen.ended.wait(DEADLINE)
    assert server.seen.error is None


def test_what_came_with_the_request_counts(server):
    address = (server.bound.host, server.bound.port)
    with contextlib.closing(socket.create_connection(address, timeout=DEADLINE)) as sock:
        sock.sendall(UPGRADE % (b"/", b"13") + frame(TEXT, b"early"))
        received = b""
        while b"early" not in received:
            received += sock.recv(1000)
    assert server.seen.messages == ["early"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"x" * (LARGEST + 1)), 1009),
        (frame(TEXT, b"x" * LARGEST, fin=False) + frame(MORE, b"x"), 1009),
        (frame(TEXT, b"x" * 1_048_577), 1009),
        (bytes([0x81, 0xFF]) + struct.pack(">Q", 2**62), 1009),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(BINARY, b"{}"), 1003),
        (frame(TEXT, b"{}", masked=False), 1002),
        (frame(MORE, b"x"), 1002),
        (frame(3, b"x"), 1002),
        (bytes([0xF1, 0x80, 0, 0, 0, 0]), 1002),
        (frame(PING, b"x" * 126), 1002),
    ],
    ids=itertools.count(),  # a frame's mask is another one each time
)
def test_a_broken_or_large_frame_ends_the_connection(server, sent, code):
    with connected(server) as (sock, _):
        sock.sendall(sent)
        opcode, data = answer(sock)
        assert (opcode, struct.unpack(">H", data[:2])[0]) == (CLOSE, code)
        assert answer(sock) is None
    assert server.seen.ended.wait(DEADLINE)
    assert server.seen.messages == []


def test_a_silent_client_is_not_waited_for(server):
    with connected(server) as (sock, _):
        sock.sendall(frame(TEXT, b"begun", fin=False))
        assert answer(sock) is None
    assert isinstance(server.seen.error, TimeoutError)


def test_a_connection_that_breaks_off_is_an_end(server):
    with connected(server) as (sock, _):
        sock.sendall(frame(TEXT, b"begun")[:5])
    assert server.seen.ended.wait(DEADLINE)
    assert server.seen.messages == []


@pytest.mark.parametrize(("path", "version", "status"), [(b"/", b"8", 400), (b"/x", b"13", 404)])
def test_an_upgrade_that_is_none_is_refused(server, path, version, status):
    with connected(server, path, version) as (_, answered):
        assert answered == status
    assert server.seen.messages == []


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"POST / HTTP/1.1", 405), (b"PUT / HTTP/1.1", 405), (b"GET / HTTP/1.0", 404)],
)
def test_only_a_get_opens_one(server, request_line, status):
    address = (server.bound.host, server.bound.port)
    head = UPGRADE.replace(b"GET %s HTTP/1.1", request_line) % b"13"
    with contextlib.closing(socket.create_connection(address, timeout=DEADLINE)) as sock:
        sock.sendall(head + frame(TEXT, b"early"))
        assert int(sock.recv(1000).split()[1]) == status
    assert server.seen.messages == []
