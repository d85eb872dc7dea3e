"""`api sim …`: what only a simulated switch can be told, for tests in another process.

The argument is a word and JSON or words; the answer is JSON, or `-ERR` with what is wrong.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from adapter.simswitch.caller import Caller, CallPlan, PlanFault, Step
from adapter.simswitch.load import Load, LoadPlan
from adapter.simswitch.settings import Callee
from adapter.simswitch.switch import Switch
from adapter.simswitch.voices import heard_by

USAGE = (
    "-USAGE: sim call|callee|taken|hear|do|facts|wait|hangup|digits|load|disk|wire|stats"
    "|violations|spoken\n"
)


def sim(switch: Switch, argument: str) -> str:
    """Finds and runs one of the words below."""
    word, _, rest = argument.partition(" ")
    run = _WORDS.get(word)
    if run is None:
        return USAGE
    try:
        return json.dumps(run(switch, rest)) + "\n"
    except (PlanFault, TypeError, ValueError) as error:
        return f"-ERR {error}\n"
    except KeyError as error:
        return f"-ERR no call {error.args[0]}\n"


def _call(switch: Switch, rest: str) -> Any:
    """`sim call {plan}`: places a call; answers its uuid."""
    return {"uuid": switch.call(CallPlan.from_data(_object(rest))).uuid}


def _callee(switch: Switch, rest: str) -> Any:
    """`sim callee {callee}`: somebody new to call, who goes before those of the settings."""
    data = _object(rest)
    switch.callees.insert(0, Callee(**{**data, "steps": tuple(data.get("steps", ()))}))


def _taken(switch: Switch, rest: str) -> Any:
    """`sim taken <number>`: the uuids of the legs that called this number."""
    return switch.taken.get(rest, [])


def _hear(switch: Switch, rest: str) -> Any:
    """`sim hear <uuid>`: what the party has heard, without pauses: PCM at 8 kHz in base64."""
    heard = heard_by(_caller(switch, rest)[0].session.channel)
    return base64.b64encode(heard.tobytes()).decode()


def _do(switch: Switch, rest: str) -> Any:
    """`sim do <uuid> {step}`: the caller does something now."""
    caller, data = _caller(switch, rest)
    caller.do(Step.from_data(_object(data)))
    return caller.facts()


def _facts(switch: Switch, rest: str) -> Any:
    return _caller(switch, rest)[0].facts()


def _wait(switch: Switch, rest: str) -> Any:
    """`sim wait <uuid> <seconds>`: until the call has ended; this listener waits with it."""
    caller, seconds = _caller(switch, rest)
    caller.wait(float(seconds or 30))
    return caller.facts()


def _hangup(switch: Switch, rest: str) -> Any:
    caller, cause = _caller(switch, rest)
    caller.hang_up(cause or "NORMAL_CLEARING")
    return caller.facts()


def _digits(switch: Switch, rest: str) -> Any:
    caller, digits = _caller(switch, rest)
    caller.press(digits)
    return caller.facts()


def _load(switch: Switch, rest: str) -> Any:
    """`sim load {calls, concurrency, …}`: answers once all calls have ended."""
    return Load(switch, LoadPlan(**_object(rest))).run().as_data()


def _disk(switch: Switch, rest: str) -> Any:
    """`sim disk full|free`: what is recorded from now on finds no space, or does again."""
    if rest not in ("full", "free"):
        raise PlanFault("write `sim disk full` or `sim disk free`")
    switch.disk.full = rest == "full"
    return {"full": switch.disk.full}


def _stats(switch: Switch, _rest: str) -> Any:
    return {
        "placed": switch.calls_placed,
        "ended": switch.calls_ended,
        "running": len(switch.sessions()),
    }


def _violations(switch: Switch, _rest: str) -> Any:
    return [list(violation) for violation in switch.violations]


def _spoken(switch: Switch, _rest: str) -> Any:
    return [list(spoken) for spoken in switch.spoken]


def _wire(switch: Switch, rest: str) -> Any:
    """`sim wire <uuid> <uuid>`: the parties of two calls are one: each hears what the other sends.

    Of all that, only faxes are real, and that both hang up.
    """
    first, _, second = rest.partition(" ")
    one, other = switch.callers[first].session, switch.callers[second].session
    one.wired, other.wired = other, one


def _caller(switch: Switch, rest: str) -> tuple[Caller, str]:
    uuid, _, more = rest.partition(" ")
    return switch.callers[uuid], more


def _object(text: str) -> dict[str, Any]:
    data = json.loads(text or "{}")
    if not isinstance(data, dict):
        raise PlanFault("write a JSON object")
    return data


_WORDS: dict[str, Callable[[Switch, str], Any]] = {
    "call": _call,
    "callee": _callee,
    "taken": _taken,
    "hear": _hear,
    "do": _do,
    "facts": _facts,
    "wait": _wait,
    "hangup": _hangup,
    "digits": _digits,
    "load": _load,
    "disk": _disk,
    "wire": _wire,
    "stats": _stats,
    "violations": _violations,
    "spoken": _spoken,
}
