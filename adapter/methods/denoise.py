"""`denoise`: take noise out of what the caller says (SWML reference, denoise)."""

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class Denoise(Parameters):
    """Start noise suppression."""


SPEC = MethodSpec("denoise", Denoise)
