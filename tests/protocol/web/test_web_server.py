"""The web server against clients that are slow, greedy or broken; every limit is made small."""

import contextlib
import json

import falcon
import gevent
import pytest
from gevent import socket
from structlog.testing import capture_logs

from adapter.config import Address, Deadlines, Limits, Settings
from adapter.web.app import create_app
from adapter.web.server import WebServer, in_thread

DEADLINE = 10  # seconds until a test gives up on the server
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BIG = 20_000_000  # more than the socket buffers of both ends hold


class Echo:
    def on_post(self, req, resp):
        resp.data = req.bounded_stream.read() or req.stream.read()


class Endless:
    """An answer too large for a client that does not read it."""

    def __init__(self):
        self.closed = gevent.event.Event()

    def on_get(self, req, resp):
        resp.stream = self
        resp.content_length = BIG

    def __iter__(self):
        return (bytes(100_000) for _ in range(BIG // 100_000))

    def close(self):
        self.closed.set()


class EmptyStore:
    def recording(self, recording_id):
        return None


@pytest.fixture
def start(tmp_path):
    servers = []

    def start(deadlines=None, limits=None):
        settings = Settings(
            http=Address("127.0.0.1", 0),
            recordings_dir=tmp_path,
            deadlines=Deadlines(**(deadlines or {})),
            limits=Limits(**(limits or {})),
        )
        app = create_app(settings, EmptyStore(), verify=lambda *_: False, offload=in_thread)
        app.add_route("/echo", Echo())
        app.add_route("/endless", endless := Endless())
        server = WebServer(settings, app)
        server.endless = endless
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(0)


@contextlib.contextmanager
def connected(server):
    with contextlib.closing(
        socket.create_connection((server.bound.host, server.bound.port), timeout=DEADLINE)
    ) as client:
        yield client


def until_closed(client):
    """Everything the server sends until it closes the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def exchange(server, data):
    with connected(server) as client:
        client.sendall(data)
        return until_closed(client)


def status(answer):
    return int(answer.split()[1])


def test_a_request_is_answered(start):
    answer = exchange(start(), b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(answer) == 200
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "ok"}


def test_a_connection_serves_several_requests(start):
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(start(), request + request.replace(b"Host", b"Connection: close\r\nHost"))
    assert answer.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(("asked", "told"), [(b"close", True), (b"keep-alive", False)])
def test_the_last_answer_of_a_connection_says_so(start, asked, told):
    """Node's agent uses a connection again unless the answer says that it ends."""
    request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: %b\r\n\r\n" % asked
    with connected(start(deadlines={"http_idle": 0.1})) as client:
        client.sendall(request)
        head = until_closed(client).partition(b"\r\n\r\n")[0].lower()
    assert (b"connection: close" in head) is told


def test_a_silent_connection_is_closed(start):
    assert exchange(start(deadlines={"http_idle": 0.05}), b"") == b""


def test_a_started_request_must_be_finished_in_time(start):
    answer = exchange(start(deadlines={"http_request": 0.05}), b"GET /health HTTP/1.1\r\nHost:")
    assert status(answer) == 408


def test_a_byte_now_and_then_does_not_extend_the_time(start):
    server = start(deadlines={"http_request": 0.2})
    with connected(server) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX: ")
        dripping = gevent.spawn(drip, client)
        answer = until_closed(client)
        dripping.kill()
    assert status(answer) == 408


def drip(client):
    with contextlib.suppress(OSError):
        while True:
            client.sendall(b"x")
            gevent.sleep(0.01)


def test_a_body_must_be_finished_in_time(start):
    server = start(deadlines={"http_request": 0.05})
    answer = exchange(server, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
    assert status(answer) == 408


@pytest.mark.parametrize("header", [b"X: " + b"x" * 5000 + b"\r\n", b"X: x\r\n" * 1000])
def test_large_headers_are_refused(start, header):
    server = start(limits={"http_header_bytes": 1000})
    answer = exchange(server, b"GET /health HTTP/1.1\r\nHost: x\r\n" + header * 5 + b"\r\n")
    assert answer == b"" or status(answer) in {400, 413, 431}
    assert b"200 OK" not in answer


def test_a_long_request_line_is_refused(start):
    answer = exchange(start(), b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n")
    assert status(answer) == 414


def test_an_announced_large_body_is_refused_before_it_comes(start):
    server = start(limits={"http_body_bytes": 1000})
    answer = exchange(server, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
    assert status(answer) == 413


def test_a_large_chunked_body_is_refused(start):
    server = start(limits={"http_body_bytes": 1000})
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    answer = exchange(
        server, b"POST /echo HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n" + chunk * 30
    )
    assert status(answer) == 413


def test_bytes_after_a_refused_body_are_no_new_request(start):
    server = start(limits={"http_body_bytes": 1000})
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    head = b"POST /health HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n"
    answer = exchange(server, head + chunk * 30 + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ],
)
def test_nonsense_is_400(start, request_):
    assert status(exchange(start(), request_)) == 400


GET = b"GET /health HTTP/1.1\r\n"
CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (GET + CLOSE, 400),
        (GET + b"Host: x\r\nHost: x\r\n" + CLOSE, 400),
        (GET + b"Host: x\r\nhost: y\r\n" + CLOSE, 400),
        (GET + b"Host: x/y\r\n" + CLOSE, 400),
        (GET + b"Host: u@x\r\n" + CLOSE, 400),
        (GET + b"Host: x y\r\n" + CLOSE, 400),
        (GET + b"Host: [::1]:8085\r\n" + CLOSE, 200),
        (GET + b"Host:\r\n" + CLOSE, 200),
        (b"GET /health HTTP/1.0\r\n\r\n", 200),
        (b"GET /health HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_a_request_names_one_host(start, head, code):
    """RFC 9112, 3.2: two that read different ones could be played off against each other."""
    assert status(exchange(start(), head)) == code


@pytest.mark.parametrize(
    "fields",
    [
        b"Connection: close, x",
        b"Connection: x ,CLOSE",
        b"Connection: x\r\nConnection: close",
        b"Connection: keep-alive, close",
    ],
)
def test_a_client_that_wants_no_more_is_let_go_at_once(start, fields):
    server = start(deadlines={"http_idle": DEADLINE * 2})
    answer = exchange(server, GET + b"Host: x\r\n" + fields + b"\r\n\r\n")
    assert status(answer) == 200
    assert b"\r\nconnection: close\r\n" in answer.lower()


@pytest.mark.parametrize(("options", "answers"), [(b"x, Keep-Alive", 2), (b"x", 1)])
def test_an_old_client_stays_if_it_says_so(start, options, answers):
    request = b"GET /health HTTP/1.0\r\nConnection: %b\r\n\r\n" % options
    assert exchange(start(), request + NEXT).count(b"HTTP/1.1 200") == answers


@pytest.mark.parametrize(
    "body",
    [
        b"\r\nGET",
        b";x=y\r\nGET",
        b"zz\r\nGET",
        b"-1\r\nGET",
        b"3\r\nabcGET",
        b"0\r\nno field\r\n",
        b"f" * 17 + b"\r\n",
    ],
)
@pytest.mark.parametrize(("path", "code"), [(b"/echo", 400), (b"/health", 405)])
def test_a_body_of_wrong_chunks_is_refused_and_nothing_after_it_is_a_request(
    start, path, code, body
):
    """Its framing is lost: what follows might be somebody else's, behind a proxy."""
    head = b"POST %b HTTP/1.1\r\nHost: x\r\n" % path + CHUNKED + b"\r\n"
    with capture_logs() as logs:
        answer = exchange(start(), head + body + b"\r\n\r\n" + NEXT)
    assert status(answer) == code
    assert answer.count(b"HTTP/1.1 ") == 1
    assert [line for line in logs if line["log_level"] == "error"] == []


@pytest.mark.parametrize("body", [CHUNKED + b"\r\n5\r\nab", b"Content-Length: 5\r\n\r\nab"])
def test_a_client_that_leaves_in_mid_body_is_no_error_of_ours(start, body):
    with capture_logs() as logs, connected(start()) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + body)
        client.shutdown(socket.SHUT_WR)
        assert status(until_closed(client)) == 400
    assert [line for line in logs if line["log_level"] == "error"] == []


def test_a_client_that_does_not_read_is_cut_off(start):
    server = start(deadlines={"http_write": 0.1})
    with connected(server) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert server.endless.closed.wait(DEADLINE)


def test_a_client_that_goes_away_ends_its_answer(start):
    server = start()
    with connected(server) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(100)
    assert server.endless.closed.wait(DEADLINE)


def test_idle_connections_make_room_when_they_are_scarce(start):
    server = start(limits={"http_connections": 1})
    with connected(server), connected(server) as waiting:
        waiting.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status(until_closed(waiting)) == 200


def test_stop_does_not_wait_for_idle_connections(start):
    server = start()
    with connected(server) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(65536)
        with gevent.Timeout(DEADLINE):
            server.stop(DEADLINE * 2)
        assert client.recv(100) == b""


def test_stop_lets_a_running_answer_finish(start):
    server = start()
    with connected(server) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        first = client.recv(65536)
        stopping = gevent.spawn(server.stop, DEADLINE)
        rest = until_closed(client)
        stopping.join(DEADLINE)
    assert len((first + rest).partition(b"\r\n\r\n")[2]) == BIG


def test_a_head_request_has_no_body(start):
    server = start()
    answer = exchange(server, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == b""
    assert status(answer) == falcon.http_status_to_code(falcon.HTTP_405)


def test_in_thread_gives_results_and_raises_errors():
    assert in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(FileNotFoundError):
        in_thread(open, "/nonexistent")


class Body:
    """What the API's own resources read."""

    def on_post(self, req, resp):
        resp.data = req.bounded_stream.read()


NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("asks", [b"Connection: upgrade", b"Upgrade: websocket"])
def test_who_asks_for_an_upgrade_takes_nothing_of_the_next_request(start, asks):
    server = start()
    server.application.add_route("/body", Body())
    post = b"POST /body HTTP/1.1\r\nHost: x\r\n" + asks + b"\r\nContent-Length: 3\r\n\r\nabc"
    answer = exchange(server, post + NEXT)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"400 Bad Request" not in answer
