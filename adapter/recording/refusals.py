"""Why a switch does not record, in words that people can act on: it says only that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.freeswitch.modules import is_missing
from adapter.recording import disk
from adapter.recording.state import Failure

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.recording.archive import Archive

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


def why_refused(call: Call, archive: Archive, format_: str, error: SwitchError) -> Failure:
    """What to do about `error`, which a new recording of this format met."""
    if isinstance(error, SwitchTooOld):
        return Failure("switch_too_old", str(error))
    if not isinstance(error, CommandFailed):
        return Failure("no_answer", str(error))
    return (
        _missing_module(call, format_)
        or disk.fault(archive.folder)
        or _missing_media(call)
        or Failure(
            "record_refused", f"{error.reply}. Can FreeSWITCH write to {archive.switch_folder}?"
        )
    )


def _missing_module(call: Call, format_: str) -> Failure | None:
    module = _MODULES.get(format_)
    if not module or not is_missing(call, module):
        return None
    return Failure(
        "format_unavailable",
        f"FreeSWITCH records {format_} with {module}, which is not loaded: "
        f"load it in modules.conf.xml, or record wav",
    )


def _missing_media(call: Call) -> Failure | None:
    """Media that go past the switch, or are not there yet, have no codec (`read_codec`)."""
    if _answer(call, "uuid_getvar", call.uuid, "read_codec") not in ("_undef_", ""):
        return None
    return Failure(
        "no_media",
        "the call has no media on the switch: answer it first, and let media neither bypass the "
        "switch nor pass it by proxy",
    )


def _answer(call: Call, *command: str) -> str | None:
    try:
        return call.api(commands.api(*command)).strip()
    except SwitchError:
        return None  # nobody knows; the general advice holds
