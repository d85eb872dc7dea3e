"""Ports of test worlds: what one process has found no other finds, until the first has ended."""

import subprocess
import sys
from pathlib import Path

from worlds import ports

FINDER = "from worlds.ports import find_ports; print(*find_ports(2000), flush=True); input()"
WORLDS = Path(ports.__file__).parents[1]


def test_processes_share_no_ports() -> None:
    """Six times 2,000 of 19,200, none of them in use: by looking alone some are found twice."""
    finders = [
        subprocess.Popen(
            [sys.executable, "-c", FINDER],
            cwd=WORLDS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    found: list[str] = []
    for finder in finders:
        assert finder.stdout
        found += finder.stdout.readline().split()
    for finder in finders:
        finder.communicate("\n")
    assert len(found) == 12000
    assert len(set(found)) == len(found)
