"""What a recording was asked to be, and how the switch is told: per-recording variables.

They override the channel's own for this recording only and come back on its events as
`Recording-Variable-<name>` (switch_ivr_async.c, `get_recording_var`; FreeSWITCH 1.10.7 and
newer). Nothing is ever set on the channel, so recordings side by side cannot disturb each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

ID_VARIABLE = "swml_recording_id"
"""Carries our own id through the switch and back."""

DEFAULT_SENSITIVITY = 44.0
THRESHOLD_AT_DEFAULT = 200.0
"""FreeSWITCH's own: a frame of less mean absolute amplitude (of 32767) is silent."""
POINTS_PER_DECIBEL = 2.0
"""How many points of input_sensitivity lower the threshold by one decibel."""


@dataclass(frozen=True, slots=True)
class Options:
    """A recording's parameters, in SWML's names and units (seconds; sensitivity 0 to 100)."""

    control_id: str
    format: str = "wav"
    stereo: bool = False
    direction: str = "both"
    terminators: str = ""
    input_sensitivity: float = DEFAULT_SENSITIVITY
    initial_timeout: float = 0.0
    end_silence_timeout: float = 0.0
    max_length: float | None = None
    status_url: str | None = None
    form_callback: Mapping[str, Any] | None = None
    """`{url, events}` where its states are told as forms (LaML); `events` are LaML's words."""
    step: int = 0
    """The step that asked for it, so that one done again after a crash starts no second one."""

    @property
    def listens_for_silence(self) -> bool:
        """Whether silence can end it."""
        return self.initial_timeout > 0 or self.end_silence_timeout > 0

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON can hold it."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Options:
        """What `as_dict` gave; what an older version did not know has its default."""
        return cls(**{name: data[name] for name in _NAMES if name in data})


_NAMES = tuple(field.name for field in fields(Options))


def silence_threshold(sensitivity: float, *, stereo: bool) -> int:
    """RECORD_SILENCE_THRESHOLD for SWML's input_sensitivity (0 to 100, larger hears fainter sound).

    Logarithmic, half a decibel a point, 44 (SWML's default) is 200 (FreeSWITCH's). The switch
    averages a stereo frame over both channels, so that one party's voice counts half: the
    threshold is halved with it.
    """
    decibel = (DEFAULT_SENSITIVITY - sensitivity) / POINTS_PER_DECIBEL
    threshold = THRESHOLD_AT_DEFAULT * 10 ** (decibel / 20)
    return max(1, round(threshold / (2 if stereo else 1)))


def switch_variables(recording_id: str, options: Options) -> dict[str, str]:
    """The per-recording variables of `uuid_record`."""
    variables = {
        ID_VARIABLE: recording_id,
        "swml_control_id": options.control_id,
        # By default 25 frames wait in a buffer: time is lost, and a mask silences what came before.
        "RECORD_PRE_BUFFER_FRAMES": "0",
    }
    if options.stereo:
        variables["RECORD_STEREO"] = "true"
    if options.direction == "speak":
        variables["RECORD_READ_ONLY"] = "true"
    elif options.direction == "listen":
        variables["RECORD_WRITE_ONLY"] = "true"
    if options.listens_for_silence:
        variables |= _silence_variables(options)
    return variables


def _silence_variables(options: Options) -> dict[str, str]:
    # Either time-out set to 0 would still arm silence detection: only what is wanted is sent.
    threshold = silence_threshold(options.input_sensitivity, stereo=options.stereo)
    variables = {"RECORD_SILENCE_THRESHOLD": str(threshold)}
    if options.initial_timeout > 0:
        variables["RECORD_INITIAL_TIMEOUT_MS"] = str(round(options.initial_timeout * 1000))
    if options.end_silence_timeout > 0:
        variables["RECORD_FINAL_TIMEOUT_MS"] = str(round(options.end_silence_timeout * 1000))
    return variables
