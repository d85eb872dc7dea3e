"""The web around an adapter: serves documents and sounds, takes callbacks, misbehaves on demand.

Everything it was sent is kept as it came: path, headers and the bytes of the body, in order.
"""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from worlds.waiting import PATIENCE, eventually

FINAL = ("finished", "no_input", "error")


@dataclass(frozen=True, slots=True)
class Hit:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Unix seconds of its arrival."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets; `delay` seconds late."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


Responder = Callable[[Hit], Answer]


class Receiver:
    """A web server on loopback. Without `start` its port is taken, but nobody listens."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self._responders: dict[str, Responder] = {}
        self._server: ThreadingHTTPServer | None = None
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.port = int(self._held.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Receiver":
        self._held.close()
        self._server = _Server(self)
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="receiver", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        self._held.close()
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def respond(self, path: str, responder: Responder) -> str:
        """Answer requests for `path` by `responder`; returns the URL."""
        self._responders[path] = responder
        return self.url + path

    def serve(self, path: str, body: bytes, content_type: str) -> str:
        """Answer requests for `path` with these bytes; returns the URL."""
        return self.respond(path, lambda _: Answer(200, body, content_type))

    def answer_once_each(self, path: str, *answers: Answer) -> None:
        """Give the next requests these answers, one each, and go on as before afterwards."""
        left = list(answers)
        usual = self._responders.get(path, _accept)
        self._responders[path] = lambda hit: left.pop(0) if left else usual(hit)

    def hits_of(self, path: str) -> list[Hit]:
        return [hit for hit in list(self.hits) if urlsplit(hit.path).path == path]

    def inbox(self) -> "Inbox":
        """A new address for status callbacks."""
        return Inbox(self, f"/callbacks/{uuid.uuid4()}")

    def take(self, hit: Hit) -> Answer:
        """A request came."""
        self.hits.append(hit)
        return self.answer(hit)

    def answer(self, hit: Hit) -> Answer:
        """What a request gets by its path."""
        return self._responders.get(urlsplit(hit.path).path, _accept)(hit)


def _accept(_: Hit) -> Answer:
    return Answer()


class Inbox:
    """The callbacks that came to one address."""

    def __init__(self, receiver: Receiver, path: str) -> None:
        self._receiver = receiver
        self.path = path
        self.url = receiver.url + path

    @property
    def hits(self) -> list[Hit]:
        """Every request, repeated ones as well."""
        return self._receiver.hits_of(self.path)

    @property
    def callbacks(self) -> list[Hit]:
        """Every callback once: it may come again, with its key and its bytes."""
        first: dict[str, Hit] = {}
        for hit in self.hits:
            known = first.setdefault(hit.headers["Idempotency-Key"], hit)
            assert known.body == hit.body, "a repeated callback has changed"
        return list(first.values())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [hit.json for hit in self.callbacks]

    def states(self, control_id: str | None = None) -> list[str]:
        """The states told so far, in the order of their arrival."""
        params = [event["params"] for event in self.events]
        return [
            str(each["state"])
            for each in params
            if control_id is None or each["control_id"] == control_id
        ]

    def wait_for(
        self, *states: str, control_id: str | None = None, within: float = PATIENCE
    ) -> dict[str, Any]:
        """The `params` of the first callback with one of these states."""

        def look() -> dict[str, Any] | None:
            for event in self.events:
                params: dict[str, Any] = event["params"]
                named = control_id is None or params["control_id"] == control_id
                if named and params["state"] in states:
                    return params
            return None

        try:
            found = eventually(look, within=within, what=f"a callback with state {states}")
        except AssertionError as error:
            raise AssertionError(f"{error}; there were {self.events}") from None
        assert found
        return found

    def wait_told(self, control_id: str, state: str) -> float:
        """When a state was told: Unix seconds of the callback's arrival."""
        self.wait_for(state, control_id=control_id)
        told = (hit for hit in self.hits if hit.json["params"]["control_id"] == control_id)
        return next(hit.at for hit in told if hit.json["params"]["state"] == state)

    def wait_ended(
        self, control_id: str | None = None, *, within: float = PATIENCE
    ) -> dict[str, Any]:
        """The `params` of the last callback of a recording, whatever it says."""
        return self.wait_for(*FINAL, control_id=control_id, within=within)

    def answer_once_each(self, *answers: Answer) -> None:
        self._receiver.answer_once_each(self.path, *answers)


class Report:
    """A step that tells the script's variables: a document to `execute`, which does nothing."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.path = f"/reports/{uuid.uuid4()}"
        self.url = receiver.serve(self.path, b'{"sections": {"main": ["return"]}}', "text/json")

    def step(self, name: str = "") -> dict[str, Any]:
        """The step; a name tells several of them apart."""
        return {"execute": {"dest": f"{self.url}?name={name}"}}

    def wait(self, name: str = "", *, within: float = PATIENCE) -> dict[str, Any]:
        """The script's `vars` where the step stands."""
        return dict(self.wait_hit(name, within=within).json["vars"])

    def wait_hit(self, name: str = "", *, within: float = PATIENCE) -> Hit:
        """The request that the step made."""
        return eventually(
            lambda: next(iter(self.hits(name)), None), within=within, what=f"the report {name!r}"
        )

    def hits(self, name: str = "") -> list[Hit]:
        named = [
            (hit, parse_qs(urlsplit(hit.path).query, keep_blank_values=True))
            for hit in self._receiver.hits_of(self.path)
        ]
        return [hit for hit, query in named if query["name"] == [name]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed in the middle: no request at all
            self.close_connection = True
            return
        hit = Hit(self.command, self.path, dict(self.headers), body, time.time())
        answer = self.server.receiver.take(hit)
        if answer.delay:
            threading.Event().wait(answer.delay)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = _take  # noqa: N815 - the names that http.server wants

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", receiver.port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is its own affair."""
