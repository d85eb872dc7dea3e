"""Limits of JavaScript evaluation. An expression comes from a document, so it may be hostile."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What one expression may use, and how many helpers there may be."""

    seconds: float = 0.150
    """Processor time of one evaluation; the specification's number. Then its helper is killed."""
    memory: int = 33_554_432
    """Bytes of JavaScript values in a helper."""
    result: int = 262_144
    """Bytes of a result as JSON."""
    request: int = 1_048_576
    """Bytes of an expression with the values of its names, as JSON: writing them takes some
    milliseconds, in which nothing else is done."""
    nearby: int = 1_000_000
    """Work up to which an expression is evaluated in our own process, in characters read: some
    milliseconds at most. 0: never."""
    helpers: int = 8
    """Evaluations at the same time, each with a process of 3.5 MB (and 7 MB shared) of its own.
    Those that turn out to be slow are not counted."""
    slow: int = 8
    """Slow evaluations at the same time, beside the others; one more ends the oldest."""
    heavy: int = 2
    """Evaluations at the same time of expressions that were slow before."""
    idle: float = 60.0
    """Seconds after which helpers that nobody needed, beyond the two kept, are let go."""
    start: float = 5.0
    """Seconds that a helper may take to start on a busy machine."""
    wait: float = 2.0
    """Seconds that an evaluation may wait for a helper when all are busy."""
