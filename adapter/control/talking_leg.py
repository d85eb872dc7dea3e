"""One whom a document has called and who talks, as those see it who command it by its own id.

It has no script: its call's `connect` holds it. It can be ended, and taken out of the bridge, to
another document or to wait for one; from then on it is a call like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.control.errors import NotPossible
from adapter.control.parting import part
from adapter.journal import event_of

if TYPE_CHECKING:
    from adapter.connecting.talk import Talk
    from adapter.control.call_control import CallControl
    from adapter.swml.document import Document


class TalkingLeg:
    """As far as such a leg can be commanded, it looks like a call (`CallControl`)."""

    ringing = False
    answered = True

    def __init__(self, owner: CallControl, talk: Talk) -> None:
        """`owner` is the call that connects."""
        self.owner = owner
        self.talk = talk
        self.row = talk.row
        self.call_id = talk.leg_id
        self.parent_id = owner.call_id
        self.project_id = owner.project_id
        self.audience = owner.audience
        self.documents = owner.documents
        self.log = owner.log.bind(leg_id=talk.leg_id)

    @property
    def call(self) -> TalkingLeg:
        """Its call, as far as commands need one."""
        return self

    @property
    def script(self) -> TalkingLeg:
        """The same."""
        return self

    def require_running(self) -> None:
        """Raise `CallEnded` once its call is over."""
        self.owner.require_running()

    def heard_by(self, client: str) -> None:
        """Who commands it hears of the connect."""
        self.owner.heard_by(client)

    def note(self, name: str, details: Mapping[str, Any]) -> None:
        """Write down what happened to it."""
        self.owner.context.shared.held.commit(event_of(self.call_id, name, details))

    def hangup(self, cause: str) -> None:
        """End it; its call goes on."""
        self.talk.end(cause)

    def replace(self, document: Document) -> None:
        """Take it out of the bridge and run this; its call goes on."""
        part(self.owner, self.talk, document)

    def watch(self, url: str) -> None:  # noqa: ARG002
        """Its states are told where its connect says."""
        raise NotPossible("A leg's states are told at the call_state_url of its connect.")
