"""`calling.answer` and `calling.pass`: what is done with a call that was offered to a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.control.command import Command, Nothing

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl


def answer(control: CallControl, _params: Nothing) -> None:
    """Answer it; of one that was answered before, clients are told so again: they wait for it."""
    if control.call.answered:
        control.audience.again()
    control.call.answer()


def pass_on(_control: CallControl, _params: Nothing) -> None:
    """Leave it to another client; that the one who asks hears no more of it is seen to before."""


COMMANDS = (
    Command("calling.answer", Nothing, answer, relay_only=True),
    Command("calling.pass", Nothing, pass_on, relay_only=True, leaves=True),
)
