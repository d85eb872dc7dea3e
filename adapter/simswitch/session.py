"""The thread of one call: it walks the dialplan, runs one application at a time, and waits.

Source: switch_core_state_machine.c, switch_core_session.c (switch_core_session_exec),
switch_ivr.c (switch_ivr_parse_event, switch_ivr_park, switch_ivr_sleep).

Rules
- Messages (`sendmsg`) run in this thread only: at once while the call has media, at the next
  20 ms tick before that. A message that arrives while an application runs is run inside it,
  unless that application came with `event-lock`.
- In flat pace a parked call runs its messages in the greenlet that brings them.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gevent
import structlog

from adapter.simswitch.channel import SECONDS_PER_FRAME, Channel, Surroundings
from adapter.simswitch.channel_state import State
from adapter.simswitch.disk import Disk
from adapter.simswitch.expand import expand
from adapter.simswitch.fax_machine import FaxMachine
from adapter.simswitch.fork import Fork
from adapter.simswitch.messages import Message
from adapter.simswitch.player import LONG_WAIT, FileHandle
from adapter.simswitch.recordings import Recordings
from adapter.simswitch.settings import Action, Pace, SwitchSettings
from adapter.simswitch.sip_line import Line
from adapter.simswitch.strings import new_uuid, separate
from adapter.simswitch.thread import CallThread, Ending

log = structlog.get_logger()

_STANDING_BY = frozenset({State.CONSUME_MEDIA, State.EXCHANGE_MEDIA})
INLINE_ACTIONS = 128
REPEAT_SECONDS = 0.5  # a looped application that ends sooner is not repeated


class Host(Surroundings):
    """What the thread of a call needs of its switch."""

    settings: SwitchSettings
    sounds: Path
    disk: Disk

    def application(self, name: str) -> "Application | None":
        raise NotImplementedError

    def actions_for(self, number: str) -> tuple[Action, ...] | None:
        raise NotImplementedError

    def expanded_call(self, channel: Channel, name: str, argument: str) -> str:
        raise NotImplementedError

    def session(self, uuid: str) -> "Session | None":
        raise NotImplementedError

    def call_ended(self, session: "Session") -> None:
        raise NotImplementedError

    def schedule_hangup(self, channel: Channel, when: str, cause: str) -> None:
        raise NotImplementedError

    def violate(self, channel: Channel, text: str) -> None:
        raise NotImplementedError

    def note_speech(self, channel: Channel, text: str) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Application:
    """What the dialplan or a message may ask a call to do."""

    run: Callable[["Session", str], None]
    needs_media: bool = False


class Session(CallThread):
    """Runs one channel."""

    def __init__(self, switch: Host, channel: Channel, recordings: Recordings) -> None:
        super().__init__(channel, flat=switch.settings.pace is Pace.FLAT)
        self.switch, self.recordings = switch, recordings
        self.controlled = False
        self.actions: deque[Action] = deque()
        self.file: FileHandle | None = None
        self.transfers = 0
        self.first_actions: tuple[Action, ...] | None = None
        self.first_command_seconds: float | None = None
        self.begin = channel.begin
        self.confirming = False
        self.wired: Session | None = None
        """The call whose party is this one's party as well: two lines of one machine."""
        self.fax: FaxMachine | None = None
        self.line: Line | None = None
        """By which a leg that hears another call sends what it hears."""
        self.forks: dict[str, Fork] = {}
        self._errand: Callable[[], None] | None = None
        self._messages: deque[Message] = deque()
        self._locked = False
        self._parked_idle = False
        self._running = False

    # --- the walk

    def run(self) -> None:
        """The whole life of the call; its greenlet ends with it."""
        channel = self.channel
        self._greenlet = gevent.getcurrent()
        self.begin()
        while not channel.down:
            self._go_on()
        self._end()

    def _go_on(self) -> None:
        channel = self.channel
        channel.transferring = False
        if self._errand is not None:
            errand, self._errand = self._errand, None
            errand()
        elif channel.state is State.ROUTING:
            self._route()
        elif channel.state in _STANDING_BY:
            self._stand_by()
        elif self.actions:
            action = self.actions.popleft()
            self.execute(action.application, action.data)
        else:
            channel.hangup("NORMAL_CLEARING")

    def _route(self) -> None:
        found = self.first_actions or self.switch.actions_for(self.channel.facts.to_number)
        self.first_actions = None
        if self.transfers:
            self.channel.enter(State.ROUTING)
        if found is None:
            self.channel.hangup("NO_ROUTE_DESTINATION")
            return
        self.actions = deque(found)
        self.channel.enter(State.EXECUTE)
        self.channel.set("call_uuid", self.channel.uuid)

    def _stand_by(self) -> None:
        """A called leg: whoever called it, or joined it with another, decides what comes."""
        while self.can_go_on() and self.channel.state in _STANDING_BY:
            if not self.confirming:
                self.run_messages()
            if self.channel.ready:
                self.pause(LONG_WAIT)

    def _end(self) -> None:
        channel = self.channel
        channel.running_state = State.HANGUP
        channel.changed()
        channel.fire("CHANNEL_STATE")
        self.recordings.stop("all")
        if self.wired is not None:
            self.wired.channel.hangup("NORMAL_CLEARING")
        channel.report(short=self.flat)
        self.switch.call_ended(self)

    def transfer(self, number: str, context: str) -> None:
        """Sends the call through the dialplan again; what runs is broken off."""
        channel = self.channel
        self.transfers += 1
        if self.transfers > self.switch.settings.last_resort:
            channel.hangup("DESTINATION_OUT_OF_ORDER")
            return
        channel.readdress(number, context)
        channel.transferring = True
        channel.state = State.ROUTING
        channel.changed()

    def take_aside(self, state: State, errand: Callable[[], None] | None) -> None:
        """Breaks off what runs; the call goes on with `errand`, or waits in `state`."""
        self._errand = errand
        self.channel.transferring = True
        self.channel.state = state
        self.channel.changed()

    def send_to(self, extension: str, context: str) -> None:
        """`&application(arguments)`, or an extension of the dialplan."""
        if not extension.startswith("&"):
            self.transfer(extension, context)
            return
        name, _, data = extension[1:].partition("(")
        self.actions = deque([Action(name, data.rpartition(")")[0])])
        self.take_aside(State.EXECUTE, None)

    def run_inline(self, text: str) -> None:
        """`m:^:application:arguments^…` (mod_dptools.c, inline_dialplan_hunt)."""
        delimiter = ","
        if text.startswith("m:") and text[3:4] == ":":
            delimiter, text = text[2], text[4:]
        pairs = (action.partition(":") for action in separate(text, delimiter, INLINE_ACTIONS))
        self.actions = deque(Action(name.lstrip(" "), data) for name, _, data in pairs)
        self.take_aside(State.EXECUTE, None)

    # --- applications

    def execute(
        self, name: str, data: str, event_uuid: str | None = None, uuid_name: str | None = None
    ) -> None:
        """switch_core_session_execute_application: an unknown one hangs the call up."""
        channel = self.channel
        if channel.down:
            return
        application = self.switch.application(name)
        if application is None:
            log.warning("unknown application", application=name, call_id=channel.uuid)
            channel.hangup("DESTINATION_OUT_OF_ORDER")
            return
        if application.needs_media:
            channel.pre_answer()
        expanded = self.expand(data)
        headers = {"Application": name}
        if expanded:
            headers["Application-Data"] = expanded
        channel.set("current_application_data", expanded)
        channel.set("current_application", name)
        channel.set("current_application_response", None)
        ids = {"Application-UUID": event_uuid or new_uuid()}
        if uuid_name:
            ids["Application-UUID-Name"] = uuid_name
        channel.fire("CHANNEL_EXECUTE", {**headers, **ids})
        self.broken = False
        application.run(self, expanded)
        response = channel.get("current_application_response") or "_none_"
        answer = {**headers, "Application-Response": response, **ids}
        channel.fire("CHANNEL_EXECUTE_COMPLETE", answer)

    def expand(self, text: str) -> str:
        """Everything the switch expands in an application's argument."""
        call_api = partial(self.switch.expanded_call, self.channel)
        return expand(text, self.channel.get, call_api) if text else ""

    def respond(self, response: str) -> None:
        """What CHANNEL_EXECUTE_COMPLETE will say as Application-Response."""
        self.channel.set("current_application_response", response)

    # --- messages

    def submit(self, message: Message) -> None:
        """Queues a message for this thread (switch_core_session_queue_private_event)."""
        self._messages.append(message)
        if self.flat and self._parked_idle and not self._running:
            self.run_messages()
        else:
            self.wake()

    @property
    def has_messages(self) -> bool:
        """Whether there is something to run."""
        return bool(self._messages) and not self._locked

    def flush_messages(self) -> None:
        self._messages.clear()

    def run_messages(self) -> bool:
        """Runs what is queued unless an application holds the lock; True if anything ran."""
        ran = False
        self._running, before = True, self._running
        try:
            while self._messages and not self._locked and not self.channel.down:
                ran = True
                if self._run_message(self._messages.popleft()):
                    break
        finally:
            self._running = before
        return ran

    def _run_message(self, message: Message) -> bool:
        """Runs one message; True if it was broken off, which ends this round."""
        held, self._locked = self._locked, message.event_lock or self._locked
        try:
            if message.lead_frames:
                self.wait(message.lead_frames * SECONDS_PER_FRAME)
            if message.command == "hangup":
                self.channel.hangup(message.cause)
            elif message.command == "execute" and message.application:
                self._repeat(message)
        finally:
            self._locked = held
        self.channel.fire("PRIVATE_COMMAND", {"call-command": message.command})
        return self.broken

    def _repeat(self, message: Message) -> None:
        channel = self.channel
        turn = 0
        while turn < message.loops or message.loops < 0:
            turn += 1
            began = time.monotonic()
            if not self.flat:
                channel.set("current_loop", str(turn))
                channel.set("total_loops", str(message.loops))
            ids = message.event_uuid, message.event_uuid_name
            self.execute(message.application, message.argument, *ids)
            short = time.monotonic() - began < REPEAT_SECONDS
            if not channel.ready or self.broken or short:
                break
        if not self.flat:
            channel.set("current_loop", None)
            channel.set("total_loops", None)

    # --- waiting

    def wait(self, seconds: float) -> Ending:
        """Lets time pass as switch_ivr_sleep does: messages run meanwhile and cost time, and a
        digit ends it but stays for the next who asks."""
        end = time.monotonic() + seconds
        while not self.flat:
            if not self.can_go_on():
                return Ending.GONE
            if self.take_break():
                return Ending.BROKEN
            if self.channel.has_media:
                self.run_messages()
            if self.channel.digits:
                return Ending.BROKEN
            left = end - time.monotonic()
            if left <= 0:
                break
            self.pause(left)
        return Ending.DONE if self.channel.ready else Ending.GONE

    def park(self) -> None:
        """switch_ivr_park: waits for messages while the call is controlled."""
        channel = self.channel
        channel.fire("CHANNEL_PARK")
        while self.can_go_on() and self.controlled:
            self._before_media()
            self._parked_idle = True
            self.run_messages()
            channel.take_digit()
            if channel.ready and self.controlled and not self._messages:
                self.pause(self.look_again())
        self._parked_idle = False
        channel.fire("CHANNEL_UNPARK")

    def _before_media(self) -> None:
        """Until media runs a parked call looks for messages once a tick."""
        channel = self.channel
        if not self.flat and not channel.has_media and self._messages:
            gevent.sleep(channel.seconds_until(channel.frame_now + 1))
