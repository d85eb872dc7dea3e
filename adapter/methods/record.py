"""`record`: record the caller and wait for the end (SWML reference, record)."""

from typing import Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class Record(Parameters):
    """Record in the foreground, as voicemail does."""

    stereo: bool = Field(False, description="two channels")
    format: Literal["wav", "mp3", "mp4"] = Field("wav", description="kind of file")
    direction: Literal["speak", "listen", "both"] = Field(
        "speak", description="speak: what the party says; listen: what it hears"
    )
    terminators: str = Field("#", description="digits that end the recording")
    beep: bool = Field(False, description="beep before the recording")
    input_sensitivity: float = Field(
        44, ge=0, le=100, description="how quiet a voice still counts; larger hears more"
    )
    initial_timeout: float = Field(4, ge=0, description="seconds to wait for speech; 0 is off")
    end_silence_timeout: float = Field(
        5, ge=0, description="seconds of silence that end the recording; 0 is off"
    )
    max_length: float | None = Field(None, ge=0, description="longest recording, in seconds")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("record", Record)
