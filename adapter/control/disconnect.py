"""`calling.disconnect`: two that a connect has bridged hear each other no more; neither hangs up.

Who was taken from a queue has a document as well: both go on behind `connect` and `enter_queue`.

The call goes on behind its `connect`. The one that it called stays, with its own id, for whoever
commands it: RELAY's clients of the call have it too; over REST it is given a document with
`calling.transfer`, or ended, within five minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.control.command import Command, Nothing
from adapter.control.errors import NotPossible
from adapter.control.parting import part
from adapter.control.talking_leg import TalkingLeg

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl


def disconnect(control: CallControl | TalkingLeg, _params: Nothing) -> None:
    """Of either of the two; returns when they hear each other no more."""
    if isinstance(control, TalkingLeg):
        part(control.owner, control.talk)
        return
    talks = control.context.shared.talks
    if (meeting := talks.meeting_of(control.call_id)) is not None:
        meeting.part()
        return
    talk = talks.of_call(control.call_id)
    if talk is None:
        raise NotPossible("The call is not connected with anybody whom its script has called.")
    part(control, talk)


COMMANDS = (Command("calling.disconnect", Nothing, disconnect, leg=True),)
