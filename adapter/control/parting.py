"""Two parties that talk are taken apart: the one that was called goes on as a call of its own.

What it begins with is stored first, as for a call that we make: whichever process it comes to, and
if nobody is there to take it, finds it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.connecting.talk import Talk
from adapter.control.order import POSITION, project_variable
from adapter.control.states import Watch, watched
from adapter.identity import SESSION_VARIABLE
from adapter.store.rows import CallPosition
from adapter.store.writes import PutCall, PutDocument, Write

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.swml.document import Document

LONELY_SECONDS = 300
"""How long a leg stays that nobody gives a document: as long as a call whose clients are gone."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A leg that leaves a bridge."""

    leg_id: str
    node_id: str
    project_id: str
    clients: Sequence[str] = ()
    """RELAY clients of the call that it talked with: they have it as well."""
    tag: str = ""
    """By what these know the connect."""
    watch: Watch | None = None
    """Who was told of the leg's states is told of its end."""

    def waiting(self) -> str:
        """The document of a leg that was given none."""
        step: dict[str, object] = {"sleep": 1000 * LONELY_SECONDS}
        if self.clients:
            client = {"client": self.clients[0], "tag": self.tag, "abandoned": LONELY_SECONDS}
            step = {"relay": client}
        return json.dumps({"sections": {"main": [step]}})

    def begins(self, document: Document) -> tuple[list[Write], Mapping[str, str]]:
        """What is to be stored before it leaves, and variables of its channel."""
        session_id = str(uuid.uuid4())
        position = CallPosition(
            call_id=self.leg_id,
            session_id=session_id,
            node_id=self.node_id,
            worker="",
            state={POSITION: {"document": document.content_hash}, **watched(self.watch)},
            updated_at=time.time(),
        )
        kept = PutDocument(document.content_hash, document.name, document.source)
        variables = {**project_variable(self.project_id), SESSION_VARIABLE: session_id}
        return [kept, PutCall(position)], variables


def part(control: CallControl, talk: Talk, document: Document | None = None) -> None:
    """Take them apart; the leg runs this document. Without one it waits for who commands it.

    Returns when they hear each other no more. Raises what the switch refuses.
    """
    leaving = Leaving(
        talk.leg_id,
        control.identity.node_id,
        control.project_id,
        control.audience.names,
        talk.tag,
        _watch(talk),
    )
    writes, variables = leaving.begins(document or control.documents.read(leaving.waiting()))
    control.context.shared.held.commit(*writes)
    talk.part({**variables, **control.audience.marks})


def _watch(talk: Talk) -> Watch | None:
    plan = talk.leg.plan
    if not plan.state_url:
        return None
    return Watch(plan.state_url, plan.states & {"ended"})
