"""Fetching documents from a real web server on loopback."""

import base64
import gzip
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys

import pytest

from adapter.config import Project, Settings
from adapter.documents.errors import FetchError
from adapter.documents.fetch import CallFacts, DocumentFetcher
from adapter.documents.sources import File, Url

DOCUMENT = b"version: 1.0.0\nsections: {main: [answer]}\n"
PROJECT = Project(id="p", signing_key="PSK_example")
BASIC = "Basic " + base64.b64encode(b"user:p@ss").decode()


def signature(url, body):
    return hmac.new(b"PSK_example", url.encode() + body, hashlib.sha256).hexdigest()


def test_the_calls_facts_are_posted(server, fetch):
    server.answer("/doc", DOCUMENT)
    facts = CallFacts({"call_id": "c1", "from": "\u00e4\udcff"}, params={"a": "1"})
    assert fetch(server.url("/doc"), facts) == DOCUMENT
    request = server.last
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/json")
    assert json.loads(request.body) == {
        "call": {"call_id": "c1", "from": "\u00e4\udcff"},
        "vars": {},
        "envs": {},
        "params": {"a": "1"},
    }


def test_the_post_is_signed(server, fetch):
    server.answer("/doc?x=a%20b", DOCUMENT)
    fetch(server.url("/doc?x=a%20b", credentials="user:p%40ss@"), project=PROJECT)
    url = server.url("/doc?x=a%20b")
    expected = signature(url, server.last.body)
    assert server.last.headers["X-SignalWire-Sha256-Signature"] == expected
    assert server.last.headers["Authorization"] == BASIC


def test_what_is_signed_is_the_url_as_it_is_sent(server, fetch):
    server.answer("/", DOCUMENT)
    fetch(f"http://127.0.0.1:{server.port}", project=PROJECT)
    assert server.last.headers["X-SignalWire-Sha256-Signature"] == signature(
        server.url("/"), server.last.body
    )


def test_without_a_key_nothing_is_signed(server, fetch):
    server.answer("/doc", DOCUMENT)
    fetch(server.url("/doc"), project=Project(id="p"))
    assert "X-SignalWire-Signature" not in server.last.headers


def test_a_get_tells_nothing_and_is_signed(server, fetch):
    server.answer("/doc?x=1", DOCUMENT)
    fetch(Url(server.url("/doc?x=1"), "GET"), project=PROJECT)
    assert (server.last.method, server.last.body) == ("GET", b"")
    expected = signature(server.url("/doc?x=1"), b"")
    assert server.last.headers["X-SignalWire-Sha256-Signature"] == expected


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_posted_again_and_signed_anew(server, fetch, status):
    server.answer("/old", status=status, Location="new?x=1")
    server.answer("/new?x=1", DOCUMENT)
    assert fetch(server.url("/old", credentials="user:p%40ss@"), project=PROJECT) == DOCUMENT
    first, second = server.requests
    assert (second.method, second.body) == ("POST", first.body)
    assert second.headers["Authorization"] == BASIC
    assert second.headers["X-SignalWire-Sha256-Signature"] == signature(
        server.url("/new?x=1"), second.body
    )


@pytest.mark.parametrize("status", [301, 302, 303])
def test_other_redirects_become_a_get(server, fetch, status):
    server.answer("/old", status=status, Location="/new")
    server.answer("/new", DOCUMENT)
    assert fetch(server.url("/old"), project=PROJECT) == DOCUMENT
    assert (server.last.method, server.last.body) == ("GET", b"")
    assert "X-SignalWire-Signature" not in server.last.headers
    assert "Content-Type" not in server.last.headers


def test_credentials_do_not_follow_to_another_host(server, fetch, names):
    names["other.test"] = ["127.0.0.1"]
    server.answer("/old", status=307, Location=server.url("/new", host="other.test"))
    server.answer("/new", DOCUMENT)
    fetch(server.url("/old", credentials="user:p%40ss@"))
    assert "Authorization" not in server.last.headers


def test_too_many_redirects(server, fetch):
    server.answer("/loop", status=307, Location="/loop")
    with pytest.raises(FetchError, match="redirects too often"):
        fetch(server.url("/loop"), max_redirects=3)
    assert len(server.requests) == 4


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/", "http://[x"])
def test_a_redirect_to_no_web_page(server, fetch, location):
    server.answer("/old", status=307, Location=location)
    with pytest.raises(FetchError, match="usable URL"):
        fetch(server.url("/old"))


@pytest.mark.parametrize("status", [400, 404, 500, 503, 304, 204])
def test_a_status_that_brings_no_document(server, fetch, status):
    server.answer("/doc", b"" if status in {204, 304} else b"no", status=status)
    with pytest.raises(FetchError, match=rf"answered ({status}|with nothing)"):
        fetch(server.url("/doc"))


