"""Limits of a running script. Each stops one way of keeping a call or the process busy for ever."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one call's script may do.

    Passing one ends the script, with the code in brackets, except where it says otherwise.
    """

    transfers: int = 32
    """Transfers and remote executes a call (too_many_transfers); the specification's number."""
    jumps: int = 100
    """The most that `goto.max` can ask for; after it the goto falls through."""
    depth: int = 100
    """Executes inside executes (nested_too_deep). The specification names no number; a menu that
    executes `main` again goes one deeper with every choice of the caller."""
    steps: int = 100_000
    """Steps a call (internal_error). A long day of menus takes a few thousand."""
    burst: int = 500
    """Steps without an effect before a `yield` effect lets other calls run: a few milliseconds."""
    step_size: int = 1_000
    """Characters and elements of values that count as one more step."""
    value_size: int = 262_144
    """Characters and elements of one value. A longer one becomes the empty string, with a warning
    (internal_error): four responses of the largest size that `request` keeps."""
    variables_size: int = 1_048_576
    """The same for all of `vars` together: they are saved with each effect, in which some
    milliseconds pass for everybody."""
    expression_size: int = 524_288
    """The same for the variables that one expression uses (js_eval_error)."""
    warnings: int = 100
    """Warnings kept until they are taken; later ones are dropped."""
