"""One simulated call: the real adapter and the simulated switch, in one process.

The adapter is a `Service` with all its rooms; only its edges are others: the network may be stubs,
callbacks are shown and not sent, and time may be skipped.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

from adapter.config import Settings
from adapter.queues.queues import Queues
from adapter.queues.telling import QueueTeller
from adapter.service import Service
from adapter.simswitch import Action, Callee, CallPlan, Extension, SimSwitch, SwitchSettings
from adapter.simulate.clock import Clock, RealTime, SkippedTime
from adapter.simulate.network import Network, Stubbed
from adapter.simulate.person import EVERYBODY, LONGEST_CALL, Person, Plan
from adapter.simulate.stubs import Stub
from adapter.simulate.trace import Kind, Names, Trace
from adapter.simulate.watch import ShownOutbox, Watch, logs_told_to, watched_by
from adapter.speech.recognition import Heard

END_DEADLINE = 60.0
"""Seconds for the adapter to close its recordings after the hangup; it needs eight at most."""

FOLDER = "swml-simulate-"
"""How the name of the temporary folder begins."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A call to simulate. `stubs`: None is the real network."""

    document: Path
    plan: Plan = field(default_factory=Plan)
    stubs: Sequence[Stub] | None = None
    envs: Mapping[str, str] = field(default_factory=dict)
    real_time: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went."""

    trace: Trace
    warnings: int
    """How often a step failed or could not do all that it says."""
    stopped: str
    """Why the script was stopped by us, not by its end or the call's; empty: it was not."""


def simulate(simulation: Simulation, trace: Trace | None = None) -> Outcome:
    """Run the call to its end. The document must be one that loads."""
    clock: Clock = RealTime() if simulation.real_time else SkippedTime()
    trace = trace or Trace()
    trace.clock = clock.monotonic
    person = Person(simulation.plan, trace)
    watch = Watch(trace, person)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=FOLDER))
        stack.enter_context(logs_told_to(watch))
        stack.enter_context(clock)
        # Not the first of several: there are no recordings of others to look after.
        service = SimulatedService(_settings(simulation, Path(folder)), worker=1)
        service.is_seen_by(watch, clock, simulation)
        service.start()
        _name(trace.names, service.settings, folder)
        _call(service, watch)
    trace.stop()
    _tell_the_end(watch)
    stopped = str(watch.stopped) if watch.stopped else watch.broken
    return Outcome(trace, len(watch.warnings), stopped)


CALLEE_TALKS = 20.0
"""Seconds after which a party that the document calls hangs up, its confirmation included."""

BEHAVIOURS: Mapping[str, Mapping[str, Any]] = {
    "answers": {"talks": CALLEE_TALKS},
    "busy": {"cause": "USER_BUSY"},
    "declined": {"cause": "CALL_REJECTED"},
    "no_answer": {"answers": False},
}
"""What a party does that the document calls, by the reason that `connect` gives for it."""


class SimulatedService(Service):
    """The adapter with a world of its own around it."""

    def is_seen_by(self, watch: Watch, clock: Clock, simulation: Simulation) -> None:
        """Exchange what reaches out of the process; to be called before `start`."""
        self.interpreter = watched_by(watch)
        outbox, shared = ShownOutbox(watch.trace), self.shared
        self.archive = replace(self.archive, outbox=outbox)
        self.shared = replace(
            shared,
            outbox=outbox,
            media=replace(shared.media, recogniser=_Understanding(watch.person)),
            conferences=replace(shared.conferences, archive=self.archive),
            queues=Queues(self.store, QueueTeller(outbox, shared.held), shared.queues.worker),
        )
        self.evaluate = _outside(clock, self.evaluate)
        helpers = shared.media.helpers
        helpers.run = _outside(clock, helpers.run)  # type: ignore[method-assign]
        for session in (shared.web, self.fetcher.session):
            for scheme in ("http://", "https://"):
                real = session.get_adapter(scheme)
                session.mount(
                    scheme,
                    Network(real, clock, watch.trace)
                    if simulation.stubs is None
                    else Stubbed(simulation.stubs, watch.trace),
                )


class _Understanding:
    """Recognises what the caller of the plan has said last: a simulated voice has no words."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def recognise(self, path: Path, **_: Any) -> Heard:  # noqa: ARG002 - an Understands
        return {"text": self._person.said, "confidence": 1.0 if self._person.said else 0.0}


def _outside(clock: Clock, function: Any) -> Any:
    @wraps(function)
    def waiting(*args: Any, **named: Any) -> Any:
        with clock.outside():
            return function(*args, **named)

    return waiting


def _settings(simulation: Simulation, folder: Path) -> Settings:
    return Settings.load(
        None,
        {
            "listen": "127.0.0.1:0",
            "http": "127.0.0.1:0",
            "swml": str(simulation.document.absolute()),
            "documents.folder": str(simulation.document.absolute().parent),
            "projects": [{"envs": dict(simulation.envs)}],
            "data_dir": str(folder / "data"),
            "gateway": "carrier",
            "deadlines.drain": END_DEADLINE,
        },
        environ={},
    )


def _name(names: Names, settings: Settings, folder: str) -> None:
    names.know(re.escape(settings.public_url), "http://adapter")
    names.know(re.escape(str(settings.recordings_dir)), "recordings")
    names.know(re.escape(folder.partition(FOLDER)[0] + FOLDER) + r"\w*", "<folder>")  # or a part


def _call(service: Service, watch: Watch) -> None:
    plan, trace = watch.person.plan, watch.trace
    # Taken once: a call that the adapter fails on does not come back to it.
    taken = Action("socket", f"127.0.0.1:{service.settings.listen.port} async full")
    settings = SwitchSettings(
        # Whom the caller is referred to takes the call and is no matter of the document's.
        dialplan=(
            Extension(f"^{re.escape(plan.to_number)}$", (taken,)),
            Extension(".*", (Action("answer"), Action("park"))),
        ),
        callees=tuple(_callees(plan.called)),
    )
    with SimSwitch(settings) as switch:
        trace.add(
            Kind.CALL, "from {from} to {to}", **{"from": plan.from_number, "to": plan.to_number}
        )
        caller = switch.call(CallPlan.from_data({"from": plan.from_number, "to": plan.to_number}))
        trace.names.know(re.escape(caller.uuid), "<call>")
        watch.person.calls(caller, switch.callers)
        caller.wait(LONGEST_CALL + END_DEADLINE)
        trace.add(Kind.HANGUP, "{cause}", cause=caller.hangup_cause or "none")
        service.stop()


def _callees(called: Mapping[str, str]) -> Iterator[Callee]:
    for number, how in called.items():
        if number != EVERYBODY:
            user = number.removeprefix("sip:").partition("@")[0]
            yield Callee(f"^{re.escape(user)}$", **BEHAVIOURS[how])
    yield Callee(".*", **BEHAVIOURS[called.get(EVERYBODY, "answers")])


def _tell_the_end(watch: Watch) -> None:
    for text in watch.person.leftovers():
        watch.trace.add(Kind.WARNING, "{message}", message=text)
    if watch.stopped:
        how = f"the script was stopped: {watch.stopped}"
    elif watch.broken:
        how = f"the adapter failed: {watch.broken}"
    elif watch.person.hung_up:
        how = "the caller hung up"
    elif watch.finished:
        how = "the script ran to its end"
    else:
        how = "the call ended before the script"
    watch.trace.add(Kind.END, "{how}", how=how)
