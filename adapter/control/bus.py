"""How the workers of one adapter reach each other: a Unix socket for each, in one folder.

A question has an answer or a deadline. Who is there is read from the folder; a socket whose process
is gone refuses the connection and is removed. Nothing passes over the bus while a call is handled:
only commands that arrive at a worker which does not have the call, and news for clients of another
worker.

    → {"id": 7, "kind": "command", "body": {…}}        ← {"id": 7, "answer": {…}}, or {"id": 7}
    → {"kind": "event", "body": {…}}                   nothing comes back
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gevent
import structlog
from gevent import socket
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.pool import Pool
from gevent.server import StreamServer

from adapter.control.link import Link, LinkClosed, Message

log = structlog.get_logger()

ENDING = ".sock"
BACKLOG = 64

AT_ONCE = 1000
"""Questions of others that are worked on; more wait in their links."""

Handler = Callable[[Mapping[str, Any]], dict[str, Any] | None]


class NoAnswer(Exception):
    """A peer is gone, or did not answer in time."""


class Bus:
    """This process's place on the bus. `handlers` answer what others ask, by its kind."""

    def __init__(self, folder: Path, name: str, handlers: Mapping[str, Handler]) -> None:
        """`name` is this process's alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        # A Unix socket's path may have 107 bytes; below our own descriptor every path is short.
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._file = f"{name}{ENDING}"
        self._handlers = dict(handlers)
        self._peers: dict[str, _Peer] = {}
        self._incoming: set[Link] = set()
        self._pool = Pool(AT_ONCE)
        self._server: StreamServer | None = None

    def start(self) -> None:
        """Be there for the others."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / self._file).unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self._path(self._file))
        (self._folder / self._file).chmod(0o600)
        listener.listen(BACKLOG)
        self._server = StreamServer(listener, self._accept)
        self._server.start()

    def stop(self) -> None:
        """Leave; who waits for an answer gets `NoAnswer`."""
        if self._server is None:
            return
        with contextlib.suppress(FileNotFoundError):
            (self._folder / self._file).unlink()
        self._server.stop()
        self._server = None
        for link in [*self._incoming, *(peer.link for peer in self._peers.values())]:
            link.close()
        self._pool.kill()
        os.close(self._directory)

    def peers(self) -> list[str]:
        """The other processes that were there a moment ago."""
        sockets = self._folder.glob(f"*{ENDING}")
        return [path.name for path in sockets if path.name != self._file]

    def ask(self, peer: str, kind: str, body: Mapping[str, Any], deadline: float) -> Any:
        """A peer's answer, within `deadline` seconds; raises `NoAnswer`."""
        return self._peer(peer).ask(kind, body).get(deadline)

    def ask_all(self, kind: str, body: Mapping[str, Any], deadline: float) -> Iterator[Any | None]:
        """Every peer's answer as it comes, and None for each that gives none in time."""
        asked = [self._asked(name, kind, body) for name in self.peers()]
        open_ = {question.answer: question for question in asked if question}
        for answer in gevent.iwait(list(open_), timeout=deadline):
            yield open_.pop(answer).now()
        for question in open_.values():
            question.now()
            yield None

    def tell(self, peer: str, kind: str, body: Mapping[str, Any]) -> None:
        """Tell a peer something; raises `NoAnswer` when it is gone."""
        self._peer(peer).send({"kind": kind, "body": body})

    def _asked(self, name: str, kind: str, body: Mapping[str, Any]) -> _Question | None:
        try:
            return self._peer(name).ask(kind, body)
        except NoAnswer:
            return None

    def _path(self, name: str) -> str:
        return f"/proc/self/fd/{self._directory}/{name}"

    def _peer(self, name: str) -> _Peer:
        peer = self._peers.get(name)
        if peer is None or peer.link.closed:
            peer = self._peers[name] = _Peer(self._connect(name))
        return peer

    def _connect(self, name: str) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(self._path(name))
        except OSError as error:
            sock.close()
            if isinstance(error, ConnectionRefusedError):
                with contextlib.suppress(FileNotFoundError):
                    (self._folder / name).unlink()
            raise NoAnswer(f"{name} is gone: {error}") from error
        return sock

    # -- for others ------------------------------------------------------------------------------

    def _accept(self, sock: socket.socket, _address: object) -> None:
        ended = Flag()
        link = Link(sock, on_message=lambda message: self._take(link, message), on_end=ended.set)
        self._incoming.add(link)
        ended.wait()
        self._incoming.discard(link)

    def _take(self, link: Link, message: Message) -> None:
        self._pool.spawn(self._answer, link, message)

    def _answer(self, link: Link, message: Message) -> None:
        try:
            answer = {"answer": self._handlers[message["kind"]](message["body"])}
        except Exception:
            log.exception("a question of another process failed inside the adapter")
            answer = {}
        if "id" in message:
            with contextlib.suppress(LinkClosed):
                link.send({"id": message["id"], **answer})


class _Question:
    """What was asked, and where its answer comes."""

    def __init__(self, forget: Callable[[], object]) -> None:
        self.answer = AsyncResult()
        self._forget = forget

    def get(self, deadline: float) -> Any:
        try:
            return self.answer.get(timeout=deadline)
        except gevent.Timeout:
            raise NoAnswer(f"no answer within {deadline} s") from None
        finally:
            self._forget()

    def now(self) -> Any | None:
        """The answer if it has come."""
        self._forget()
        return self.answer.value if self.answer.successful() else None


class _Peer:
    """Our link to another process, and what we have asked it."""

    def __init__(self, sock: socket.socket) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, _Question] = {}
        self.link = Link(sock, on_message=self._on_answer, on_end=self._on_end)

    def ask(self, kind: str, body: Mapping[str, Any]) -> _Question:
        number = next(self._numbers)
        question = _Question(lambda: self._open.pop(number, None))
        self._open[number] = question
        try:
            self.send({"id": number, "kind": kind, "body": body})
        except NoAnswer:
            self._open.pop(number, None)
            raise
        return question

    def send(self, message: Message) -> None:
        try:
            self.link.send(message)
        except LinkClosed as error:
            raise NoAnswer(str(error)) from error

    def _on_answer(self, message: Message) -> None:
        question = self._open.pop(message["id"], None)
        if question is None:
            return
        if "answer" in message:
            question.answer.set(message["answer"])
        else:
            question.answer.set_exception(NoAnswer("the other process failed at it"))

    def _on_end(self) -> None:
        questions, self._open = list(self._open.values()), {}
        for question in questions:
            question.answer.set_exception(NoAnswer("the other process is gone"))
