"""`prompt`: play sounds and collect digits or speech (SWML reference, prompt)."""

from typing import Annotated

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import ONE_OR_MANY, Parameters


class Prompt(Parameters):
    """Play something and wait for digits or speech."""

    play: Annotated[list[str], ONE_OR_MANY] = Field(description="what to play, in this order")
    volume: float = Field(0, ge=-40, le=40, description="decibels")
    say_voice: str | None = Field(None, description="voice of `say:`")
    say_language: str | None = Field(None, description="language of `say:`")
    say_gender: str | None = Field(None, description="gender of the voice of `say:`")
    max_digits: int = Field(1, ge=1, description="digits to collect at most")
    terminators: str | None = Field(None, description="digits that end the input")
    digit_timeout: float = Field(5, ge=0, description="seconds to wait for each next digit")
    initial_timeout: float = Field(5, ge=0, description="seconds to wait for the first input")
    speech_timeout: float | None = Field(None, ge=0, description="longest speech, in seconds")
    speech_end_timeout: float | None = Field(
        None, ge=0, description="seconds of silence that end the speech"
    )
    speech_language: str | None = Field(None, description="language to recognise")
    speech_hints: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="words to expect"
    )
    speech_engine: str | None = Field(None, description="speech recogniser to use")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec(
    "prompt", Prompt, Shorthand(scalar="play", sequence="play"), branch="prompt_value"
)
