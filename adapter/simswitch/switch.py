"""The core of the simulated switch: its calls, its event bus, and who listens.

What it can be told to do (applications, API commands, the event socket) builds on it; `sim_switch`
puts all of it together.
"""

import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent
import structlog

from adapter.simswitch.audience import Audience
from adapter.simswitch.caller import Caller, CallPlan
from adapter.simswitch.channel import Channel
from adapter.simswitch.channel_state import State
from adapter.simswitch.conference import Conference
from adapter.simswitch.disk import Disk
from adapter.simswitch.events import Block, Event, EventHeads
from adapter.simswitch.frames import Command
from adapter.simswitch.peer import Peer
from adapter.simswitch.profile import CallFacts
from adapter.simswitch.recordings import FlatContent, Recordings
from adapter.simswitch.scheduler import ScheduledTasks
from adapter.simswitch.session import Host, Session
from adapter.simswitch.settings import Action, Callee, SwitchSettings
from adapter.simswitch.strings import atoi, new_uuid

log = structlog.get_logger()

KEPT_CALLERS = 500  # how many ended calls can still be asked what their caller heard
HOLD_MUSIC = "tone_stream://%(200,4000,440,480);loops=-1"


class Switch(Host):
    """Calls and who hears of them; `api` is whoever builds on it.

    violations: what a document or caller made the switch expand or run as code, as
    `(call uuid, text)`; empty as long as an adapter lets nothing foreign through.
    """

    def __init__(self, settings: SwitchSettings | None = None, **changes: Any) -> None:
        base = settings or SwitchSettings()
        self.settings = base.with_changes(changes)
        self.core_uuid = new_uuid()
        self.started_at = time.time()
        self.violations: list[tuple[str, str]] = []
        self.spoken: list[tuple[str, str]] = []
        self.variables = {
            "hostname": self.settings.hostname,
            "hold_music": HOLD_MUSIC,
            "temp_dir": tempfile.gettempdir(),
            **self.settings.global_variables,
        }
        self.sounds = Path(self.variables.get("sounds_dir", "/tmp"))  # noqa: S108
        self.callers: dict[str, Caller] = {}
        self.callees: list[Callee] = []
        self.conferences: dict[str, Conference] = {}
        self.taken: dict[str, list[str]] = {}
        self.calls_placed = 0
        self.calls_ended = 0
        self.heads = EventHeads(self.core_uuid, self.settings.hostname)
        self._sessions: dict[str, Session] = {}
        self._watchers: dict[str, Caller] = {}
        self._own: dict[str, list[Peer]] = {}
        self._audience = Audience()
        self.disk = Disk()
        self.flat_content = FlatContent(self.settings.flat_seconds)
        self._greenlets: set[gevent.Greenlet] = set()
        self.tasks = ScheduledTasks(self._greenlets)

    # --- life

    def spawn(self, name: str, run: Callable[..., Any], *arguments: Any) -> gevent.Greenlet:
        """A greenlet of this switch, with a name, whose error is logged."""
        greenlet = gevent.Greenlet(self._run, name, run, arguments)
        greenlet.name = name
        self._greenlets.add(greenlet)
        greenlet.start()
        return greenlet

    def _run(self, name: str, run: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """The error path of every greenlet; cheaper than a link to each."""
        try:
            run(*arguments)
        except Exception:
            log.exception("simulated switch failed", greenlet=name)
        finally:
            self._greenlets.discard(gevent.getcurrent())

    # --- calls

    def call(
        self,
        plan: CallPlan | None = None,
        *,
        actions: tuple[Action, ...] | None = None,
        keep: bool = True,
    ) -> Caller:
        """Places a simulated call; `actions` instead of what the dialplan has for it.

        `keep`: it can still be asked by its uuid when it has ended.
        """
        caller = self._new_caller(plan or CallPlan())
        caller.session.first_actions = actions
        if keep:
            self._keep_caller(caller)
        self.spawn(f"call {caller.uuid}", self.run_call, caller)
        caller.start()
        return caller

    @staticmethod
    def run_call(caller: Caller) -> None:
        """The whole life of a call, in its own greenlet."""
        try:
            caller.session.run()
        finally:
            caller.ended.set()

    def _new_caller(self, plan: CallPlan) -> Caller:
        caller = Caller(plan, self.new_session(plan.facts, new_uuid()))
        self._watch(caller)
        return caller

    def _watch(self, party: Caller) -> None:
        if any(step.on for step in party.plan.steps):
            self._watchers[party.uuid] = party

    def expect(self, party: Caller, number: str) -> None:
        """Somebody who is called: can be asked by uuid, and found by the number called."""
        self._watch(party)
        self._keep_caller(party)
        self.taken.setdefault(number, []).append(party.uuid)

    def new_session(self, facts: CallFacts, uuid: str) -> Session:
        """A call that does not run yet."""
        self.calls_placed += 1
        channel = Channel(self, facts, uuid, self.calls_placed)
        recordings = Recordings(channel, self.settings, self.flat_content, self.disk, self.spawn)
        session = Session(self, channel, recordings)
        self._sessions[channel.uuid] = session
        return session

    def _keep_caller(self, caller: Caller) -> None:
        self.callers[caller.uuid] = caller
        while len(self.callers) > KEPT_CALLERS:
            oldest = next(iter(self.callers))
            if oldest in self._sessions:
                break
            del self.callers[oldest]
        while len(self.taken) > KEPT_CALLERS:
            del self.taken[next(iter(self.taken))]

    def session(self, uuid: str) -> Session | None:
        """The session of a call that is not down (switch_core_session_locate)."""
        session = self._sessions.get(uuid)
        return None if session is None or session.channel.down else session

    def sessions(self) -> list[Session]:
        return [session for session in self._sessions.values() if not session.channel.down]

    def call_ended(self, session: Session) -> None:
        uuid = session.channel.uuid
        self._sessions.pop(uuid, None)
        self._watchers.pop(uuid, None)
        self.calls_ended += 1
        for peer in self._own.get(uuid, ()):
            peer.call_gone()
        if uuid not in self._own:
            session.channel.destroy()

    def actions_for(self, number: str) -> tuple[Action, ...] | None:
        """The dialplan's actions for a destination."""
        for extension in self.settings.dialplan:
            if re.search(extension.pattern, number):
                return extension.actions
        return None

    def schedule_hangup(self, channel: Channel, when: str, cause: str) -> None:
        """`+seconds` or a time; whole seconds of the clock."""
        seconds = atoi(when[1:])
        if seconds == 0:
            channel.hangup(cause)
            return
        self.tasks.add(when, channel.uuid, lambda: channel.hangup(cause))

    # --- what an adapter should not make a switch do

    def violate(self, channel: Channel, text: str) -> None:
        log.warning("the switch was made to run code", call_id=channel.uuid, code=text)
        self.violations.append((channel.uuid, text))

    def note_speech(self, channel: Channel, text: str) -> None:
        self.spoken.append((channel.uuid, text))

    # --- the API

    def api(self, name: str, argument: str) -> str:
        """Runs an API command; returns what the switch would print."""
        raise NotImplementedError

    def run_job(self, job: str, owner: str, name: str, argument: str) -> None:
        """A `bgapi`: runs beside, and answers by BACKGROUND_JOB."""
        self.spawn(f"job {job}", self._job, job, owner, name, argument)

    def _job(self, job: str, owner: str, name: str, argument: str) -> None:
        answer = self.api(name, argument)
        headers = {"Job-UUID": job, "Job-Owner-UUID": owner, "Job-Command": name}
        if argument:
            headers["Job-Command-Arg"] = argument
        self.fire("BACKGROUND_JOB", headers, answer)

    # --- events

    def global_variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def fire(self, name: str, headers: Mapping[str, str], body: str = "") -> None:
        """Fires an event that belongs to no call."""
        head = self.head(name, ("mod_event_socket.c", "api_exec", 1586))
        self.publish(Event(name, headers.get("Unique-ID"), [head, Block(headers)], body))

    def send_event(self, command: Command, uuid: str) -> None:
        """`sendevent`: an event that a listener made."""
        name = command.line[9:].strip() or "CUSTOM"
        self.fire(name, {**_titled(command.headers), "Event-UUID": uuid}, command.body)

    def wants(self, name: str, uuid: str) -> bool:
        for peer in self._audience.of(uuid):
            if peer.subscription.wants(name):
                return True
        return uuid in self._watchers and self._watchers[uuid].watches(name)

    def head(self, name: str, source: tuple[str, str, int]) -> Block:
        return self.heads.next(name, source)

    def publish(self, event: Event) -> None:
        owner = event.uuid or event.get("Job-Owner-UUID") or ""
        for peer in self._audience.of(owner):
            if peer.subscription.accepts(event):
                peer.deliver(event)
        if owner in self._watchers:
            self._watchers[owner].noticed(event)

    # --- connections

    def connection_began(self, peer: Peer) -> None:
        session = peer.session
        if session is not None:
            self._own.setdefault(session.channel.uuid, []).append(peer)

    def subscription_changed(self, peer: Peer) -> None:
        """What it hears is another matter now."""
        self._audience.changed(peer)
        uuid = peer.subscription.my_uuid
        if uuid and peer.session is None and peer not in self._own.get(uuid, []):
            self._own.setdefault(uuid, []).append(peer)

    def connection_ended(self, peer: Peer) -> None:
        self._audience.left(peer)
        for uuid in _uuids(peer):
            remaining = [other for other in self._own.get(uuid, ()) if other is not peer]
            if remaining:
                self._own[uuid] = remaining
            else:
                self._own.pop(uuid, None)
        peer.let_go()
        channel = peer.session.channel if peer.session else None
        if channel and channel.state is State.REPORTING and channel.uuid not in self._own:
            channel.destroy()

    def peers(self) -> set[Peer]:
        """Everybody at the other end of an event socket that hears or controls anything."""
        return {
            *self._audience.everybody(),
            *(one for group in self._own.values() for one in group),
        }

    def uptime_seconds(self) -> float:
        return time.time() - self.started_at


def _uuids(peer: Peer) -> list[str]:
    own = peer.session.channel.uuid if peer.session else None
    return [uuid for uuid in (own, peer.subscription.my_uuid) if uuid]


def _titled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}
