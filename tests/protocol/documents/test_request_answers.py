"""`request` against a real web server: every way in which an answer has no end, has one here."""

import contextlib
import gzip
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from adapter.config import Settings
from adapter.methods import request
from adapter.methods.request import Request
from adapter.outgoing import session


@pytest.fixture
def ask():
    """Perform a `request`; the result's variables, and why it failed."""
    with session(Settings().deny_to) as web:

        def ask(url, method="GET", **params):
            given = Request(url=url, method=method, **params)
            result = request.perform(SimpleNamespace(shared=SimpleNamespace(web=web)), given)
            return SimpleNamespace(
                **{"request_response_body": None, **result.variables}, error=str(result.error or "")
            )

        yield ask


def test_what_is_sent_and_what_comes_back(server, ask):
    server.answer("/x", b'{"a": [1]}', status=201, X_One="1")
    answer = ask(
        server.url("/x", credentials="me:secret@"),
        "PUT",
        body={"n": 1},
        headers={"X-Key": "k", "Cookie": "no"},
        save_variables=True,
    )
    assert (answer.request_response_code, answer.request_result) == (201, "success")
    assert answer.request_response == {"a": [1]}
    assert answer.request_response_headers["x-one"] == "1"
    assert (server.last.method, server.last.body) == ("PUT", b'{"n": 1}')
    assert server.last.headers["Authorization"].startswith("Basic ")
    assert server.last.headers["X-Key"] == "k"
    assert "Cookie" not in server.last.headers


def test_64_headers_and_64_kilobytes(server, ask):
    server.answer("/x", b"x" * 100_000, **{f"X_H{number}": "v" for number in range(80)})
    answer = ask(server.url("/x"))
    assert len(answer.request_response_headers) == 64
    assert len(answer.request_response_body) == 64 * 1024


def test_more_headers_than_anybody_reads_are_a_failure(server, ask):
    server.answer("/x", **{f"X_H{number}": "v" for number in range(300)})
    answer = ask(server.url("/x"))
    assert answer.request_result == "failed"
    assert "headers" in answer.error


def test_a_compressed_answer_is_limited_by_what_it_becomes(server, ask):
    body = gzip.compress(b"x" * 50_000_000)
    server.answer("/x", body, Content_Encoding="gzip")
    answer = ask(server.url("/x"))
    assert len(answer.request_response_body) == 64 * 1024
    assert server.last.headers["Accept-Encoding"] == "identity"


def trickling(server, head=b""):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not server.ending.wait(0.01):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    return answer


def test_a_body_that_trickles_has_an_end(server, ask):
    server.answers["/x"] = trickling(server)
    answer = ask(server.url("/x"), timeout=0.2)
    assert answer.request_result == "failed"
    assert "took longer than 0.2 s" in answer.error


def test_silence_has_an_end(server, ask):
    server.answers["/x"] = lambda _: server.ending.wait(10)
    answer = ask(server.url("/x"), timeout=0.1)
    assert (answer.request_result, "timed out" in answer.error) == ("failed", True)


def test_headers_that_trickle_have_an_end_in_the_adapters_process():
    """And others go on meanwhile: waits are gevent's there."""
    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent, gevent.server\n"
        "from types import SimpleNamespace\n"
        "from adapter.methods import request\n"
        "from adapter.outgoing import session\n"
        "def trickle(sock, address):\n"
        "    sock.sendall(b'HTTP/1.1 200 OK\\r\\nX: ')\n"
        "    while True:\n"
        "        sock.sendall(b'x'); gevent.sleep(0.01)\n"
        "server = gevent.server.StreamServer(('127.0.0.1', 0), trickle); server.start()\n"
        "turns = []\n"
        "def other():\n"
        "    while True:\n"
        "        gevent.sleep(0.01); turns.append(1)\n"
        "gevent.spawn(other)\n"
        "url = f'http://127.0.0.1:{server.server_port}/'\n"
        "given = request.Request(url=url, method='GET', timeout=0.3)\n"
        "context = SimpleNamespace(shared=SimpleNamespace(web=session(())))\n"
        "print(request.perform(context, given).error, len(turns))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "took longer than 0.3 s" in done.stdout, done.stderr
    assert int(done.stdout.split()[-1]) > 2


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_redirects(server, ask, status, method):
    server.answer("/old", status=status, Location="/new")
    server.answer("/new", b"there")
    answer = ask(server.url("/old"), "POST", body={"a": 1})
    assert answer.request_response_body == "there"
    assert server.last.method == method
    assert server.last.body == (b'{"a": 1}' if method == "POST" else b"")
    assert ("Content-Type" in server.last.headers) is (method == "POST")


def test_a_redirect_to_another_host_gets_no_authorization(server, ask):
    server.answer("/old", status=307, Location=server.url("/new", host="localhost"))
    server.answer("/new", b"there")
    answer = ask(server.url("/old"), headers={"Authorization": "Bearer secret", "X-A": "1"})
    assert answer.request_response_body == "there"
    assert server.requests[0].headers["Authorization"] == "Bearer secret"
    assert "Authorization" not in server.last.headers
    assert server.last.headers["X-A"] == "1"


def test_redirects_without_end_have_one(server, ask):
    server.answer("/x", status=302, Location="/x")
    answer = ask(server.url("/x"))
    assert "redirected more than 5 times" in answer.error
    assert len(server.requests) == 6


def test_the_body_of_a_redirect_is_not_read(server, ask):
    def endless(handler):
        handler.send_response(302)
        handler.send_header("Location", "/new")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not server.ending.is_set():
                handler.wfile.write(b"x" * 100_000)

    server.answers["/old"] = endless
    server.answer("/new", b"there")
    assert ask(server.url("/old"), timeout=5).request_response_body == "there"


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_no_metadata_by_address_name_or_redirect(server, ask, names, address):
    names["evil.test"] = [address]
    server.answer("/old", status=302, Location="http://evil.test/latest/meta-data")
    for url in ("http://evil.test/", server.url("/old")):
        answer = ask(url)
        assert (answer.request_result, answer.request_response_body) == ("failed", None)
        assert "deny_to forbids" in answer.error


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/", "nonsense", "http://[x/", ""])
def test_no_web_address(ask, url):
    assert ask(url).request_result == "failed"
