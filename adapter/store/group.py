"""Group commit: what many greenlets want written goes into one transaction.

While one batch is in the writer's thread, new jobs gather; they are the next batch. So under load
the cost of a transaction is shared, and a lone commit does not wait for company. If a batch fails
because of one row, its jobs are run again one by one and only the guilty one hears of it. A full
disk or a lock fails the whole batch at once: each further try would only wait for the same thing.
"""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

import gevent
import sqlalchemy as sa
import structlog
from gevent.event import AsyncResult, Event

from adapter import patience
from adapter.metrics import COMMIT_SECONDS
from adapter.store.errors import StoreError, StoreTimeoutError, concerns_one_row, explain
from adapter.store.lane import Lane, again_if_lost
from adapter.store.statements import Statements
from adapter.store.writes import Values, Write

log = structlog.get_logger()

# A batch holds the writer's thread for some milliseconds, not longer: 500 jobs take about 15 ms.
MAX_BATCH = 500

# After a batch of several jobs there is load: more gather, for so many times as long as the batch
# took, and share what each batch costs besides its rows: some 0.9 ms of processor time. Who commits
# alone does not wait for company.
GATHER = 4
MOST_GATHER_SECONDS = 0.025

Task = Callable[[sa.Connection], Any]
Committed = Callable[[Sequence[Write]], None]


class Job:
    """One caller's writes, or a task with an answer, that become true together or not at all."""

    __slots__ = ("done", "rows", "task", "writes")

    def __init__(self, writes: Sequence[Write] = (), task: Task | None = None) -> None:
        self.writes = writes
        self.rows: list[tuple[str, Values]] = [(w.statement, w.values()) for w in writes]
        self.task = task
        self.done = AsyncResult()


class GroupCommitter:
    """Owns the writing greenlet. `on_committed` runs in it, after a batch is safely stored."""

    def __init__(self, lane: Lane, statements: Statements, on_committed: Committed) -> None:
        self._lane = lane
        self._statements = statements
        self._on_committed = on_committed
        self._waiting: list[Job] = []
        self._wake = Event()
        self._closing = False
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.name = "store-group-commit"
        self.fault: str | None = None

    def submit(self, job: Job, deadline: float) -> Any:
        """Wait until the job is committed and return its task's answer; raise StoreError."""
        if self._closing:
            raise StoreError(f"store {self._lane.where} is closed")
        self._waiting.append(job)
        self._wake.set()
        if not patience.wait(job.done, deadline):
            self._give_up(job, deadline)
        return job.done.get()

    def close(self, deadline: float) -> None:
        """Commit what waits, then end the greenlet."""
        self._closing = True
        self._wake.set()
        self._greenlet.join(deadline)

    def _give_up(self, job: Job, deadline: float) -> None:
        outcome = "it may still be written"
        if job in self._waiting:
            self._waiting.remove(job)
            outcome = "nothing was written"
        self.fault = f"no commit for {deadline:g} s"
        raise StoreTimeoutError(
            f"store {self._lane.where}: not committed within {deadline:g} s, {outcome}: check the "
            "disk and what else uses the database (setting deadlines.store), then commit again"
        )

    def _run(self) -> None:
        while not (self._closing and not self._waiting):
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                began = perf_counter()
                self._commit(batch)
                if len(batch) > 1:
                    gevent.sleep(min(GATHER * (perf_counter() - began), MOST_GATHER_SECONDS))

    def _commit(self, batch: list[Job]) -> None:
        try:
            with COMMIT_SECONDS.time():
                outcomes = self._lane.run_to_end(lambda lane: self._write(lane, batch))
        except Exception as error:
            log.exception("store batch failed")
            outcomes = [explain(error, self._lane.where)] * len(batch)
        committed: list[Write] = []
        for job, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                job.done.set_exception(outcome)
            else:
                job.done.set(outcome)
                committed.extend(job.writes)
        self._announce(committed)

    def _announce(self, committed: list[Write]) -> None:
        try:
            self._on_committed(committed)
        except Exception:
            log.exception("store listener failed")

    def _write(self, connection: sa.Connection, batch: list[Job]) -> list[Any]:
        """In the writer's thread: an answer or a StoreError for each job."""
        try:
            answers = again_if_lost(lambda: self._transaction(connection, batch))
        except Exception as error:
            if len(batch) > 1 and concerns_one_row(error):
                return [answer for job in batch for answer in self._write(connection, [job])]
            fault = explain(error, self._lane.where)
            if not concerns_one_row(error):
                self.fault = str(fault)
            return [fault] * len(batch)
        self.fault = None
        return answers

    def _transaction(self, connection: sa.Connection, batch: list[Job]) -> list[Any]:
        try:
            for name, rows in self._by_statement(job.rows for job in batch).items():
                for statement in self._statements[name]:
                    statement.run(connection, rows)
            answers = [job.task(connection) if job.task else None for job in batch]
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        return answers

    def _by_statement(self, jobs: Iterable[list[tuple[str, Values]]]) -> dict[str, list[Values]]:
        groups: dict[str, list[Values]] = {name: [] for name in self._statements}
        for rows in jobs:
            for name, values in rows:
                groups[name].append(values)
        return {name: rows for name, rows in groups.items() if rows}
