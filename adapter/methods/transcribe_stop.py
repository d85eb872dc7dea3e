"""`transcribe_stop`: end the writing down (SWML reference, transcribe_stop)."""

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class TranscribeStop(Parameters):
    """End the writing down of what is said."""


SPEC = MethodSpec("transcribe_stop", TranscribeStop, aliases=("stop_transcribe",))
