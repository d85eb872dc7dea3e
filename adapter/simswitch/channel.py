"""One call as the switch sees it: state, variables, digits, timelines, and the events it fires.

Source: switch_channel.c. A channel knows no greenlets: who waits for it sets `on_change`.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from adapter.simswitch.audio import FRAME_MS, Source
from adapter.simswitch.causes import Q850
from adapter.simswitch.channel_headers import WITHOUT_VARIABLES, ChannelHeaders
from adapter.simswitch.channel_state import ChannelState, State
from adapter.simswitch.events import Block, Event
from adapter.simswitch.heard import Heard
from adapter.simswitch.profile import CallFacts, last_variables, media_variables
from adapter.simswitch.strings import is_true
from adapter.simswitch.timeline import Segment, Timeline

SECONDS_PER_FRAME = FRAME_MS / 1000
DEFAULT_DTMF_DURATION = 2000  # samples, switch_core_default_dtmf_duration

# file, function and line in the head of an event: where a real switch fires it
SOURCES = {
    "CHANNEL_DATA": ("mod_event_socket.c", "parse_command", 2029),
    "CHANNEL_EXECUTE": ("switch_core_session.c", "switch_core_session_exec", 2949),
    "CHANNEL_EXECUTE_COMPLETE": ("switch_core_session.c", "switch_core_session_exec", 2972),
    "RECORD_START": ("switch_ivr_async.c", "record_callback", 1487),
    "RECORD_STOP": ("switch_ivr_async.c", "send_record_stop_event", 1241),
    "PLAYBACK_START": ("switch_ivr_play_say.c", "switch_ivr_play_file", 1649),
    "PLAYBACK_STOP": ("switch_ivr_play_say.c", "switch_ivr_play_file", 2023),
}
ELSEWHERE = ("switch_channel.c", "switch_channel", 1)


class Surroundings:
    """What a channel needs of its switch: someone to hand events to, and heads for them."""

    def global_variable(self, name: str) -> str | None:
        raise NotImplementedError

    def wants(self, name: str, uuid: str) -> bool:
        raise NotImplementedError

    def head(self, name: str, source: tuple[str, str, int]) -> Block:
        raise NotImplementedError

    def publish(self, event: Event) -> None:
        raise NotImplementedError


class Channel(ChannelState):
    """A call leg: one that came in, or one that the switch makes (its facts have an address)."""

    def __init__(self, switch: Surroundings, facts: CallFacts, uuid: str, number: int) -> None:
        super().__init__(facts, uuid, number)
        self.diverts_events = False
        self.digits: deque[tuple[str, str]] = deque()
        self.digits_dialed = ""
        self.sent_digits: list[str] = []
        self.sent_info: list[str] = []
        self.heard: list[Heard] = []
        self.says, self.hears = Timeline(), Timeline()
        self.sends_media = True
        self.on_change: Callable[[], None] = lambda: None
        self.other_leg: Channel | None = None
        self._switch = switch
        self._headers = ChannelHeaders(self)
        self._began = time.monotonic()
        self._last_frame: int | None = None

    # --- variables

    def get(self, name: str) -> str | None:
        """A variable, a field of the caller profile, or a global variable of this name."""
        for look in (self.variables.get, self._profile_variable, self._switch.global_variable):
            value = look(name)
            if value is not None:
                return value
        return None

    def is_true(self, name: str) -> bool:
        return is_true(self.get(name))

    def set(self, name: str, value: str | None) -> None:
        self.variables.set(name, value)

    def _profile_variable(self, name: str) -> str | None:
        facts = self.facts
        fields = {
            "destination_number": facts.to_number,
            "caller_id_number": facts.from_number,
            "caller_id_name": facts.from_name or facts.from_number,
            "username": facts.from_number,
            "ani": facts.from_number,
            "context": facts.context,
            "dialplan": "XML",
            "network_addr": facts.network_addr,
            "uuid": self.uuid,
            "channel_name": facts.channel_name,
        }
        return fields.get(name.lower())

    def sip_headers(self) -> dict[str, str]:
        """What the party of a called leg sees of the call's own SIP headers."""
        found = [(name, value) for name, value in self.variables if name.startswith("sip_h_")]
        return {name.removeprefix("sip_h_"): value for name, value in found}

    # --- time

    @property
    def frame_now(self) -> int:
        """The number of the 20 ms frame that runs now."""
        return int((time.monotonic() - self._began) / SECONDS_PER_FRAME)

    @property
    def media_frame(self) -> int:
        """The same, but it stands still once the call is down: no packets come any more."""
        return self.frame_now if self._last_frame is None else self._last_frame

    def seconds_until(self, frame: int) -> float:
        return max(0.0, self._began + frame * SECONDS_PER_FRAME - time.monotonic())

    def seconds_since_start(self) -> float:
        return time.monotonic() - self._began

    def receives(self, frame: int) -> bool:  # noqa: ARG002 - asked per frame by a recording
        return self.sends_media

    # --- events

    def fire(self, name: str, headers: Mapping[str, str] | None = None, body: str = "") -> None:
        """Fires an event with this channel's data, if anybody listens."""
        if self._switch.wants(name, self.uuid):
            blocks = [*self.data_blocks(name), Block(headers or {})]
            self._switch.publish(Event(name, self.uuid, blocks, body))

    def basic_blocks(self) -> list[Block]:
        """What is said of the channel without its variables."""
        return [*self._headers.blocks(), *self._other_leg_blocks()]

    def _other_leg_blocks(self) -> list[Block]:
        """Whoever called this leg, or was called for it."""
        if self.other_leg is None:
            return []
        kind = "originator" if self.facts.address else "originatee"
        return [Block({"Other-Type": kind}), self.other_leg.profile_block("Other-Leg")]

    def data_blocks(self, name: str) -> list[Block]:
        """A head and everything an event of this name says about the channel."""
        blocks = [self._switch.head(name, SOURCES.get(name, ELSEWHERE)), *self.basic_blocks()]
        if name not in WITHOUT_VARIABLES:
            blocks.append(self.variables.block())
        return blocks

    def connect_headers(self) -> Block:
        """The caller's profile once more, as the answer to `connect` starts."""
        return self._headers.profile("Channel")

    def profile_block(self, prefix: str) -> Block:
        """The caller's profile, as the other leg's events have it."""
        return self._headers.profile(prefix)

    def changed(self) -> None:
        """Forgets rendered headers and wakes whoever waits for this channel."""
        self._headers.state_changed()
        self.on_change()

    # --- what happens to it

    def begin(self) -> None:
        """From nothing to the dialplan."""
        self.enter(State.NEW)
        self.enter(State.INIT)
        self.state = State.ROUTING
        self.changed()
        self.fire("CHANNEL_CREATE")
        self.running_state = State.ROUTING
        self.set_callstate("RINGING")
        self.enter(State.ROUTING)

    def begin_outbound(self) -> None:
        """From nothing to waiting for the called party (switch_ivr_originate)."""
        self.running_state = State.NONE
        self.changed()
        self.fire("CHANNEL_OUTGOING")
        self.enter(State.INIT)
        self.fire("CHANNEL_CREATE")
        self.fire("CHANNEL_ORIGINATE")
        self.enter(State.ROUTING)
        self.enter(State.CONSUME_MEDIA)

    def ring(self) -> None:
        """The called party's phone rings; for a caller: it is told so (SIP 180)."""
        if self.down or self.has_media or self.times.progress:
            return
        self.times.progress = _microseconds()
        self._headers.times_changed()
        self.fire("CHANNEL_PROGRESS")
        self.set_callstate("RINGING")

    def enter(self, state: State) -> None:
        """Moves to a state and says so; a call that is down never comes back."""
        if self.down and state < self.state:
            return
        self.state = self.running_state = state
        self.changed()
        self.fire("CHANNEL_STATE")

    def set_callstate(self, callstate: str) -> None:
        if callstate == self.callstate:
            return
        before, self.callstate = self.callstate, callstate
        self.changed()
        self.fire("CHANNEL_CALLSTATE", {"Original-Channel-Call-State": before})

    def pre_answer(self) -> None:
        """Starts early media; nothing if media runs already."""
        if self.has_media or self.down:
            return
        self.early = True
        self.times.progress_media = _microseconds()
        self._headers.times_changed()
        self._start_media("EARLY MEDIA")
        self.set_callstate("EARLY")
        self.fire("CHANNEL_PROGRESS_MEDIA")

    def answer(self) -> None:
        if self.answered or self.down:
            return
        self.answered = True
        self.times.answered = _microseconds()
        self._headers.times_changed()
        self._start_media("ANSWER")
        self.changed()
        self.fire("CHANNEL_ANSWER")
        self.set_callstate("ACTIVE")

    def _start_media(self, disposition: str) -> None:
        if self.get("local_media_ip") is None:
            self.variables.update(media_variables(self.uuid, self.times, self.facts.network_addr))
        self.set("endpoint_disposition", disposition)

    def mark_bridged(self) -> None:
        """From now on it is bridged, for the stamps (switch_channel_set_bridge_time)."""
        self.times.bridged = _microseconds()
        self._headers.times_changed()

    def hangup(self, cause: str) -> None:
        """Ends the call: CHANNEL_HANGUP at once, the rest once its session has noticed."""
        if self.down:
            return
        self.state = State.HANGUP
        self.hangup_cause = cause
        self.times.hungup = _microseconds()
        self._last_frame = self.frame_now
        self._headers.times_changed()
        self.changed()
        self.fire("CHANNEL_HANGUP")

    def report(self, *, short: bool) -> None:
        """The states after the hangup, up to CHANNEL_HANGUP_COMPLETE (`short`: no stamps)."""
        cause = self.hangup_cause or "NORMAL_CLEARING"
        if self.digits_dialed:
            self.set("digits_dialed", self.digits_dialed)
        q850 = Q850.get(cause, 16)
        if short:
            values = {"hangup_cause": cause, "hangup_cause_q850": str(q850)}
        else:
            values = last_variables(self.facts, self.times, cause, q850)
            values |= {"last_app": self.get("current_application") or ""}
            values |= {"last_arg": self.get("current_application_data") or ""}
            ours = "send_bye" if self.answered else "send_refuse"
            values["sip_hangup_disposition"] = self.get("sip_hangup_disposition") or ours
        self.variables.update({name: value for name, value in values.items() if value})
        self.set_callstate("HANGUP")
        self.enter(State.REPORTING)
        self.fire("CHANNEL_HANGUP_COMPLETE")

    def destroy(self) -> None:
        """The last word about a call, once nobody holds its socket any more."""
        self.fire("CHANNEL_DESTROY")
        self.enter(State.DESTROY)

    def readdress(self, number: str, context: str) -> None:
        """A transfer's new destination."""
        self.facts = replace(self.facts, to_number=number, context=context)
        self.times.transferred = _microseconds()
        self._headers.times_changed()
        self.profile_index += 1
        self._headers.profile_changed()
        self.changed()

    # --- digits and sound

    def queue_digits(self, digits: str, source: str) -> None:
        """Digits that arrive: they become DTMF events when the session takes them."""
        self.digits.extend((digit, source) for digit in digits)
        self.on_change()

    def take_digit(self) -> str | None:
        """The next digit, its DTMF event fired (switch_channel_dequeue_dtmf)."""
        if not self.digits:
            return None
        digit, source = self.digits.popleft()
        self.digits_dialed += digit
        headers = {
            "DTMF-Digit": digit,
            "DTMF-Duration": str(DEFAULT_DTMF_DURATION),
            "DTMF-Source": source,
        }
        self.fire("DTMF", headers)
        return digit

    def play(self, source: Source, skip: int = 0) -> Segment:
        """What the party hears from the next frame on."""
        return self.hears.begin(self.frame_now, source, skip)


def _microseconds() -> int:
    return int(time.time() * 1_000_000)
