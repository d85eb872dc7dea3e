"""What can go wrong between us and the switch.

    SwitchError
    ├── WireError            the peer broke the event socket's framing; the connection is closed
    ├── UnsafeValue          a value from outside cannot be sent without becoming code on the switch
    ├── CommandFailed        the switch answered `-ERR`
    ├── ReplyTimeout         no answer, or no completion, before the deadline; the call may go on
    └── CallGone             the call was hung up or its connection ended; nothing can be done on it

`Interrupted` is none of them and no failure.

`CallGone` is also greenswitch's `OutboundSessionHasGoneAway` and `ConnectionLost`
its `NotConnectedError`, so that code written for greenswitch keeps catching them.
"""

from typing import Self

from greenswitch.esl import NotConnectedError, OutboundSessionHasGoneAway


class SwitchError(Exception):
    """Base of everything that this room raises; `advice`: what to do, where it was looked for."""

    advice: str = ""


class WireError(SwitchError):
    """The bytes are no event socket frames, or a frame is over its limit."""


class UnsafeValue(SwitchError, ValueError):
    """A value holds what the switch would execute or split a command at."""


class CommandFailed(SwitchError):
    """The switch answered `-ERR`; `reply` is its text without that mark."""

    def __init__(self, command: str, reply: str) -> None:
        super().__init__(f"FreeSWITCH refused {command!r}: {reply or 'no reason given'}")
        self.command = command
        self.reply = reply


class ReplyTimeout(SwitchError):
    """The switch did not answer, or an application did not complete, before the deadline."""


class CallGone(SwitchError, OutboundSessionHasGoneAway):
    """The call is over for us; `reason` says whether it hung up or its connection was lost."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the call is gone: {reason}")
        self.reason = reason

    def again(self) -> Self:
        """The same news for one more waiter.

        One instance that is raised in many greenlets would gather all their stacks.
        """
        return type(self)(self.reason)


class Interrupted(BaseException):
    """The script's greenlet is to leave what it waits for: its call is to do something else now.

    Not an `Exception`: nothing on the way may take it for a failure of a step. What a step has
    begun on the switch and would go on without it, the step ends in `finally`.
    """


class ConnectionLost(CallGone, NotConnectedError):
    """The socket ended without the hangup of the call: the call itself may go on."""
