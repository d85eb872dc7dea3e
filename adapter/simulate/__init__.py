"""A document run at once: the real adapter on the simulated switch, with time skipped."""

from adapter.simulate.person import Plan
from adapter.simulate.run import Outcome, Simulation, simulate
from adapter.simulate.stubs import Stub, StubsError, load_stubs
from adapter.simulate.trace import Entry, Kind, Trace

__all__ = [
    "Entry",
    "Kind",
    "Outcome",
    "Plan",
    "Simulation",
    "Stub",
    "StubsError",
    "Trace",
    "load_stubs",
    "simulate",
]
