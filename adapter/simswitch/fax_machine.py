"""The fax machine that a call is while a fax application runs: what the other end sees of it."""

from dataclasses import dataclass

DEFAULT_IDENT = "SpanDSP Fax Ident"


@dataclass(slots=True)
class FaxMachine:
    """`kind` is `rx` or `tx`, `path` the TIFF that it writes or sends."""

    kind: str
    path: str
    ident: str = DEFAULT_IDENT
    pages: int = 0
    stopped: bool = False
