"""`stop_stream`: end a stream (SWML reference, stop_stream)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class StopStream(Parameters):
    """End a stream."""

    control_id: str | None = Field(None, description="which one; the last started if not given")


SPEC = MethodSpec("stop_stream", StopStream, Shorthand(scalar="control_id"))

MISSING = "there is no stream yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
