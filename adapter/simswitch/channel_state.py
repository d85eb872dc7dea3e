"""What is known of a channel: where it stands, who calls whom, its variables and its times.

Source: switch_channel.c. Nothing happens here: what moves a channel on is in `channel`.
"""

from enum import IntEnum

from adapter.simswitch.channel_variables import starting_variables
from adapter.simswitch.profile import CallFacts, Times


class State(IntEnum):
    """switch_channel_state_t."""

    NEW = 0
    INIT = 1
    ROUTING = 2
    SOFT_EXECUTE = 3
    EXECUTE = 4
    EXCHANGE_MEDIA = 5
    CONSUME_MEDIA = 7
    RESET = 9
    HANGUP = 10
    REPORTING = 11
    DESTROY = 12
    NONE = 13


_READY = frozenset({State.EXECUTE, State.EXCHANGE_MEDIA, State.CONSUME_MEDIA})


class ChannelState:
    """One channel as its events describe it."""

    def __init__(self, facts: CallFacts, uuid: str, number: int) -> None:
        self.uuid, self.facts = uuid, facts
        self.variables = starting_variables(facts, uuid, number)
        self.times = Times()
        self.state, self.running_state = State.NEW, State.NEW
        self.callstate = "DOWN"
        self.answered = False
        self.early = False
        self.hangup_cause: str | None = None
        self.transferring = False
        self.profile_index = 1

    @property
    def name(self) -> str:
        return self.facts.channel_name

    @property
    def down(self) -> bool:
        return self.state >= State.HANGUP

    @property
    def ready(self) -> bool:
        """switch_channel_ready: applications may go on."""
        return self.state in _READY and not self.transferring

    @property
    def has_media(self) -> bool:
        return self.answered or self.early

    @property
    def answer_state(self) -> str:
        if self.hangup_cause:
            return "hangup"
        if self.answered:
            return "answered"
        return "early" if self.early else "ringing"
