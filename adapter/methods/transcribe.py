"""`transcribe`: write down the call in the background (SWML reference, transcribe)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class Transcribe(Parameters):
    """Start to write down what is said."""

    status_url: str | None = Field(None, description="where the text is POSTed")


SPEC = MethodSpec("transcribe", Transcribe, Shorthand(scalar="status_url"))
