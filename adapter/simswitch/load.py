"""Calls as fast as an adapter takes them, for benchmarks; the switch's pace does not matter."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

import gevent
import structlog

from adapter.simswitch.load_call import LoadCall
from adapter.simswitch.load_templates import Templates
from adapter.simswitch.profile import CallFacts
from adapter.simswitch.settings import SettingsFault
from adapter.simswitch.switch import Switch

log = structlog.get_logger()

WATCH_SECONDS = 0.25
HELD_LOOK_SECONDS = 0.01


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

    def __init__(self, switch: Switch, plan: LoadPlan) -> None:
        self._switch, self._plan = switch, plan
        facts = CallFacts(from_number=plan.from_number, to_number=plan.to_number)
        socket = _socket_of(switch, plan.to_number)
        self._templates = Templates.of_calls(facts, socket)
        self._address = _address_of(socket)
        self._result = LoadResult()
        self._left = plan.calls
        self._running: dict[LoadCall, float] = {}

    def run(self) -> LoadResult:
        """Places all calls and waits for their ends."""
        held = [self._new() for _ in range(self._plan.idle)]
        for call in held:
            self._switch.spawn("idle call", self._hold, call)
        self._wait_for(held)
        watch = self._switch.spawn("load watch", self._watch)
        began = time.perf_counter()
        lanes = [self._switch.spawn("load", self._lane) for _ in range(self._plan.concurrency)]
        gevent.joinall(lanes)
        result = self._result
        result.seconds = time.perf_counter() - began
        result.calls_per_second = round(self._plan.calls / max(result.seconds, 1e-9), 1)
        watch.kill()
        for call in held:
            call.end()
        return result

    def _new(self) -> LoadCall:
        self._switch.calls_placed += 1
        return LoadCall(self._switch, self._templates, self._address)

    def _hold(self, call: LoadCall) -> None:
        try:
            call.run()
        except OSError as error:
            log.warning("an idle call was lost", reason=str(error))
        self._switch.calls_ended += 1

    def _wait_for(self, held: list[LoadCall]) -> None:
        """Until the adapter has taken every idle call, or the plan's time-out is over."""
        end = time.perf_counter() + self._plan.timeout
        while time.perf_counter() < end and any(c.first_command_seconds is None for c in held):
            gevent.sleep(HELD_LOOK_SECONDS)

    def _lane(self) -> None:
        while self._left > 0:
            self._left -= 1
            call = self._new()
            self._running[call] = time.perf_counter() + self._plan.timeout
            try:
                call.run()
            except OSError as error:
                log.debug("a call of the load failed", reason=str(error))
            self._switch.calls_ended += 1
            if self._running.pop(call, None) is not None:
                self._count(call)

    def _watch(self) -> None:
        """Hangs up calls that take too long; cheaper than a timer for each."""
        while True:
            gevent.sleep(WATCH_SECONDS)
            now = time.perf_counter()
            for call in [call for call, end in self._running.items() if end < now]:
                del self._running[call]
                self._result.late += 1
                call.end()

    def _count(self, call: LoadCall) -> None:
        first = call.first_command_seconds
        if first is None or not call.hung_up:
            self._result.refused += 1
            return
        self._result.finished += 1
        self._result.first_command_ms.append(first * 1000)


def _socket_of(switch: Switch, number: str) -> str:
    """The argument of the `socket` action in the dialplan of a number."""
    for action in switch.actions_for(number) or ():
        if action.application == "socket":
            return action.data
    raise SettingsFault("a load needs a dialplan with a `socket` action")


def _address_of(socket: str) -> tuple[str, int]:
    host, _, rest = socket.partition(" ")[0].partition("|")[0].partition(":")
    return host, int(rest.partition("/")[0])
