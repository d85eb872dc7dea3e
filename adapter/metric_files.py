"""Files in which the workers of one `serve` count, so that any of them tells the numbers of all.

This is prometheus_client's multiprocess mode. A file belongs to a worker's number and not to its
process: whoever replaces a dead worker counts on, and no counter ever falls.
"""

import os
import shutil
import tempfile
from pathlib import Path

from prometheus_client import CollectorRegistry, multiprocess, values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment of a worker: the folder, by prometheus_client's own name for it."""

WORKER = "PROMETHEUS_MULTIPROC_WORKER"
"""Environment of a worker: its number."""

MEMORY = "/dev/shm"  # noqa: S108 - a folder that mkdtemp makes there is ours alone
"""Where the folder is best: a full disk under a mapped file would kill whoever counts (SIGBUS)."""


def use() -> None:
    """Count into a worker's files, if this is one. A process that it starts is none."""
    number = os.environ.pop(WORKER, None)
    values.ValueClass = (
        values.MutexValue
        if number is None
        else values.MultiProcessValue(process_identifier=lambda: number)  # type: ignore[no-untyped-call]
    )


def joined() -> CollectorRegistry | None:
    """The numbers of all workers; None where there is only this process."""
    if FOLDER not in os.environ:
        return None
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def remove_abandoned() -> None:
    """Delete the folder of a parent that was killed."""
    if FOLDER in os.environ:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


class MetricsFolder:
    """The folder; it belongs to the workers' parent."""

    def __init__(self) -> None:
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.path = Path(tempfile.mkdtemp(prefix="swml-metrics-", dir=memory))

    def environment(self, worker: int) -> dict[str, str]:
        """What a worker's process is told."""
        return {**os.environ, FOLDER: str(self.path), WORKER: str(worker)}

    def worker_died(self, worker: int) -> None:
        """Forget what it had at that moment; what it has counted stays."""
        multiprocess.mark_process_dead(worker, str(self.path))  # type: ignore[no-untyped-call]

    def remove(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
