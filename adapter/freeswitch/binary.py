"""Find a FreeSWITCH on this machine, for the demo and the tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PLACES = (
    Path("/usr/local/freeswitch/bin/freeswitch"),
    Path("/opt/freeswitch/bin/freeswitch"),
    Path("/usr/bin/freeswitch"),
)


def find_freeswitch() -> Path | None:
    """The program: `FREESWITCH_BIN`, then the PATH, then where it is usually installed."""
    named = os.environ.get("FREESWITCH_BIN") or shutil.which("freeswitch")
    candidates = [Path(named)] if named else list(PLACES)
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def module_folder(binary: Path) -> Path:
    """Where its modules are (`lib/freeswitch/mod` or, before 1.6, `mod`, under its prefix)."""
    prefix = binary.resolve().parent.parent
    places = (prefix / "lib/freeswitch/mod", prefix / "mod")
    return next((place for place in places if place.is_dir()), places[0])
