"""One RELAY client, from its login to the end of its connection.

    signalwire.connect          project and token; a protocol, by which it is known from then on
    signalwire.receive          the topics (or contexts) whose calls it wants
    signalwire.unreceive        and those it does not want any more
    signalwire.reauthenticate   project and token once more
    signalwire.ping             either way; who says nothing for a while is gone
    signalwire.event            ours: what happened to its calls; it acknowledges each
    calling.…                   commands to calls of its project

Commands to one call are done in order, those to several at the same time. A client that takes its
events too slowly is cut off; what it did not acknowledge waits for it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import structlog
from gevent.queue import Full, Queue
from websockets.frames import CloseCode

from adapter.control.errors import ControlError
from adapter.relay import commands, frames, sessions
from adapter.relay.frames import FrameError, Id, Reply, Request
from adapter.relay.lanes import Lanes, TooMany

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.relay.clients import Clients
    from adapter.relay.commands import Dispatcher
    from adapter.relay.exchange import Exchange
    from adapter.web.auth import Gate

log = structlog.get_logger()

PING_SECONDS = 10.0
"""Between our pings: a client that had one expects the next within 15 s (`BaseSession.ts`)."""

SILENCE_SECONDS = 35.0
"""After so long without a word it is gone; each ping of ours wants an answer."""

MOST_UNSEEN = 2000
"""Events on their way, or not acknowledged: beyond it the client is too slow."""

MOST_TOPICS, LONGEST_TOPIC = 200, 256
MOST_FAULTS = 20
"""Frames that are none, on one connection."""

COMMANDS_AT_ONCE = 100

Answer = Mapping[str, Any]


class Socket(Protocol):
    """The connection."""

    def receive(self, seconds: float) -> str | None: ...
    def send(self, text: str) -> None: ...
    def close(self, code: int = ..., reason: str = ...) -> None: ...
    def abort(self) -> None: ...


class Client:
    """A connection and who is at its other end."""

    def __init__(
        self,
        socket: Socket,
        *,
        gate: Gate,
        clients: Clients,
        exchange: Exchange,
        dispatcher: Dispatcher,
        login_seconds: float,
    ) -> None:
        self.project_id = self.protocol = ""
        self.topics: set[str] = set()
        self._owner: Project
        self._socket = socket
        self._gate = gate
        self._clients = clients
        self._exchange = exchange
        self._dispatcher = dispatcher
        self._login_seconds = login_seconds
        self._outgoing: Queue[str] = Queue(MOST_UNSEEN)
        self._unseen: dict[str, Mapping[str, Any]] = {}
        self._following: dict[str, Mapping[str, Any]] = {}
        self._lanes = Lanes(COMMANDS_AT_ONCE)
        self._faults = 0
        self._gone = False
        self._methods: dict[str, Callable[[Request], Answer]] = {
            "signalwire.receive": self._receive,
            "signalwire.unreceive": self._unreceive,
            "signalwire.reauthenticate": self._reauthenticate,
            "signalwire.ping": lambda request: {"timestamp": request.params.get("timestamp")},
            "signalwire.disconnect": lambda _request: {},
        }

    def run(self) -> None:
        """Serve it until its connection ends."""
        try:
            with gevent.Timeout(self._login_seconds, TimeoutError("no login in time")):
                logged_in = self._log_in()
            if logged_in:
                self._serve()
        except OSError as error:  # also TimeoutError
            log.info("relay client lost", protocol=self.protocol, reason=str(error))
            self._socket.close(CloseCode.POLICY_VIOLATION, str(error)[:100])

    # -- for the exchange ------------------------------------------------------------------------

    def deliver(self, event: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> bool:
        """Send it an event, and `then` another one once it has acknowledged the first.

        False when it is gone, or too slow to go on with.
        """
        if self._gone:
            return False
        event_id = str(uuid.uuid4())
        try:
            text = frames.request(event_id, "signalwire.event", event)
        except ValueError as error:
            log.warning("an event is too large for relay clients", reason=str(error))
            return True
        if len(self._unseen) >= MOST_UNSEEN or not self._put(text):
            self._cut_off("it takes its events too slowly")
            return False
        self._unseen[event_id] = event
        if then is not None:
            self._following[event_id] = then
        return True

    def dismiss(self) -> None:
        """End the connection; it may come back, here or elsewhere."""
        self._gone = True
        gevent.spawn(self._socket.close, CloseCode.SERVICE_RESTART, "connect again")

    # -- login -----------------------------------------------------------------------------------

    def _log_in(self) -> bool:
        text = self._socket.receive(self._login_seconds)
        if text is None:
            return False
        try:
            request = self._login_request(text)
            project = self._project(request)
            topics = self._wanted_topics(request)
        except FrameError as error:
            self._socket.send(frames.error(error.id, error.code, str(error)))
            self._socket.close(CloseCode.POLICY_VIOLATION, "log in first")
            return False
        self._owner, self.project_id = project, project.id
        self.protocol = sessions.resumed_or_new(project.id, request.params.get("protocol"))
        self.topics = topics
        self._socket.send(frames.result(request.id, self._welcome()))
        return True

    @staticmethod
    def _login_request(text: str) -> Request:
        request = frames.parse(text)
        if isinstance(request, Request) and request.method == "signalwire.connect":
            return request
        raise FrameError(frames.AUTHENTICATION_FAILED, "Begin with signalwire.connect.", request.id)

    def _project(self, request: Request) -> Project:
        given = request.params.get("authentication")
        given = given if isinstance(given, dict) else {}
        named, token = given.get("project"), given.get("token")
        project = None
        if isinstance(named, str) and isinstance(token, str):
            project = self._gate.find(_bytes(named), _bytes(token))
        if project is None:
            log.info("relay login refused", agent=str(request.params.get("agent"))[:80])
            message = "401 Unauthorized: give a project's id and its token"
            raise FrameError(frames.AUTHENTICATION_FAILED, message, request.id)
        return project

    def _wanted_topics(self, request: Request) -> set[str]:
        names = (name for name in ("contexts", "topics") if request.params.get(name))
        try:
            return {topic for name in names for topic in _topics(request, name)}
        except FrameError as error:
            raise FrameError(error.code, str(error), request.id) from error

    def _welcome(self) -> Answer:
        return {
            "identity": f"{uuid.uuid4()}@swml-freeswitch",
            "protocol": self.protocol,
            "authorization": {
                "project_id": self.project_id,
                "signature": sessions.signature(self.project_id),
                "scopes": ["calling"],
            },
        }

    # -- afterwards ------------------------------------------------------------------------------

    def _serve(self) -> None:
        helpers = [gevent.spawn(self._write), gevent.spawn(self._ping)]
        self._clients.add(self)
        log.info("relay client connected", protocol=self.protocol, topics=sorted(self.topics))
        try:
            self._exchange.is_back(self.project_id, self.protocol)
            while (text := self._socket.receive(SILENCE_SECONDS)) is not None:
                self._take(text)
        finally:
            self._gone = True
            self._clients.remove(self)
            gevent.killall(helpers)
            unseen, self._unseen = list(self._unseen.values()), {}
            self._exchange.give_back(self.project_id, self.protocol, unseen)
            log.info("relay client gone", protocol=self.protocol, unseen=len(unseen))

    def _write(self) -> None:
        try:
            while True:
                self._socket.send(self._outgoing.get())
        except OSError as error:
            self._cut_off(str(error))

    def _ping(self) -> None:
        while True:
            gevent.sleep(PING_SECONDS)
            self._put(
                frames.request(str(uuid.uuid4()), "signalwire.ping", {"timestamp": time.time()})
            )

    def _put(self, text: str) -> bool:
        try:
            self._outgoing.put_nowait(text)
        except Full:
            return False
        return True

    def _cut_off(self, reason: str) -> None:
        if not self._gone:
            log.warning("relay client cut off", protocol=self.protocol, reason=reason)
        self._gone = True
        self._socket.abort()

    def _take(self, text: str) -> None:
        try:
            frame = frames.parse(text)
            if isinstance(frame, Reply):
                self._acknowledged(str(frame.id))
                return
            self._answer(frame)
        except FrameError as error:
            self._refuse(error.id, error.code, str(error))

    def _acknowledged(self, event_id: str) -> None:
        self._unseen.pop(event_id, None)
        if (then := self._following.pop(event_id, None)) is not None:
            self.deliver(then)

    def _answer(self, request: Request) -> None:
        if request.method.startswith("calling."):
            self._command(request)
            return
        method = self._methods.get(request.method)
        if method is None:
            message = f"There is no method {request.method[:60]!r} here."
            raise FrameError(frames.METHOD_NOT_FOUND, message, request.id)
        try:
            self._reply(request.id, method(request))
        except FrameError as error:
            raise FrameError(error.code, str(error), request.id) from error

    def _refuse(self, frame_id: Id, code: int, message: str) -> None:
        self._reply_text(frames.error(frame_id, code, message))
        if code in (frames.PARSE_ERROR, frames.INVALID_REQUEST):
            self._faults += 1
        if self._faults >= MOST_FAULTS:
            self._cut_off("it does not speak JSON-RPC")

    def _reply(self, frame_id: Id, answer: Answer) -> None:
        if frame_id is not None:
            self._reply_text(frames.result(frame_id, answer))

    def _reply_text(self, text: str) -> None:
        if not self._put(text):
            self._cut_off("it takes its answers too slowly")

    # -- what it may ask for ---------------------------------------------------------------------

    def _receive(self, request: Request) -> Answer:
        topics = self.topics | set(_topics(request, "contexts"))
        if len(topics) > MOST_TOPICS:
            raise FrameError(frames.INVALID_PARAMS, f"More than {MOST_TOPICS} topics.")
        self.topics = topics
        return {"code": "200", "message": "Receiving calls of these contexts."}

    def _unreceive(self, request: Request) -> Answer:
        self.topics = self.topics - set(_topics(request, "contexts"))
        return {"code": "200", "message": "No more calls of these contexts."}

    def _reauthenticate(self, request: Request) -> Answer:
        project = self._project(request)
        if project.id != self.project_id:
            raise FrameError(frames.AUTHENTICATION_FAILED, "401 Unauthorized: another project")
        return self._welcome()

    def _command(self, request: Request) -> None:
        def do() -> None:
            self._reply(request.id, self._outcome(request))

        try:
            self._lanes.put(str(request.params.get("call_id")), do)
        except TooMany:
            self._reply(request.id, {"code": "429", "message": "Too many commands wait."})

    def _outcome(self, request: Request) -> Answer:
        try:
            return self._dispatcher.do(self._owner, self.protocol, request)
        except ControlError as error:
            return commands.failure(error)
        except Exception:
            log.exception("a relay command failed inside the adapter", method=request.method)
            return {"code": "500", "message": "See the adapter's log."}


def _topics(request: Request, name: str) -> list[str]:
    return frames.text_list(request.params, name, most=MOST_TOPICS, longest=LONGEST_TOPIC)


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
