"""`ai_sidecar`: an AI that listens and advises (SWML reference). Known, but not performed here."""

from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import ONE_OR_MANY, Parameters

Party = Literal["remote-caller", "local-caller"]


class AiSidecar(Parameters):
    """Let an AI follow the conversation. Only the outer parameters are looked at."""

    prompt: Any = Field(None, description="what it listens for and does")
    lang: str = Field(description="language of the conversation")
    model: str = Field("gpt-4o-mini", description="language model")
    direction: Annotated[list[Party], ONE_OR_MANY] = Field(
        ["remote-caller", "local-caller"], description="who is listened to"
    )
    customer_role: Party = Field("remote-caller", description="who the customer is")
    url: str | None = Field(None, description="where its events are POSTed")
    permissions: Any = Field(None, description="what it may do")
    global_data: Any = Field(None, description="data it knows")
    hints: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="words to expect")
    params: Any = Field(None, description="settings")
    action: Any = Field(None, description="stop, ask and so on, while it runs")
    SWAIG: Any = Field(None, description="functions it may call")


SPEC = MethodSpec("ai_sidecar", AiSidecar, verbatim=("SWAIG", "prompt", "params"))

MISSING = "an AI that listens needs live speech recognition and a language model"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
