"""A server in a process of its own that cannot accept: it has no descriptors left.

    python starving_server.py SIDE

It prints its port when it has none, and has some again after the first line of its input.
"""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

import gevent
import greenswitch_sides
from gevent.fileobject import FileObject


def main(side: str) -> None:
    """Starve, eat, and serve until the input ends."""
    with getattr(greenswitch_sides, side).server(lambda _: None) as (_, port):
        gevent.get_hub().threadpool.apply(len, ("",))  # what takes descriptors takes them now
        orders = FileObject(sys.stdin, "r")
        taken = take_all()
        print(port, flush=True)
        orders.readline()
        for descriptor in taken:
            os.close(descriptor)
        orders.readline()


def take_all() -> list[int]:
    """Every descriptor that is free below the highest in use, which becomes the last."""
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    taken: list[int] = []
    with suppress(OSError):
        while True:
            taken.append(os.dup(0))
    return taken


if __name__ == "__main__":
    main(sys.argv[1])
