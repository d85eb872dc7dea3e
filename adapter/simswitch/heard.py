"""What a caller heard, as tests ask for it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Heard:
    """Something the party heard: `at` seconds after the call began, for `ms`.

    kind: tone, silence, speech or file; what: the name or text that was asked for.
    """

    at: float
    kind: str
    what: str
    ms: float = 0.0
    running: bool = True
    so_far: Callable[[], float] | None = None
    """Milliseconds of what still runs; it may have stood still."""

    def as_data(self, now: float) -> dict[str, Any]:
        """As plain data; `now` in seconds since the call began, for what still runs."""
        ms = round(1000 * (now - self.at)) if self.running else self.ms
        if self.running and self.so_far is not None:
            ms = self.so_far()
        data = {"at": round(self.at, 3), "kind": self.kind, "what": self.what, "ms": ms}
        return {**data, "running": self.running}
