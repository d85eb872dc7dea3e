"""Calls as fast as an adapter takes them: for benchmarks, with a switch in flat pace."""

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import gevent

from adapter.simswitch.caller import CallPlan
from adapter.simswitch.profile import CallFacts

if TYPE_CHECKING:
    from adapter.simswitch.caller import Caller
    from adapter.simswitch.switch import SimSwitch


WATCH_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """`calls` in all, `concurrency` at once, each with `timeout` seconds to end.

    idle: calls that are placed first and held until the others have ended.
    """

    calls: int = 1000
    concurrency: int = 50
    idle: int = 0
    timeout: float = 30.0
    from_number: str = "1000"
    to_number: str = "2000"


@dataclass(slots=True)
class LoadResult:
    """finished: calls that ended by themselves; late: those that had to be hung up.

    first_command_ms: from the connect to the adapter's first command, sorted.
    """

    finished: int = 0
    late: int = 0
    refused: int = 0
    seconds: float = 0.0
    calls_per_second: float = 0.0
    first_command_ms: list[float] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        data = asdict(self)
        times = sorted(data.pop("first_command_ms"))
        for name, share in (("median", 0.5), ("p99", 0.99), ("worst", 1.0)):
            at = min(len(times) - 1, int(share * len(times)))
            data[f"first_command_{name}_ms"] = round(times[at], 3) if times else None
        return data


class Load:
    """One run of a load plan: `concurrency` greenlets that place one call after the other."""

    def __init__(self, switch: "SimSwitch", plan: LoadPlan) -> None:
        self._switch, self._plan = switch, plan
        facts = CallFacts(from_number=plan.from_number, to_number=plan.to_number)
        self._call = CallPlan(facts)
        self._result = LoadResult()
        self._left = plan.calls
        self._running: dict[Caller, float] = {}

    def run(self) -> LoadResult:
        """Places all calls and waits for their ends."""
        held = [self._switch.call(self._call, keep=False) for _ in range(self._plan.idle)]
        watch = self._switch.spawn("load watch", self._watch)
        began = time.perf_counter()
        lanes = [self._switch.spawn("load", self._lane) for _ in range(self._plan.concurrency)]
        gevent.joinall(lanes)
        result = self._result
        result.seconds = time.perf_counter() - began
        result.calls_per_second = round(self._plan.calls / max(result.seconds, 1e-9), 1)
        watch.kill()
        for caller in held:
            caller.hang_up()
        gevent.sleep(0)
        return result

    def _lane(self) -> None:
        while self._left > 0:
            self._left -= 1
            caller = self._switch.run_call(self._call, self._began)
            if self._running.pop(caller, None) is not None:
                self._count(caller)

    def _began(self, caller: "Caller") -> None:
        self._running[caller] = time.perf_counter() + self._plan.timeout

    def _watch(self) -> None:
        """Hangs up calls that take too long; cheaper than a timer for each."""
        while True:
            gevent.sleep(WATCH_SECONDS)
            now = time.perf_counter()
            for caller in [caller for caller, end in self._running.items() if end < now]:
                del self._running[caller]
                self._result.late += 1
                caller.hang_up()

    def _count(self, caller: "Caller") -> None:
        first = caller.session.first_command_seconds
        if first is None:
            self._result.refused += 1
            return
        self._result.finished += 1
        self._result.first_command_ms.append(first * 1000)
