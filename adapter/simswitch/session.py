"""The thread of one call: it walks the dialplan, runs one application at a time, and waits.

Source: switch_core_state_machine.c, switch_core_session.c (switch_core_session_exec),
switch_ivr.c (switch_ivr_parse_event, switch_ivr_park, switch_ivr_sleep).

Rules
- Messages (`sendmsg`) run in this thread only: at once while the call has media, at the next
  20 ms tick before that. A message that arrives while an application runs is run inside it,
  unless that application came with `event-lock`.
- In flat pace nothing takes time, and a parked call runs its messages in the greenlet that
  brings them.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Wakeup

from adapter.simswitch.audio import FRAME_MS
from adapter.simswitch.channel import SECONDS_PER_FRAME, Channel, State
from adapter.simswitch.expand import expand
from adapter.simswitch.heard import Heard
from adapter.simswitch.messages import Message
from adapter.simswitch.player import LONG_WAIT, Player
from adapter.simswitch.settings import Action, Pace
from adapter.simswitch.strings import new_uuid, separate
from adapter.simswitch.tones import Sound, milliseconds

if TYPE_CHECKING:
    from adapter.simswitch.faxing import Machine
    from adapter.simswitch.forking import Fork
    from adapter.simswitch.switch import SimSwitch
    from adapter.simswitch.tapping import Line

log = structlog.get_logger()

_STANDING_BY = frozenset({State.CONSUME_MEDIA, State.EXCHANGE_MEDIA})
INLINE_ACTIONS = 128
REPEAT_SECONDS = 0.5  # a looped application that ends sooner is not repeated


class Ending(Enum):
    """How a wait ended: its time was up, something broke it off, or the call cannot go on."""

    DONE = auto()
    BROKEN = auto()
    GONE = auto()


class FileHandle:
    """A file that `playback` plays: `uuid_fileman` finds the one that was opened last."""

    paused = False


class Session:
    """Runs one channel."""

    def __init__(self, switch: "SimSwitch", channel: Channel) -> None:
        self.switch, self.channel = switch, channel
        self.flat = switch.settings.pace is Pace.FLAT
        self.controlled = False
        self.actions: deque[Action] = deque()
        self.broken = False
        self.file: FileHandle | None = None
        self.transfers = 0
        self.first_actions: tuple[Action, ...] | None = None
        self.first_command_seconds: float | None = None
        self.begin = channel.begin
        self.companion: Session | None = None
        self.confirming = False
        self.wired: Session | None = None
        """The call whose party is this one's party as well: two lines of one machine."""
        self.fax: Machine | None = None
        self.line: Line | None = None
        self.fork: Fork | None = None
        """By which a leg that hears another call sends what it hears."""
        self._errand: Callable[[], None] | None = None
        self._messages: deque[Message] = deque()
        self._locked = False
        self._parked_idle = False
        self._running = False
        self._thread: gevent.Greenlet | None = None
        self._notices_late = False
        self._wakeup = Wakeup()
        channel.on_change = self.wake

    # --- the walk

    def run(self) -> None:
        """The whole life of the call; its greenlet ends with it."""
        channel = self.channel
        self._thread = gevent.getcurrent()
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
        while self._can_go_on() and self.channel.state in _STANDING_BY:
            if not self.confirming:
                self.run_messages()
            if self.channel.ready:
                self.pause(LONG_WAIT)

    def _end(self) -> None:
        channel = self.channel
        channel.running_state = State.HANGUP
        channel.changed()
        channel.fire("CHANNEL_STATE")
        channel.recordings.stop("all")
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
        return expand(text, self.channel.get, self._call_api) if text else ""

    def _call_api(self, name: str, argument: str) -> str:
        return self.switch.expanded_call(self.channel, name, argument)

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
            uuid, name = message.event_uuid, message.event_uuid_name
            self.execute(message.application, message.argument, uuid, name)
            short = time.monotonic() - began < REPEAT_SECONDS
            if not channel.ready or self.broken or short:
                break
        if not self.flat:
            channel.set("current_loop", None)
            channel.set("total_loops", None)

    # --- waiting

    def wake(self) -> None:
        """Something changed. A hangup from outside is noticed at the next tick only."""
        if self.channel.down and gevent.getcurrent() is not self._thread:
            self._notices_late = not self.flat
        self._wakeup.set()
        if self.companion is not None:
            self.companion.rouse()

    def rouse(self) -> None:
        """Somebody else's call has changed, and this one may wait for that."""
        self._wakeup.set()

    def _can_go_on(self) -> bool:
        if not self.channel.ready and self._notices_late:
            self._notices_late = False
            gevent.sleep(self.channel.seconds_until(self.channel.frame_now + 1))
        return self.channel.ready

    def break_off(self) -> None:
        """uuid_break: ends what plays or waits."""
        self.broken = True
        self.wake()

    def pause(self, seconds: float) -> None:
        """Lets up to `seconds` pass, less if something happened."""
        self._wakeup.clear()
        self._wakeup.wait(None if self.flat else max(0.0, seconds))

    def wait(self, seconds: float) -> Ending:
        """Lets time pass as switch_ivr_sleep does: messages run meanwhile and cost time, and a
        digit ends it but stays for the next who asks."""
        end = time.monotonic() + seconds
        while not self.flat:
            if not self._can_go_on():
                return Ending.GONE
            if self._take_break():
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

    def play(
        self,
        sound: Sound,
        on_digit: Callable[[str], bool] | None = None,
        file: FileHandle | None = None,
    ) -> Ending:
        """Plays a sound to its end; it stands still while a message's application runs."""
        heard = Heard(self.channel.seconds_since_start(), sound.kind, sound.name)
        self.channel.heard.append(heard)
        if self.flat:
            heard.ms, heard.running = milliseconds(sound.source) or 0.0, False
            return Ending.DONE if self.channel.ready else Ending.GONE
        player = Player(self.channel, sound.source)
        heard.so_far = lambda: player.milliseconds
        try:
            return self._play(player, on_digit, file)
        finally:
            player.stop()
            heard.ms, heard.running, heard.so_far = player.milliseconds, False, None

    def _play(
        self, player: Player, on_digit: Callable[[str], bool] | None, file: FileHandle | None
    ) -> Ending:
        while True:
            if not self._can_go_on():
                return Ending.GONE
            if self._take_break():
                return Ending.BROKEN
            if self._messages and not self._locked:
                player.stop()
                self.run_messages()
                player.go_on()
                continue
            if self._digit_ends(on_digit):
                return Ending.BROKEN
            if file is not None and file.paused:
                self._stand_still(player)
                continue
            left = player.seconds_left()
            if left <= 0:
                return Ending.DONE
            self.pause(min(left, self.look_again()))

    def _stand_still(self, player: Player) -> None:
        player.stop()
        self.pause(LONG_WAIT)
        player.go_on()

    def _take_break(self) -> bool:
        broken, self.broken = self.broken, False
        return broken

    def _digit_ends(self, on_digit: Callable[[str], bool] | None) -> bool:
        if on_digit is None or not self.channel.digits:
            return False
        digit = self.channel.take_digit()
        return digit is not None and on_digit(digit)

    def look_again(self) -> float:
        """Digits are taken one a tick; without any the wake-up is enough."""
        return FRAME_MS / 1000 if self.channel.digits else LONG_WAIT

    def park(self) -> None:
        """switch_ivr_park: waits for messages while the call is controlled."""
        channel = self.channel
        channel.fire("CHANNEL_PARK")
        while self._can_go_on() and self.controlled:
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
