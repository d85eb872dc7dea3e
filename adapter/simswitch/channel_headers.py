"""The headers of a channel's events, rendered once and again only where something changed.

Source: switch_channel.c (switch_channel_event_set_basic_data and _extended_data).
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from adapter.simswitch.events import Block, LazyBlock, Variables, render
from adapter.simswitch.frames import header_line
from adapter.simswitch.leg_profile import leg_variables
from adapter.simswitch.profile import (
    CODEC_HEADERS,
    CallFacts,
    first_variables,
    own_variables,
    profile_headers,
    time_headers,
)

if TYPE_CHECKING:
    from adapter.simswitch.channel import Channel

# events without the call's variables (switch_channel_event_set_extended_data)
WITHOUT_VARIABLES = frozenset(
    {"CHANNEL_STATE", "CHANNEL_CALLSTATE", "DTMF", "PRIVATE_COMMAND", "TALK", "NOTALK"}
)

_CODEC = Block(CODEC_HEADERS)


class ChannelHeaders:
    """Blocks of headers for the events of one channel."""

    def __init__(self, channel: "Channel") -> None:
        self._channel = channel
        self._names = Block(
            {
                "Channel-Name": channel.name,
                "Unique-ID": channel.uuid,
                "Call-Direction": channel.facts.direction,
                "Presence-Call-Direction": channel.facts.direction,
                "Channel-HIT-Dialplan": "false" if channel.facts.address else "true",
                "Channel-Call-UUID": channel.uuid,
            }
        )
        self._state: Block | None = None
        self._profile: Block | None = None
        self._who: tuple[dict[str, str], list[bytes]] | None = None

    def blocks(self, name: str) -> list[Block]:
        """What an event of this name says about the channel."""
        if self._state is None:
            self._state = self._render_state()
        if self._profile is None:
            self._profile = self.profile("Caller")
        blocks = [self._state, self._profile, *self._other_leg()]
        if name not in WITHOUT_VARIABLES:
            blocks.append(self._channel.variables.block())
        return blocks

    def _other_leg(self) -> list[Block]:
        """Whoever called this leg, or was called for it."""
        other = self._channel.other_leg
        if other is None:
            return []
        kind = "originator" if self._channel.facts.address else "originatee"
        return [Block({"Other-Type": kind}), other.profile_block("Other-Leg")]

    def state_changed(self) -> None:
        self._state = None

    def times_changed(self) -> None:
        self._profile = None

    def profile_changed(self) -> None:
        self._who = self._profile = None

    def profile(self, prefix: str) -> Block:
        """The caller's profile; only its times change while nobody transfers the call."""
        channel = self._channel
        if self._who is None:
            who = profile_headers(channel.facts, channel.uuid, channel.profile_index)
            self._who = who, [header_line(*pair) for pair in who.items()]
        who, lines = self._who
        headers = {**who, **time_headers(channel.times)}
        start = f"{prefix}-".encode()
        times = list(headers.items())[len(who) :]
        plain = start + start.join([*lines, *[header_line(*pair) for pair in times]])
        return LazyBlock(plain, lambda: {f"{prefix}-{key}": headers[key] for key in headers})

    def _render_state(self) -> Block:
        channel, names = self._channel, self._names
        state = {
            "Channel-State": f"CS_{channel.running_state.name}",
            "Channel-Call-State": channel.callstate,
            "Channel-State-Number": str(int(channel.state)),
        }
        answer = {"Answer-State": channel.answer_state}
        if channel.hangup_cause:
            answer["Hangup-Cause"] = channel.hangup_cause
        plain = render(state) + names.plain + render(answer) + _CODEC.plain
        return LazyBlock(plain, lambda: {**state, **names.headers, **answer, **CODEC_HEADERS})


def starting_variables(facts: CallFacts, uuid: str, number: int) -> Variables:
    """A new call's variables; those that calls between the same numbers share come rendered."""
    if facts.address:
        return Variables(leg_variables(facts, uuid, number))
    if facts.headers or facts.variables:
        shared = Variables(first_variables(facts))
    else:
        numbers = (facts.from_number, facts.to_number, facts.from_name)
        shared = _shared(*numbers, facts.context, facts.network_addr)
    return shared.copy(own_variables(facts, uuid, number))


@lru_cache(maxsize=64)
def _shared(from_number: str, to_number: str, name: str, context: str, address: str) -> Variables:
    return Variables(first_variables(CallFacts(from_number, to_number, name, context, address)))