def test_an_error_in_a_2xx_answer_is_the_loaders_affair(server, fetch):
    server.answer("/doc", b'{"error": "Path not found"}')
    assert fetch(server.url("/doc")) == b'{"error": "Path not found"}'


def test_a_large_document_is_refused(server, fetch):
    server.answer("/doc", bytes(2000))
    with pytest.raises(FetchError, match=r"larger than 1000 bytes.*documents\.max_bytes"):
        fetch(server.url("/doc"), max_bytes=1000)


def test_an_answer_without_end_is_cut_off(server, fetch):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while not server.ending.is_set():
            handler.wfile.write(bytes(10_000))

    server.answers["/doc"] = endless
    with pytest.raises(FetchError, match="larger than 100000 bytes"):
        fetch(server.url("/doc"))


def test_a_chunked_answer(server, fetch):
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in DOCUMENT) + b"0\r\n\r\n"

    def chunked(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(chunks)

    server.answers["/doc"] = chunked
    assert fetch(server.url("/doc")) == DOCUMENT


def test_a_compressed_answer_is_limited_by_what_it_becomes(server, fetch):
    server.answer("/doc", gzip.compress(DOCUMENT), Content_Encoding="gzip")
    assert fetch(server.url("/doc")) == DOCUMENT
    server.answer("/bomb", gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    with pytest.raises(FetchError, match="larger than 100000 bytes"):
        fetch(server.url("/bomb"))


def trickle(server):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not server.ending.wait(0.01):
            handler.wfile.write(b"x")

    return answer


def test_a_body_that_trickles_is_cut_off(server, fetch):
    server.answers["/doc"] = trickle(server)
    with pytest.raises(FetchError, match=r"took longer than 0.2 s.*documents\.total_timeout"):
        fetch(server.url("/doc"), total_timeout=0.2)


@pytest.mark.parametrize("after_headers", [False, True])
def test_silence_is_cut_off(server, fetch, after_headers):
    def silent(handler):
        if after_headers:
            handler.send_response(200)
            handler.send_header("Content-Length", "10")
            handler.end_headers()
        server.ending.wait(10)

    server.answers["/doc"] = silent
    with pytest.raises(FetchError, match=r"sent nothing for 0.1 s.*documents\.read_timeout"):
        fetch(server.url("/doc"), read_timeout=0.1)


def test_nobody_listens(fetch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(FetchError, match=r"cannot be reached \(Connection refused"):
            fetch(url)


def test_an_unknown_name(fetch, monkeypatch):
    def fail(*args):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(FetchError, match=r"cannot be reached \(Name or service not known"):
        fetch("http://unknown.test/")


def test_an_answer_that_breaks_off(server, fetch):
    server.answer("/doc", b"short", Content_Length="100", Connection="close")
    with pytest.raises(FetchError, match="broke off"):
        fetch(server.url("/doc"))


@pytest.mark.parametrize("url", ["http://", "http://[x/", "http://h:99999999/", "http://a b/"])
def test_an_unusable_url(fetch, url):
    with pytest.raises(FetchError, match=r"not a usable URL|cannot be reached"):
        fetch(url)


def test_no_error_tells_secrets(server, fetch):
    server.answer("/doc?key=hidden", status=500)
    with pytest.raises(FetchError) as caught:
        fetch(server.url("/doc?key=hidden", credentials="user:hidden@"))
    assert "hidden" not in str(caught.value)
    assert server.url("/doc") in str(caught.value)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_a_name_that_leads_to_a_metadata_service(fetch, names, address):
    names["evil.test"] = [address]
    with pytest.raises(FetchError, match="deny_to forbids"):
        fetch("http://evil.test/")


def test_a_redirect_to_a_metadata_service(server, fetch):
    server.answer("/old", status=307, Location="http://169.254.169.254/latest")
    with pytest.raises(FetchError, match=r"deny_to forbids \(169\.254\.169\.254\)"):
        fetch(server.url("/old"))


def test_the_checked_address_is_the_one_that_is_used(server, fetch, names):
    names["rebinding.test"] = ["127.0.0.1", "169.254.169.254"]
    server.answer("/doc", DOCUMENT)
    assert fetch(server.url("/doc", host="rebinding.test")) == DOCUMENT
    assert server.last.headers["Host"] == f"rebinding.test:{server.port}"


def test_denied_networks_are_a_setting(server, fetch):
    server.answer("/doc", DOCUMENT)
    with pytest.raises(FetchError, match="deny_to"):
        fetch(server.url("/doc"), settings={"deny_to": ["127.0.0.0/8"]})
    assert server.requests == []


def test_no_cookie_comes_back(server, fetch):
    server.answer("/old", status=307, Location="/new", Set_Cookie="a=b")
    server.answer("/new", DOCUMENT)
    fetch(server.url("/old"))
    assert "Cookie" not in server.last.headers


def test_a_proxy_of_the_environment_is_used(server, fetch, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url())
    server.answer("http://documents.test/doc", DOCUMENT)
    assert fetch("http://documents.test/doc") == DOCUMENT
    with pytest.raises(FetchError, match="deny_to"):
        fetch("http://169.254.169.254/doc")


def test_tls_is_verified_against_the_name(server, fetch, names, monkeypatch, certificate):
    names["documents.test"] = names["other.test"] = ["127.0.0.1"]
    server.http.socket = certificate.context.wrap_socket(server.http.socket, server_side=True)
    server.answer("/doc", DOCUMENT)
    url = f"https://documents.test:{server.port}/doc"
    with pytest.raises(FetchError, match=r"certificate.*REQUESTS_CA_BUNDLE"):
        fetch(url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.path))
    assert fetch(url) == DOCUMENT
    with pytest.raises(FetchError, match="certificate"):
        fetch(f"https://other.test:{server.port}/doc")


def test_a_kept_connection_that_the_server_closed_is_no_failure(server):
    def drop(handler):
        handler.close_connection = True
        server.answer("/doc", DOCUMENT)

    server.answer("/doc", DOCUMENT)
    fetcher = DocumentFetcher(Settings())
    try:
        for _ in range(2):
            assert fetcher.fetch(Url(server.url("/doc")), CallFacts({})) == DOCUMENT
            server.answers["/doc"] = drop
    finally:
        fetcher.close()
    assert len(server.requests) == 3


def test_a_new_connection_that_is_cut_is_not_tried_twice(server, fetch):
    server.answers["/doc"] = lambda handler: setattr(handler, "close_connection", True)
    with pytest.raises(FetchError, match="closed connection without response"):
        fetch(server.url("/doc"))
    assert len(server.requests) == 1


def test_the_body_of_a_redirect_is_not_read(server, fetch):
    def endless(handler):
        handler.send_response(307)
        handler.send_header("Location", "/new")
        handler.end_headers()
        while not server.ending.is_set():
            handler.wfile.write(bytes(10_000))

    server.answers["/old"] = endless
    server.answer("/new", DOCUMENT)
    assert fetch(server.url("/old")) == DOCUMENT


def test_authorities_that_cannot_be_read_are_named(server, fetch, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(FetchError, match=r"/nowhere/ca\.pem holds no certificates.*CA_BUNDLE"):
        fetch(f"https://127.0.0.1:{server.port}/doc")


def test_a_file_of_the_settings(tmp_path, fetch):
    path = tmp_path / "a.yaml"
    path.write_bytes(DOCUMENT)
    assert fetch(File(path)) == DOCUMENT


def test_a_file_that_is_too_large(tmp_path, fetch):
    path = tmp_path / "a.yaml"
    path.write_bytes(bytes(11))
    with pytest.raises(FetchError, match="larger than 10 bytes"):
        fetch(File(path), max_bytes=10)


def test_a_missing_file(tmp_path, fetch):
    with pytest.raises(FetchError, match=r"no\.yaml: there is no such file; create it"):
        fetch(File(tmp_path / "no.yaml"))


def test_a_file_without_the_right_to_read(tmp_path, fetch):
    path = tmp_path / "a.yaml"
    path.symlink_to("a.yaml")  # a loop: fails for root too
    with pytest.raises(FetchError, match="cannot be read"):
        fetch(File(path))


def test_headers_that_trickle_are_cut_off_in_a_patched_process():
    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent, gevent.server\n"
        "from adapter.config import Documents, Settings\n"
        "from adapter.documents.errors import FetchError\n"
        "from adapter.documents.fetch import CallFacts, DocumentFetcher\n"
        "from adapter.documents.sources import Url\n"
        "def trickle(sock, address):\n"
        "    sock.sendall(b'HTTP/1.1 200 OK\\r\\nX: ')\n"
        "    while True:\n"
        "        sock.sendall(b'x'); gevent.sleep(0.01)\n"
        "server = gevent.server.StreamServer(('127.0.0.1', 0), trickle); server.start()\n"
        "fetcher = DocumentFetcher(Settings(documents=Documents(total_timeout=0.2)))\n"
        "try:\n"
        "    fetcher.fetch(Url(f'http://127.0.0.1:{server.server_port}/'), CallFacts({}))\n"
        "except FetchError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "took longer than 0.2 s in all" in done.stdout, done.stderr
