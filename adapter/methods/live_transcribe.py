"""`live_transcribe`: text of the call while it goes on (SWML reference, live_transcribe)."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class LiveTranscribe(Parameters):
    """Start, stop or sum up a live transcription."""

    action: str | dict[str, Any] = Field(description="{start: …}, stop, summarize, {summarize: …}")


SPEC = MethodSpec("live_transcribe", LiveTranscribe, Shorthand(scalar="action"))

MISSING = "live text needs a recogniser that is fed while the call goes on"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
