"""Ports of test worlds: what one process has found no other finds, until the first has ended."""

import subprocess
import sys
from pathlib import Path

from worlds import ports

FINDER = """
from worlds import ports
ports.FIRST, ports.LAST = 31200, 32700  # where no other test looks
print(*(port for _ in range(10) for port in ports.find_ports(4)), flush=True)
input()
"""
WORLDS = Path(ports.__file__).parents[1]


def test_processes_share_no_ports() -> None:
    """None of them is in use: by looking alone some are found twice."""
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
    assert len(found) == 6 * 40
    assert len(set(found)) == len(found)
