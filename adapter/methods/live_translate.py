"""`live_translate`: the call in another language while it goes on (SWML reference)."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class LiveTranslate(Parameters):
    """Start, stop, sum up or speak into a live translation."""

    action: str | dict[str, Any] = Field(
        description="{start: …}, stop, summarize, {summarize: …}, {inject: …}"
    )


SPEC = MethodSpec("live_translate", LiveTranslate, Shorthand(scalar="action"))

MISSING = "live translation needs a recogniser, a translator and voices"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
