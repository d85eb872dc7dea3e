"""Ports that nobody uses: below the range that the system hands out by itself.

Whoever finds ports has them until its process ends, however many processes look at the same time:
a byte of one file stands for each port, and is locked (the system unlocks it when the process is
gone). Locks do not show what other programs use, so that each port is tried as well.
"""

import fcntl
import functools
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import BinaryIO

FIRST, LAST = 12000, 31200
TRIES = 2000

_taken: set[int] = set()
"""By this process, to which its own locks look free."""


def find_ports(count: int) -> range:
    """`count` neighbouring ports, free for UDP and TCP on loopback; the first one is even."""
    for _ in range(TRIES):
        first = random.randrange(FIRST, LAST - count, 2)
        ports = range(first, first + count)
        if _taken.isdisjoint(ports) and _lock(ports):
            _taken.update(ports)  # also those in use: somebody else's
            if all(_is_free(port) for port in ports):
                return ports
    raise RuntimeError(f"no {count} neighbouring ports are free from {FIRST} on")


def _lock(ports: range) -> bool:
    try:
        fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, len(ports), ports[0])
    except BlockingIOError:
        return False
    return True


@functools.cache
def _file() -> BinaryIO:
    """Open as long as the process lives: closing any file of that name would unlock all of it."""
    return (Path(tempfile.gettempdir()) / f"swml-tests-ports-{os.getuid()}").open("ab")


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
