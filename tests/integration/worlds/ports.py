"""Ports that nobody uses: below the range that the system hands out by itself.

Media ports are taken only while there are calls, so that looking does not tell whose they are:
each worker of pytest-xdist begins to look in a zone of its own.
"""

import os
import random
import socket

FIRST, ZONES, ZONE = 12000, 8, 2400
TRIES = 100


def find_ports(count: int) -> range:
    """`count` neighbouring ports, free for UDP and TCP on loopback; the first one is even."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for turn in range(ZONES):
        lowest = FIRST + (worker + turn) % ZONES * ZONE
        for _ in range(TRIES):
            first = random.randrange(lowest, lowest + ZONE - count, 2)
            ports = range(first, first + count)
            if all(_is_free(port) for port in ports):
                return ports
    raise RuntimeError(f"no {count} neighbouring ports are free from {FIRST} on")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            if kind is socket.SOCK_STREAM:  # what is left of old connections is in nobody's way
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
