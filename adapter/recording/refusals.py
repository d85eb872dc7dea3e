"""Why a switch does not record, in words that people can act on: it says only that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.recording.state import Failure

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

OLDEST_SWITCH = (1, 10, 7)
"""FreeSWITCH before 1.10.7 ignores per-recording variables, and says `+OK`."""

_MODULES = {"mp3": "mod_shout", "mp4": "mod_av"}


class SwitchTooOld(SwitchError):
    """The switch would record something else than it was asked to."""


def require_version(call: Call) -> None:
    """Raise `SwitchTooOld` for a switch that takes no options for one recording."""
    version = call.switch_version
    if version < OLDEST_SWITCH:
        text = ".".join(map(str, version))
        raise SwitchTooOld(f"FreeSWITCH {text} ignores a recording's options: use 1.10.7 or newer")


def why_refused(call: Call, format_: str, folder: str, error: SwitchError) -> Failure:
    """What to do about `error`, which a recording of this format into `folder` met."""
    if isinstance(error, SwitchTooOld):
        return Failure("switch_too_old", str(error))
    if not isinstance(error, CommandFailed):
        return Failure("no_answer", str(error))
    module = _MODULES.get(format_)
    if module and not _has_module(call, module):
        return Failure(
            "format_unavailable",
            f"FreeSWITCH records {format_} with {module}, which is not loaded: "
            f"load it in modules.conf.xml, or record wav",
        )
    return Failure("record_refused", f"{error.reply}. Can FreeSWITCH write to {folder}?")


def _has_module(call: Call, module: str) -> bool:
    try:
        return call.api(commands.api("module_exists", module)) == "true"
    except SwitchError:
        return True  # nobody knows; the general advice holds
