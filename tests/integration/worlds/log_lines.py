"""Lines of an adapter's log that are about a call: each says about which."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import adapter

_ROOMS = (
    *("calls", "conferences", "connecting", "faxing", "methods", "paying", "speech", "tapping"),
    *("control/call_control.py", "control/commands.py", "control/playing.py", "control/record.py"),
    *("control/steps.py", "freeswitch/call.py", "queues/entering.py", "queues/taking.py"),
    *("recording/call_recordings.py", "recording/recorder.py"),
)
"""Where all that is done is done for one call."""

_SHARED = frozenset({"calls/positions.py", "methods/__init__.py", "tapping/sink.py"})
"""But here it is done for all of them."""

_EVENT = re.compile(r'\blog\.\w+\(\s*"([^"]+)"')


def _events() -> frozenset[str]:
    root = Path(adapter.__file__).parent
    places = [root / room for room in _ROOMS]
    assert all(place.exists() for place in places), "a room was moved"
    files = [file for place in places for file in (place, *place.rglob("*.py")) if file.is_file()]
    shared = {root / name for name in _SHARED}
    texts = [file.read_text() for file in files if file not in shared]
    return frozenset(event for text in texts for event in _EVENT.findall(text))


EVENTS = _events()


def nameless(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that say not about which call."""
    return [line for line in lines if _is_of_a_call(line["event"]) and "call_id" not in line]


def _is_of_a_call(event: str) -> bool:
    return event in EVENTS or event.startswith("recording ")
