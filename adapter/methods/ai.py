"""`ai`: an AI agent talks with the caller (SWML reference, ai). Known, but not performed here."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class Ai(Parameters):
    """Talk with an AI agent. Only the outer parameters are looked at."""

    prompt: Any = Field(None, description="what the agent is and does")
    post_prompt: Any = Field(None, description="what it does with the finished conversation")
    post_prompt_url: str | None = Field(None, description="where that is POSTed")
    post_prompt_auth_user: str | None = Field(None, description="user for post_prompt_url")
    post_prompt_auth_password: str | None = Field(None, description="password for it")
    global_data: Any = Field(None, description="data the agent knows")
    hints: Any = Field(None, description="words to expect")
    languages: Any = Field(None, description="languages and voices")
    multilingual: Any = Field(None, description="several languages at once")
    params: Any = Field(None, description="settings of the agent")
    pronounce: Any = Field(None, description="how words are said")
    SWAIG: Any = Field(None, description="functions the agent may call")


SPEC = MethodSpec(
    "ai",
    Ai,
    branch="return_value",
    verbatim=("SWAIG", "prompt", "post_prompt", "params"),
)

MISSING = "an AI agent needs speech recognition, a language model and a voice"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
