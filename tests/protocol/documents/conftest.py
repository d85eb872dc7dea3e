import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from adapter.config import Documents, Settings
from adapter.documents.fetch import CallFacts, DocumentFetcher
from adapter.documents.sources import Url

DEADLINE = 10  # seconds until the slow answers of the server give up


@dataclass
class Server:
    """A web server whose answers are functions of the request, by path; it keeps what it got."""

    port: int = 0
    answers: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def url(self, path="/", host="127.0.0.1", credentials=""):
        return f"http://{credentials}{host}:{self.port}{path}"

    def answer(self, path, body=b"", status=200, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda handler: respond(handler, status, body, names)

    @property
    def last(self):
        return self.requests[-1]


def respond(handler, status, body, headers):
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def make_handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            size = int(self.headers.get("Content-Length") or 0)
            server.requests.append(
                SimpleNamespace(
                    method=self.command,
                    path=self.path,
                    headers=self.headers,
                    body=self.rfile.read(size),
                )
            )
            with contextlib.suppress(OSError):
                server.answers[self.path](self)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch):
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    made = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(made))
    http.daemon_threads = True
    made.port = http.server_address[1]
    made.http = http
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.ending.set()
    http.shutdown()
    http.server_close()
    thread.join(DEADLINE)


@pytest.fixture
def fetch():
    """Fetch a URL or place under small limits; further settings are keywords."""
    fetchers = []

    def fetch(place, facts=None, project=None, settings=None, **limits):
        limits = {"connect_timeout": 5, "read_timeout": 5, "max_bytes": 100_000, **limits}
        fetcher = DocumentFetcher(Settings(documents=Documents(**limits), **(settings or {})))
        fetchers.append(fetcher)
        where = Url(place) if isinstance(place, str) else place
        return fetcher.fetch(where, facts or CallFacts({"call_id": "c1"}), project=project)

    yield fetch
    for fetcher in fetchers:
        fetcher.close()


@pytest.fixture
def names(monkeypatch):
    """A dictionary of host names and their addresses; each lookup takes the next address."""
    answers = {}
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        if host in answers:
            host = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of its own authority for documents.test."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate; install it")
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    key = path.with_name("key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=documents.test", "-addext", "subjectAltName=DNS:documents.test",
         "-keyout", key, "-out", path],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return SimpleNamespace(path=path, context=context)
