"""The headers of a channel's events, rendered once and again only where something changed.

Source: switch_channel.c (switch_channel_event_set_basic_data and _extended_data).
"""

from adapter.simswitch.channel_state import ChannelState
from adapter.simswitch.events import Block, LazyBlock, render
from adapter.simswitch.frames import header_line
from adapter.simswitch.profile import CODEC_HEADERS, profile_headers, time_headers

# events without the call's variables (switch_channel_event_set_extended_data)
WITHOUT_VARIABLES = frozenset(
    {"CHANNEL_STATE", "CHANNEL_CALLSTATE", "DTMF", "PRIVATE_COMMAND", "TALK", "NOTALK"}
)

_CODEC = Block(CODEC_HEADERS)


class ChannelHeaders:
    """Blocks of headers for the events of one channel."""

    def __init__(self, channel: ChannelState) -> None:
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

    def blocks(self) -> list[Block]:
        """Where it stands and who calls whom: every event about the channel says that."""
        if self._state is None:
            self._state = self._render_state()
        if self._profile is None:
            self._profile = self.profile("Caller")
        return [self._state, self._profile]

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
