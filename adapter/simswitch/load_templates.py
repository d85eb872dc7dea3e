"""What a load's calls say, rendered once: the same bytes for every call but for its uuid. Pure.

The templates are made by an ordinary channel that goes through the states of a call, so that
they have the shape of its events. A call replaces the uuid once in each state it reaches.
"""

from dataclasses import dataclass

from adapter.simswitch.channel import Channel, Surroundings
from adapter.simswitch.channel_headers import WITHOUT_VARIABLES
from adapter.simswitch.channel_state import State
from adapter.simswitch.events import Block, Event
from adapter.simswitch.profile import CallFacts

PLACEHOLDER = "00000000-0000-4000-a000-5ac000000000"  # stands for a call's uuid
_UUID = PLACEHOLDER.encode()


def with_uuid(template: bytes, uuid: str) -> bytes:
    return template.replace(_UUID, uuid.encode())


class _Alone(Surroundings):
    """Surroundings of a channel that nobody listens to."""

    def global_variable(self, name: str) -> str | None:  # noqa: ARG002 - there are none
        return None

    def wants(self, name: str, uuid: str) -> bool:  # noqa: ARG002 - nobody is there
        return False

    def head(self, name: str, source: tuple[str, str, int]) -> Block:  # noqa: ARG002
        return Block({}, b"")

    def publish(self, event: Event) -> None:
        """Nobody is there."""


@dataclass(frozen=True, slots=True)
class Form:
    """A state's headers as bytes, with and without the variables, in one form of events."""

    full: bytes
    short: bytes

    def of(self, uuid: str) -> "Form":
        """The same for one call."""
        return Form(with_uuid(self.full, uuid), with_uuid(self.short, uuid))

    def __getitem__(self, name: str) -> bytes:
        return self.short if name in WITHOUT_VARIABLES else self.full


CHANGING = ("current_application", "current_application_data")
"""Variables that each application sets anew, so that no state's headers can hold them."""


@dataclass(frozen=True, slots=True)
class Templates:
    """connect: the answer to `connect` but for its head and ending; states: by form and name."""

    connect: bytes
    states: dict[str, dict[str, Form]]

    @classmethod
    def of_calls(cls, facts: CallFacts, socket: str) -> "Templates":
        """Templates of calls between two numbers, handed over by an argument of `socket`."""
        channel = Channel(_Alone(), facts, PLACEHOLDER, 1)
        channel.begin()
        channel.enter(State.EXECUTE)
        channel.variables.update(
            {
                "call_uuid": PLACEHOLDER,
                "current_application_data": socket,
                "current_application": "socket",
                "socket_host": socket.partition(":")[0],
            }
        )
        blocks = channel.data_blocks("CHANNEL_DATA")
        connect = b"".join([block.plain for block in [channel.connect_headers(), *blocks]])
        for name in CHANGING:
            channel.variables.set(name, None)
        states = {"ringing": _forms(channel)}
        channel.answer()
        states["answered"] = _forms(channel)
        channel.hangup("NORMAL_CLEARING")
        states["hangup"] = _forms(channel)
        channel.report(short=True)
        states["reporting"] = _forms(channel)
        return cls(connect, states)


def _forms(channel: Channel) -> dict[str, Form]:
    full = channel.data_blocks("CHANNEL_DATA")[1:]
    short = channel.data_blocks("CHANNEL_STATE")[1:]
    plain = [b"".join([block.plain for block in blocks]) for blocks in (full, short)]
    json = [b",".join([block.json for block in blocks]) for blocks in (full, short)]
    return {"plain": Form(*plain), "json": Form(*json)}
