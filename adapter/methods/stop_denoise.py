"""`stop_denoise`: end noise suppression (SWML reference, stop_denoise)."""

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class StopDenoise(Parameters):
    """End noise suppression."""


SPEC = MethodSpec("stop_denoise", StopDenoise)
