"""One database connection in one native thread, so that a slow disk never stops the hub.

Rules: the connection is opened, used and closed in its thread only. A task gets the connection
and leaves no transaction open. Callers are greenlets of one hub; each waits for `deadline`
seconds at most.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import gevent
import sqlalchemy as sa
from gevent.lock import Semaphore
from gevent.threadpool import ThreadPool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from adapter.store.errors import StoreError, StoreTimeoutError, explain, was_broken_off

T = TypeVar("T")
Outcome = tuple[T, None] | tuple[None, Exception]

# Of the callers' deadline, what the database waits for another process's transaction: less than
# all, so that they hear "locked" and not only "no answer".
_BUSY_SHARE = 0.6

# By what a URL begins with; `postgres` is what many hosts print.
_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}

_SQLITE_SETTINGS = (
    "PRAGMA journal_mode=WAL",  # readers and the writer do not wait for each other
    "PRAGMA synchronous=NORMAL",  # a killed process loses nothing; one fsync per checkpoint
    "PRAGMA cache_size=-1024",  # 1 MiB: the hot end of each index stays in memory
)


class Lane:
    """A thread with a connection. `where` names the database in messages, without password."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = _checked(url)
        self._deadline = deadline
        self.where = self._url.set(query={}).render_as_string(hide_password=True)
        self._pool = ThreadPool(1)
        self._turn = Semaphore(1)
        self._connection: sa.Connection | None = None

    def open(self) -> None:
        """Connect; raise StoreError if the database cannot be opened."""
        self._call(self._open)

    def run(self, task: Callable[[sa.Connection], T]) -> T:
        """Run `task` in the lane's thread; raise StoreTimeoutError after the deadline."""
        return self._call(lambda: task(self._opened()))

    def run_to_end(self, task: Callable[[sa.Connection], T]) -> T:
        """Run `task` however long it takes: for an owner whose own callers have deadlines."""
        outcome: Outcome[T] = self._pool.spawn(_caught, lambda: task(self._opened())).get()
        return self._answer(outcome)

    def close(self) -> None:
        """Close the connection and end the thread."""
        try:
            self._call(self._close)
        finally:
            # A thread that hangs in the disk is left behind; it does not keep the process alive.
            with gevent.Timeout(self._deadline, False):
                self._pool.kill()

    def _call(self, function: Callable[[], T]) -> T:
        end = time.monotonic() + self._deadline
        # The pool itself would let a caller wait without end behind a task that hangs.
        if not self._turn.acquire(timeout=self._deadline):
            raise self._late()
        done = self._pool.spawn(_caught, function)
        done.rawlink(lambda _: self._turn.release())
        done.wait(max(0.0, end - time.monotonic()))
        if not done.ready():
            raise self._late()
        outcome: Outcome[T] = done.get()
        return self._answer(outcome)

    def _late(self) -> StoreTimeoutError:
        return StoreTimeoutError(
            f"store {self.where}: no answer for {self._deadline:g} s: check the disk and what "
            "else uses the database (setting deadlines.store)"
        )

    def _answer(self, outcome: Outcome[T]) -> T:
        answer, error = outcome
        if isinstance(error, DBAPIError | OSError):
            raise explain(error, self.where) from error
        if error is not None:
            raise error
        return cast(T, answer)

    def _opened(self) -> sa.Connection:
        if self._connection is None:
            raise StoreError(f"store {self.where} is closed")
        return self._connection

    def _open(self) -> None:
        engine = _engine(self._url, self._deadline)
        if engine.dialect.name == "sqlite":
            _make_private(Path(self._url.database or ""))
        self._connection = engine.connect()
        if engine.dialect.name == "sqlite":
            busy = int(self._deadline * _BUSY_SHARE * 1000)
            for setting in (f"PRAGMA busy_timeout={busy}", *_SQLITE_SETTINGS):
                self._connection.exec_driver_sql(setting)
            self._connection.commit()

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


def _caught(function: Callable[[], T]) -> Outcome[T]:
    # The pool prints an error that leaves a task; it is the waiting greenlet's to handle.
    try:
        return function(), None
    except Exception as error:
        return None, error


def again_if_lost(transaction: Callable[[], T]) -> T:
    """Run a transaction that may be repeated; once more if the database broke it off by itself.

    After a restart of PostgreSQL nobody then hears of the connection that was lost.
    """
    try:
        return transaction()
    except DBAPIError as error:
        if not was_broken_off(error):
            raise
        return transaction()


def _checked(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        # The error's own text may quote a password.
        raise StoreError(
            "the store's URL must look like sqlite:////path/adapter.db or "
            "postgresql://user:password@host/name"
        ) from error
    kind = parsed.get_backend_name()
    if kind not in _DRIVERS:
        raise StoreError(f"a store on {kind} is not supported: use SQLite or PostgreSQL")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError(
            "a store in memory would lose recordings: name a file, sqlite:////path/adapter.db"
        )
    return parsed.set(drivername=_DRIVERS[kind])


def _engine(url: sa.URL, deadline: float) -> sa.Engine:
    arguments = {} if url.get_backend_name() == "sqlite" else _postgresql_settings(url, deadline)
    try:
        return sa.create_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args=arguments
        )
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs its driver: pip install 'swml-freeswitch[postgresql]'"
        ) from error


def _postgresql_settings(url: sa.URL, deadline: float) -> dict[str, Any]:
    """What libpq and the server are asked for, where the URL does not say it itself."""
    milliseconds = int(deadline * 1000)
    limits = {"statement_timeout": milliseconds, "lock_timeout": int(milliseconds * _BUSY_SHARE)}
    settings = {
        "application_name": "swml-adapter",
        "connect_timeout": max(2, int(deadline)),  # libpq takes no less
        "tcp_user_timeout": milliseconds,  # a server that has vanished answers nothing
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return {name: value for name, value in settings.items() if name not in url.query}


def _make_private(path: Path) -> None:
    # Callback addresses may hold passwords; SQLite gives its -wal and -shm files the same mode.
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
