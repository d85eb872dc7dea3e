"""A recording whose call changes its codec's rate is closed, and goes on in the same file.

The switch opens a file at the rate that the call has in that moment and writes whatever comes into
it: after a change from 8 to 16 kHz (a re-INVITE of a carrier that reroutes the call) everything
lasts twice as long and sounds an octave too low, since `native_rate` is set at the start alone
(switch_ivr_async.c, `record_callback`). What is started again and appended is resampled to the
file's rate. An MP4 cannot be appended to: there it stays as the switch does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed
from adapter.recording import files
from adapter.recording.options import Options, switch_variables
from adapter.store.rows import RATES

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

APPENDABLE = frozenset({"wav", "mp3"})
"""What mod_sndfile and mod_shout write at the end of a file; mod_av does not."""

EVENT = "CODEC"
"""Tells of a change, and is rare after the answer: playing and speaking cause none."""


@dataclass(frozen=True, slots=True)
class RateHeard:
    """The rate of the call's sound from now on, in Hz; maybe what it was before."""

    now: int


@dataclass(frozen=True, slots=True)
class Rates:
    """How the samples of a recording's parts are to be counted. Pure."""

    changed: bool = False
    now: int = 0
    """Of the part that runs; 0: the file's."""
    samples: int = 0
    """Of the parts that are closed, at the file's rate."""

    def total(self, samples: int, file: int) -> int:
        """What a file of this rate holds once its last part is closed with so many samples."""
        return self.samples + (samples * file // self.now if self.now else samples)

    def seconds(self, samples: int, file: int) -> float:
        """How long that is."""
        return self.total(samples, file) / file

    def noted(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """A recording's stored options, with its rates among them (as JSON can hold them)."""
        return {**options, RATES: asdict(self)} if self.changed else options

    @classmethod
    def noted_in(cls, options: Mapping[str, Any]) -> Rates:
        """Those of a stored recording."""
        return cls(**(options.get(RATES) or {}))


class Parts:
    """Closes a recording's parts and begins the next; `path` is its file as we see it."""

    def __init__(
        self, call: Call, path: Path, switch_path: str, recording_id: str, options: Options
    ) -> None:
        self.rates = Rates()
        self._began_with = call.rate
        self._call = call
        self._path = path
        self._switch_path = switch_path
        self._id = recording_id
        self._options = options
        self._ends: list[int] = []
        """For each part that was closed here and whose RECORD_STOP is awaited: its rate."""

    def go_on(self, heard: RateHeard) -> bool:
        """Begin a part at this rate; False if there is none: it has it, has ended, or cannot.

        Raises what the switch says to the new part: then the recording is broken off.
        """
        if heard.now in (0, self.rates.now or self._file_rate() or self._began_with):
            return False
        if self._options.format not in APPENDABLE:
            self.rates = Rates(changed=True)
            return False
        try:
            self._call.api(commands.record_control(self._call.uuid, "stop", self._switch_path))
        except CommandFailed:
            return False  # it ended by itself: its RECORD_STOP is on the way
        file = self._file_rate()
        self._call.api(self._start_command(file))
        self._ends.append(self.rates.now or file)
        self.rates = replace(self.rates, changed=True, now=heard.now if file else 0)
        return True

    def take_end(self, samples: int) -> bool:
        """A RECORD_STOP came: whether it is that of a part which was closed here."""
        if not self._ends:
            return False
        rate = self._ends.pop(0)
        file = self._file_rate()
        more = samples * file // rate if rate else 0
        self.rates = replace(self.rates, samples=self.rates.samples + more)
        return True

    def _file_rate(self) -> int:
        return files.rate_of(self._path, self._options.format)

    def _start_command(self, file: int) -> bytes:
        # Somebody may have spoken before: from here on silence is an end, whoever speaks first.
        options = replace(self._options, initial_timeout=self._options.end_silence_timeout)
        variables = switch_variables(self._id, options)
        if file:
            variables |= {"RECORD_APPEND": "true", "record_sample_rate": str(file)}
        return commands.record_start(self._call.uuid, self._switch_path, 0, variables)
