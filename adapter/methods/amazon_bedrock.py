"""`amazon_bedrock`: an AI agent of Amazon's (SWML reference). Known, but not performed here."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class AmazonBedrock(Parameters):
    """Talk with an AI agent. Only the outer parameters are looked at."""

    prompt: Any = Field(description="what the agent is and does")
    post_prompt: Any = Field(None, description="what it does with the finished conversation")
    post_prompt_url: str | None = Field(None, description="where that is POSTed")
    global_data: Any = Field(None, description="data the agent knows")
    params: Any = Field(None, description="settings of the agent")
    voice_id: str | None = Field(None, description="voice of the agent")
    SWAIG: Any = Field(None, description="functions the agent may call")


SPEC = MethodSpec(
    "amazon_bedrock",
    AmazonBedrock,
    branch="return_value",
    verbatim=("SWAIG", "prompt", "post_prompt", "params"),
)

MISSING = "an AI agent needs speech recognition, a language model and a voice"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
