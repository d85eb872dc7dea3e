"""`relay`: offer the call to RELAY clients and leave it to the one that takes it; not in SWML.

A route of the settings (`relay: sales`) is a document with this one step; any document may have it,
to go on by itself when nobody takes the call. One client after the other is offered it; who gives
it a command has it. The step lasts as long as a client has the call: until the call ends, is given
another document, or is passed on and nobody else takes it. A client whose connection ends may come
back within `abandoned` seconds.

document            switch
relay          →    uuid_ring_ready            where nobody has answered the call yet
                    nothing more: the client's commands do the rest
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pydantic import Field

from adapter.connecting.kept import CONNECT_VARIABLE, Connect
from adapter.connecting.telling import Teller
from adapter.freeswitch import commands
from adapter.methods.commanded import take_up
from adapter.methods.context import Clients, Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

LOOK_SECONDS = 0.5
"""Between looks for a client that has come meanwhile."""

PRESENCE_SECONDS = 5.0
"""Between looks whether a client of the call is connected."""

NO_CLIENT_CAUSE = "NORMAL_TEMPORARY_FAILURE"
"""How a call ends that was for clients alone: SIP 503, so that a trunk may try elsewhere."""


Job = Callable[[Context], object]

_NAME = re.compile(r"[^A-Za-z0-9_.-]")

HELD = "relay"
"""Under which `Context.running` has the step's `Held`."""


class Held:
    """A call that a client has: what is to be done by its own step, one thing after the other."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._jobs: deque[Job] = deque()
        self.busy = False
        """Whether the step does something now."""

    def do(self, job: Job) -> None:
        """Have the step do this; it may last, and is called away like the step itself."""
        self._jobs.append(job)
        self._clients.news.set()

    def next(self) -> Job | None:
        """What is to be done now."""
        return self._jobs.popleft() if self._jobs else None

    def run_next(self, context: Context) -> bool:
        """Do it; False where nothing is to be done."""
        job = self.next()
        if job is None:
            return False
        self.busy = True
        try:
            job(context)
        finally:
            self.busy = False
        return True

    @staticmethod
    def part(context: Context, name: str) -> str:
        """How a connect of this step is known, by whoever finds it on the channel."""
        return f"{_prefix(context)}{_NAME.sub('', name)}"

    @staticmethod
    def name_in(part: str) -> str:
        """The name of such a connect; empty where it is another step's."""
        _, _, name = part.partition("/")[2].partition("/")
        return name


class Relay(Parameters):
    """Offer the call to RELAY clients."""

    any_of = ("topic", "client")
    topic: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="topic (context) that clients receive calls of",
    )
    timeout: float = Field(30, gt=0, description="seconds for some client to take the call")
    turn: float = Field(
        5, gt=0, description="seconds for one client, before the next one is offered it too"
    )
    abandoned: float = Field(
        300, gt=0, description="seconds without any client of the call, after which it goes on"
    )
    client: str | None = Field(
        None, max_length=128, description="protocol of the client that had the call made"
    )
    tag: str = Field("", max_length=128, description="by which that client knows it")
    routed: bool = Field(
        False, description="what follows is the fallback of the settings, or the call's end"
    )


SPEC = MethodSpec("relay", Relay, Shorthand(scalar="topic"))


class Times(Protocol):
    """What the settings say."""

    @property
    def timeout(self) -> float: ...
    @property
    def turn(self) -> float: ...
    @property
    def abandoned(self) -> float: ...


def routed(topic: str, times: Times) -> str:
    """The document of a call that is for the clients of a topic."""
    step = {
        "topic": topic,
        "timeout": times.timeout,
        "turn": times.turn,
        "abandoned": times.abandoned,
        "routed": True,
    }
    return json.dumps({"sections": {"main": [{"relay": step}]}})


def perform(context: Context, params: Relay) -> Result:
    """Returns when no client has the call, or wants it."""
    held = context.running[HELD] = Held(context.clients)
    try:
        return _perform(context, params, held)
    finally:
        context.running.pop(HELD, None)


def _perform(context: Context, params: Relay, held: Held) -> Result:
    if params.client:
        context.clients.begin(params.client, params.tag)
    _tell_what_became(context)
    take_up(context)
    passed: set[str] = set()
    while context.clients.anybody or _is_taken(context, params, passed):
        if not _stay(context, params, held):
            return _go_on(context, params, "every client of the call has gone")
    topic = f" of the topic {params.topic!r}" if params.topic else ""
    return _go_on(context, params, f"no client took the call{topic}")


def _is_taken(context: Context, params: Relay, asked: set[str]) -> bool:
    """Offer it around; whoever was asked once is not asked again, but may still take it."""
    clients, ends = context.clients, time.monotonic() + params.timeout
    if params.topic is None:
        return False
    if not context.call.answered:
        context.call.api(commands.ring(context.call.uuid))
    while (left := ends - time.monotonic()) > 0:
        clients.news.clear()
        client = clients.candidate(params.topic, asked)
        if clients.anybody:
            return True
        if client is not None:
            asked.add(client)
            patience = params.turn if clients.offer(client, params.topic) else 0.0
        else:
            patience = LOOK_SECONDS
        context.call.sleep(min(patience, left), until=clients.news)
        if clients.anybody:
            return True
    return False


def _stay(context: Context, params: Relay, held: Held) -> bool:
    """Until the client passes the call on (True), or all of them are gone for too long."""
    clients, seen = context.clients, time.monotonic()
    while clients.anybody:
        clients.news.clear()
        if not held.run_next(context):
            patience = min(PRESENCE_SECONDS, params.abandoned / 2)
            context.call.sleep(patience, until=clients.news)
        if clients.connected:
            seen = time.monotonic()
        elif time.monotonic() - seen > params.abandoned:
            return False
    return True


def _tell_what_became(context: Context) -> None:
    """A bridge of this step that went on without us: it is over, since the call is here."""
    name = context.call.variable(CONNECT_VARIABLE).partition(" ")[0]
    if not name.startswith(_prefix(context)):
        return
    connect = Connect.find(context.call, name)
    context.call.set_variables(connect.after())
    tag = name.removeprefix(_prefix(context))
    teller = Teller(context.tell, context.identity, None, tag)
    if connect.became is not None and connect.became.connected:
        peer = {"call_id": connect.became.peer, "node_id": context.identity.node_id, "tag": tag}
        teller.connect("disconnected", peer=peer)
    else:
        reason = connect.became.failed_reason if connect.became else "error"
        teller.connect("failed", failed_reason=reason)


def _prefix(context: Context) -> str:
    return f"{context.identity.event_channel}/{context.step}/"


def _go_on(context: Context, params: Relay, reason: str) -> Result:
    error = ScriptError(Code.EXECUTE_FAILED, f"relay: {reason}")
    if not params.routed:
        return Result(error=error)
    document = context.documents.fallback()
    if document is not None:
        return Result(transfer=document, error=error)
    context.call.hangup(NO_CLIENT_CAUSE)
    return Result(error=error, ends_script=True)
