"""`detect_machine`: is it a person, a machine or a fax (SWML reference, detect_machine)."""

from typing import Annotated, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters, folded


class DetectMachine(Parameters):
    """Find out who has answered."""

    detect_message_end: bool = Field(False, description="wait for the end of the greeting")
    detectors: str = Field("amd,fax", description="amd, fax, or both")
    end_silence_timeout: float = Field(1, ge=0, description="seconds of silence: speech has ended")
    initial_timeout: float = Field(4.5, ge=0, description="seconds to wait for a voice")
    machine_ready_timeout: float | None = Field(
        None,
        ge=0,
        description="seconds of silence after a greeting; as end_silence_timeout if not given",
    )
    machine_voice_threshold: float = Field(
        1.25, ge=0, description="seconds of voice that make a machine"
    )
    machine_words_threshold: int = Field(6, ge=0, description="words that make a machine")
    timeout: float = Field(30, ge=0, description="seconds for all of it")
    tone: Annotated[Literal["CED", "CNG"], folded(str.upper)] = Field("CED", description="fax tone")
    wait: bool = Field(True, description="wait for the outcome before the next step")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("detect_machine", DetectMachine, result_variable="detect_result")
