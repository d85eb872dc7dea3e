"""Two parties that talk are taken apart: the one that was called goes on as a call of its own.

What it begins with is stored first, as for a call that we make: whichever process it comes to, and
if nobody is there to take it, finds it.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING

from adapter.connecting.talk import Talk
from adapter.control.order import POSITION, project_variable
from adapter.control.states import Watch, watched
from adapter.identity import SESSION_VARIABLE
from adapter.store.rows import CallPosition
from adapter.store.writes import PutCall, PutDocument

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.swml.document import Document

LONELY_SECONDS = 300
"""How long a leg stays that nobody gives a document: as long as a call whose clients are gone."""


def part(control: CallControl, talk: Talk, document: Document | None = None) -> None:
    """Take them apart; the leg runs this document. Without one it waits for who commands it.

    Returns when they hear each other no more. Raises what the switch refuses.
    """
    document = document or control.script.read(json.dumps(_waiting(control, talk)))
    session_id = str(uuid.uuid4())
    position = CallPosition(
        call_id=talk.leg_id,
        session_id=session_id,
        node_id=control.identity.node_id,
        worker="",
        state={POSITION: {"document": document.content_hash}, **watched(_watch(talk))},
        updated_at=time.time(),
    )
    kept = PutDocument(document.content_hash, document.name, document.source)
    control.context.held.commit(kept, PutCall(position))
    marks = {**project_variable(control.project_id), SESSION_VARIABLE: session_id}
    talk.part({**marks, **control.audience.marks})


def _waiting(control: CallControl, talk: Talk) -> dict[str, object]:
    """The document of a leg that was given none."""
    step: dict[str, object] = {"sleep": 1000 * LONELY_SECONDS}
    if clients := control.audience.names:
        step = {"relay": {"client": clients[0], "tag": talk.tag, "abandoned": LONELY_SECONDS}}
    return {"sections": {"main": [step]}}


def _watch(talk: Talk) -> Watch | None:
    """Who was told of the leg's states is told of its end."""
    plan = talk.leg.plan
    if not plan.state_url:
        return None
    return Watch(plan.state_url, plan.states & {"ended"})
