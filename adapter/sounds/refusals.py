"""Why a switch does not play, in words that people can act on: it says `FILE NOT FOUND`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.freeswitch.modules import is_missing

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.sounds.library import Playback

_FORMATS = {".mp3": "mod_shout"}
"""Modules for files that the switch's sndfile does not read, by their ending."""


def why_unplayed(call: Call, playback: Playback, response: str) -> str:
    """What to do about `response`, which the switch gave to a sound."""
    kind, _, rest = playback.argument.partition("://")
    if kind == "tts":
        engine, voice, _ = rest.split("|", 2)
        module = f"mod_{engine.partition(':')[0]}"
        if is_missing(call, module):
            return f"FreeSWITCH speaks with {module}, which is not loaded: {_load(module)}"
        return f"{response}: FreeSWITCH's {module} cannot speak this; has it the voice {voice}?"
    for ending, module in _FORMATS.items():
        if playback.argument.endswith(ending) and is_missing(call, module):
            return f"FreeSWITCH plays {ending[1:]} with {module}, which is not loaded: " + _load(
                module
            )
    return f"{response}: is it a sound, and may FreeSWITCH read {playback.argument}?"


def _load(module: str) -> str:
    return f"say `load {module}` in fs_cli, and load it in modules.conf.xml"
