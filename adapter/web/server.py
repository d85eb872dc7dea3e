"""gevent's WSGI server with limits, since anyone who reaches the port may be slow or hostile.

- A request must arrive within `http_request` seconds as a whole, however small its pieces are: a
  client that sends a byte a second (slow loris) is cut off.  The next request on the same
  connection may take `http_idle` seconds to begin, less while connections are scarce.
- Headers and body are limited in bytes before they are held in memory.
- Each piece of an answer must be taken within `http_write` seconds.
- Beyond `http_connections` new connections wait in the system's backlog.
- With a certificate, the TLS handshake as a whole must be done within `http_request` seconds.
"""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from logging import DEBUG
from typing import Any, ParamSpec, TypeVar, cast

import gevent
import structlog
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer
from gevent.socket import SHUT_RD, socket
from gevent.ssl import SSLSocket

from adapter.config import Address, Settings
from adapter.web.body import Body, LimitedStream
from adapter.web.errors import BodyTooLarge
from adapter.web.headers import Headers, Lines
from adapter.web.tls import Certificate
from adapter.web.websocket import WebSocket

P = ParamSpec("P")
T = TypeVar("T")

SCARCE = 0.25  # of all connections still free: below it idle ones must hurry
SCARCE_IDLE = 1.0  # seconds
CHUNK = 64 * 1024  # bytes that are read at once from a WebSocket
HEARD_OUT, MOST_HEARD_OUT = 1.0, 16 * 1024 * 1024
"""Seconds and bytes for what is thrown away of a body that is too large."""
REFUSAL = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\n"

log = structlog.get_logger()


