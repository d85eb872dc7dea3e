"""`stop_tap`: end a tap (SWML reference, stop_tap)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class StopTap(Parameters):
    """End a tap."""

    control_id: str | None = Field(None, description="which one; the last started if not given")


SPEC = MethodSpec("stop_tap", StopTap, Shorthand(scalar="control_id"))

MISSING = "there is no tap yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
