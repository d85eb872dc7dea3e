"""Copies of a call's sound, by the switch: a leg that eavesdrops, or a module's WebSocket. Pure.

- `eavesdrop` on a leg of its own hears what the party says (`eavesdrop_bridge_aleg`), what it hears
  (`eavesdrop_bridge_bleg`), or both mixed (mod_dptools.c, `eavesdrop_function`); the leg's RTP is
  the tap's. It ends with the call, or alone.
- mod_audio_fork and mod_audio_stream, which are no part of FreeSWITCH, know `mono` (what the party
  says), `mixed` and `stereo`. They answer `+OK` before they connect, and tell by an event what
  becomes of it (mod_audio_fork/lws_glue.cpp and mod_audio_stream/audio_streamer_glue.cpp,
  `eventCallback`). Until `stop` they keep their place on the call, connected or not; but
  mod_audio_stream gives it up with an `error`. Of a call mod_audio_fork sends to several addresses
  (a `bugname` each), mod_audio_stream to one. No event says which of several it is about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from adapter.freeswitch import commands, dial_strings
from adapter.freeswitch.errors import UnsafeValue

DIRECTIONS = {"speak": "eavesdrop_bridge_aleg", "listen": "eavesdrop_bridge_bleg", "both": ""}
"""What the leg is told to hear; both where it is told nothing."""

FORKS = {"mod_audio_stream": "uuid_audio_stream", "mod_audio_fork": "uuid_audio_fork"}
"""Modules that send sound to a WebSocket, and their API."""

CONNECTED, DISCONNECTED = "connect", "disconnect"
FORK_NEWS = {
    "mod_audio_stream": (CONNECTED, "error", DISCONNECTED),
    "mod_audio_fork": (CONNECTED, "connect_failed", DISCONNECTED),
}
"""Subclasses of their events, behind the module's name and `::`: it is connected, or it is over."""

MIXES = {"speak": "mono", "both": "mixed"}
"""What they call a direction; what the party hears alone they cannot send."""

ANSWER_SECONDS = 3
"""It is we who answer, at once."""

_MEANT = re.compile(r"\\[^u]|[ ']")
_PLAIN = {r"\"": '"', r"\\": "\\", r"\n": "\n", r"\r": "\r", r"\t": "\t", r"\b": "\b", r"\f": "\f"}

_WEBSOCKET = re.compile(r"(?P<host>wss?://[^\s'\"\\{}|^`/?#]+)(?P<rest>[^\s'\"\\{}|^`#]*)", re.I)

LONGEST_URL = 2048
"""Characters; the modules copy an address into 4096 bytes, and one parses it by recursion."""

LONGEST_FIRST = 8000
"""Bytes of what is sent first; the modules keep 8192, and the end of a longer one is not theirs."""

RATES = (8000, 16000, 24000, 32000, 48000)
"""Samples a second that both send."""

SEVERAL = frozenset({"mod_audio_fork"})
"""Which of them send one call's sound to several addresses."""


def start(tap: str, call: str, *, endpoint: str, direction: str, codec: str, ptime: int) -> bytes:
    """Call `endpoint` (`sofia/…`) by a leg with the uuid `tap`, which hears the call."""
    heard = DIRECTIONS[direction]
    variables = {
        "absolute_codec_string": f"{codec}@8000h@{ptime}i",
        "leg_timeout": str(ANSWER_SECONDS),
        # Nothing ever comes back from where it goes.
        "media_timeout": "0",
        "origination_caller_id_number": "tap",
        "origination_caller_id_name": "tap",
    }
    if heard:
        variables[heard] = "true"
    leg = dial_strings.Leg(commands.word(tap), endpoint, variables)
    dial_string = dial_strings.for_originate([[leg]])
    return commands.api("originate", dial_string, f"&eavesdrop({commands.word(call)})")


def has_module(name: str) -> bytes:
    """Ask whether a module is loaded: `true` or `false`."""
    return commands.api("module_exists", commands.word(name))


def fork_subscribe(module: str) -> bytes:
    """Hear what becomes of it, besides what is heard already."""
    return commands.subscribe(("CUSTOM", *(f"{module}::{name}" for name in FORK_NEWS[module])))


PLAYED = ("play", "play_audio")
SILENCED = ("kill_audio",)
_BACK = {
    "mod_audio_stream": ("play", "json"),
    "mod_audio_fork": ("play_audio", "kill_audio"),
}
"""Their events for what comes back: a file to play, and no more of it."""


def back_subscribe(module: str) -> bytes:
    """Hear what the other end sends back."""
    return commands.subscribe(("CUSTOM", *(f"{module}::{name}" for name in _BACK[module])))


def fork_name(module: str, bug: str) -> str:
    """By what a call's `uuid_buglist` has it: its own name, where the module takes one."""
    return bug if module in SEVERAL else module.removeprefix("mod_")


def fork_runs(module: str, bug: str, buglist: str) -> bool:
    """Whether a call's `uuid_buglist` has it."""
    return f"<function>{fork_name(module, bug)}</function>" in buglist


def fork_start(
    module: str,
    call: str,
    url: str,
    direction: str,
    *,
    bug: str,
    rate: int,
    first: Mapping[str, object],
) -> bytes:
    """Send the call's sound to a WebSocket; `first` is the JSON that is sent before it."""
    told = [_one_word(first)] if first else []
    if told and len(told[0]) > LONGEST_FIRST:
        raise UnsafeValue(f"what is sent first is longer than {LONGEST_FIRST} bytes")
    named = [commands.word(bug)] if module in SEVERAL else []
    where = (_websocket(url), MIXES[direction], f"{rate:d}")
    return commands.api(FORKS[module], commands.word(call), "start", *where, *named, *told)


def fork_stop(module: str, call: str, bug: str) -> bytes:
    """End it."""
    named = [commands.word(bug)] if module in SEVERAL else []
    return commands.api(FORKS[module], commands.word(call), "stop", *named)


def _websocket(url: str) -> str:
    """An address with a path: without one, the modules take a query for a part of the host."""
    found = _WEBSOCKET.fullmatch(url)
    if not found or "${" in url or len(url) > LONGEST_URL:
        raise UnsafeValue(f"this is no WebSocket address: {url[:60]!r}")
    scheme, _, host = found["host"].partition("://")
    rest = found["rest"] if found["rest"].startswith("/") else f"/{found['rest']}"
    return f"{scheme.lower()}://{host}{rest}"


def _one_word(data: Mapping[str, object]) -> str:
    """As JSON in which nothing has a meaning for the switch, which would take `\\` and `'` away."""
    text = json.dumps(data, separators=(",", ":"))
    return _MEANT.sub(lambda found: f"\\u{ord(_PLAIN.get(found[0], found[0])):04x}", text)