def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that may wait for a disk in a native thread, so that only its caller waits."""
    result: T = gevent.get_hub().threadpool.apply(call, args, kwargs)
    return result


class Handler(WSGIHandler):
    """One connection."""

    server: "WebServer"
    wsgi_input: Body

    def __init__(self, sock: socket, address: Any, server: "WebServer") -> None:
        self.stream = LimitedStream(sock)
        self._gathered: bytearray | None = None
        super().__init__(sock, address, server, rfile=io.BufferedReader(self.stream))

    def read_requestline(self) -> str:
        limits = self.server.settings.limits
        self.stream.allow(seconds=self._idle(), size=limits.http_header_bytes)
        if not self._has_more():
            return ""
        self.stream.allow(
            seconds=self.server.settings.deadlines.http_request, size=limits.http_header_bytes
        )
        line: str = super().read_requestline()
        return line

    def _has_more(self) -> bool:
        """Wait for the first byte of a request."""
        self.server.idle.add(self.socket)
        try:
            return bool(self.rfile.peek(1))
        finally:
            self.server.idle.discard(self.socket)

    def _idle(self) -> float:
        idle = self.server.settings.deadlines.http_idle
        return min(idle, SCARCE_IDLE) if self.server.is_scarce() else idle

    def MessageClass(self, lines: Lines, _seekable: int = 0) -> Headers:  # noqa: N802 - gevent's name
        """The headers that follow."""
        return Headers.read(lines)

    def _headers(self) -> Iterator[tuple[str, str]]:
        return cast(Headers, self.headers).environ()

    def _connection_upgrade_requested(self) -> bool:
        """Not of an application: gevent would leave the body uncounted, read it again from the
        next request, and who shares the connection (a proxy's) would lose the start of theirs."""
        return False

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        theirs = environ["wsgi.input"]
        self.wsgi_input = environ["wsgi.input"] = Body(
            self.rfile, self.content_length, theirs.socket, theirs.chunked_input
        )
        return environ

    def read_request(self, raw_requestline: str) -> bool:
        super().read_request(raw_requestline)
        self._check_headers()
        settings = self.server.settings
        coding = self.headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise ValueError("a transfer coding other than chunked")
        if (self.content_length or 0) > settings.limits.http_body_bytes:
            raise BodyTooLarge("the body is too large")
        self.stream.allow(
            seconds=settings.deadlines.http_request, size=settings.limits.http_body_bytes
        )
        return True

    def _check_headers(self) -> None:
        headers, is_new = cast(Headers, self.headers), self.request_version == "HTTP/1.1"
        headers.check_host(required=is_new)
        if not is_new and headers.get("transfer-encoding") is not None:
            raise ValueError("a transfer coding before HTTP/1.1")  # RFC 9112, 6.1
        options = headers.options("connection")
        stays = is_new or (self.request_version == "HTTP/1.0" and "keep-alive" in options)
        self.close_connection = "close" in options or not stays

    def finalize_headers(self) -> None:
        """Say that this is the connection's last answer: clients would use it again (Node's do)."""
        super().finalize_headers()
        names = {name.lower() for name, _ in self.response_headers}
        if (self.close_connection or self.server.closed) and b"connection" not in names:
            self.response_headers.append((b"Connection", b"close"))

    def handle_one_response(self) -> None:
        serve = self.server.sockets.get(self.environ["PATH_INFO"])
        if serve is not None and self._asks_for_websocket():
            if self.command == "GET":
                self._serve_websocket(serve)
                return
            self.application = _not_by_get
        super().handle_one_response()
        # After a failed read nobody knows where the next request begins.
        if self.stream.failed or self.wsgi_input.broken or self.server.closed:
            self.close_connection = True

    def _asks_for_websocket(self) -> bool:
        """What is older than HTTP/1.1 is no upgrade (RFC 9110, 7.8)."""
        asked = cast(Headers, self.headers).options("upgrade")
        return "websocket" in asked and self.request_version == "HTTP/1.1"

    def _serve_websocket(self, serve: Callable[[WebSocket], None]) -> None:
        self.close_connection = True
        settings = self.server.settings
        websocket = WebSocket(
            self.socket,
            self._receive,
            largest=settings.limits.http_body_bytes,
            write_seconds=settings.deadlines.http_write,
        )
        if websocket.accept(self.path, self.headers.items()):
            serve(websocket)

    def _receive(self, seconds: float) -> bytes:
        self.stream.allow(seconds=seconds, size=CHUNK)
        return bytes(self.rfile.read1(CHUNK))

    def _write_with_headers(self, data: bytes) -> None:
        """Head and first data in one piece: a second small one would wait for the client's ACK."""
        self._gathered = gathered = bytearray()
        super()._write_with_headers(data)
        self._gathered = None
        self._sendall(gathered)

    def _sendall(self, data: bytes | bytearray) -> None:
        if self._gathered is not None:
            self._gathered += data
            return
        self.socket.settimeout(self.server.settings.deadlines.http_write)
        super()._sendall(data)

    def _handle_client_error(self, ex: Exception) -> tuple[str, bytes]:
        log.info("web request refused", peer=self._peer(), reason=str(ex))
        match ex:
            case TimeoutError():
                return _refusal("408 Request Timeout")
            case BodyTooLarge():
                self._hear_out()
                return _refusal("413 Content Too Large")
        return _refusal("400 Bad Request")

    def _hear_out(self) -> None:
        """Take what still comes of a body that is refused: who sends would not read the answer."""
        left = self.content_length or 0
        self.stream.allow(seconds=HEARD_OUT, size=MOST_HEARD_OUT)
        with contextlib.suppress(OSError):
            while left > 0 and (data := self.rfile.read1(CHUNK)):
                left -= len(data)

    def _peer(self) -> str:
        return str(self.client_address[0]) if self.client_address else "-"

    def log_request(self) -> None:
        if not log.is_enabled_for(DEBUG):
            return
        log.debug(
            "web request answered",
            peer=self._peer(),
            method=self.command,
            path=(self.path or "").partition("?")[0],  # the query may hold a link's signature
            status=self.code,
            size=self.response_length,
            seconds=round((self.time_finish or time.time()) - self.time_start, 6),
        )

    def log_error(self, msg: str, *args: Any) -> None:
        log.warning("web connection failed", peer=self._peer(), reason=msg % args if args else msg)

    def _log_error(self, t: type[BaseException], v: BaseException, tb: Any) -> None:
        if issubclass(t, TimeoutError | gevent.GreenletExit):
            log.info("web client gone or too slow", peer=self._peer())
        else:
            log.error("web answer failed", peer=self._peer(), exc_info=(t, v, tb))


def _refusal(status: str) -> tuple[str, bytes]:
    body = b'{"error": "%s"}' % status.partition(" ")[2].encode()
    head = REFUSAL % status.encode()
    return status, head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _not_by_get(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """A WebSocket is opened by GET alone (RFC 6455, 4.1)."""
    start(
        "405 Method Not Allowed",
        [("Allow", "GET"), ("Content-Type", "application/json"), ("Connection", "close")],
    )
    return [b'{"error": "Method Not Allowed"}']


class WebServer(WSGIServer):
    """The application on its address; `start()`, then `address`, and `stop(seconds)` at the end."""

    def __init__(
        self,
        settings: Settings,
        app: Callable[..., Any],
        listener: socket | None = None,
        certificate: Certificate | None = None,
        sockets: Mapping[str, Callable[[WebSocket], None]] | None = None,
    ) -> None:
        """`sockets`: paths at which a WebSocket is opened, and who serves it to its end."""
        self.settings = settings
        self.sockets = dict(sockets or {})
        self.certificate = certificate
        self.idle: set[socket] = set()
        super().__init__(
            listener or (settings.http.host, settings.http.port),
            app,
            backlog=None if listener else settings.limits.http_connections,
            spawn=Pool(settings.limits.http_connections),
            handler_class=Handler,
            log=None,
            error_log=None,
            environ={"SERVER_NAME": settings.http.host},  # otherwise a DNS query at the start
            **({"ssl_context": certificate.context} if certificate else {}),
        )

    @property
    def bound(self) -> Address:
        """Where it listens; the port is known once it has started."""
        host, port = self.address[:2]
        return Address(str(host), int(port))

    def is_scarce(self) -> bool:
        return bool(self.pool.free_count() < self.pool.size * SCARCE)

    def stop(self, timeout: float | None = None) -> None:
        """Take no more requests, finish the running ones within `timeout` seconds."""
        self.close()
        for sock in self.idle:
            with contextlib.suppress(OSError):
                socket.shutdown(sock, SHUT_RD)  # of TLS as well: its reader sees the end
        super().stop(timeout)

    def wrap_socket_and_handle(self, client_socket: socket, address: Any) -> None:
        """A connection with TLS, by the certificate of this moment."""
        with contextlib.closing(client_socket):
            try:
                secured = self._secure(client_socket)
            except OSError as error:  # also TimeoutError and SSLError
                log.info("TLS handshake failed", peer=str(address[0]), reason=str(error))
                return
            with contextlib.closing(secured):
                self.handle(secured, address)

    def _secure(self, client_socket: socket) -> SSLSocket:
        assert self.certificate is not None  # noqa: S101
        seconds = self.settings.deadlines.http_request
        with gevent.Timeout(seconds, TimeoutError("the handshake took too long")):
            return self.certificate.context.wrap_socket(client_socket, server_side=True)
