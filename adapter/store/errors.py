"""Errors of the store, told as what to do next."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError


class StoreError(Exception):
    """The store could not do what was asked. The message says what to do."""


class StoreTimeoutError(StoreError):
    """The store did not answer in time.

    A commit that was already running may still succeed: commit the same writes again, they are
    safe to repeat.
    """


class DamagedError(StoreError):
    """The file is damaged: what it still takes may be lost with it."""


class RowRefusedError(StoreError):
    """The row itself cannot be stored, however often it is tried."""


# The databases' own words (SQLite: sqlite3.c, sqlite3ErrStr; PostgreSQL: libpq, sources of the
# server) and what helps.
_ADVICE = (
    ("disk is full", "free space on its disk"),
    ("disk i/o error", "check the disk (dmesg) and the mount"),
    ("readonly", "make the file and its folder writable for this user"),
    ("unable to open", "check that the folder exists and is writable for this user"),
    (
        "locked",
        "another process writes for too long: the workers of one machine may share a SQLite file, "
        "but several machines need PostgreSQL (setting database_url)",
    ),
    (
        "malformed",
        "the file is damaged: stop the adapter, keep a copy, and restore a backup "
        "or run `sqlite3 FILE .recover`",
    ),
    ("not a database", "the file is not a store: name another one, or move it away"),
    ("connection failed", "check that the database runs, and the setting database_url"),
    ("connection to server", "check that the database runs, and the setting database_url"),
    ("read-only", "name the primary server in the setting database_url"),
    ("lock timeout", "another session holds a lock for too long: see pg_stat_activity"),
    ("no space left", "free space on the database's disk"),
)

_DAMAGED = ("malformed", "not a database")

# PostgreSQL: a missing table or right, say, and no fault of the row.
_NOT_AS_IT_SHOULD_BE = "42"

# PostgreSQL: a deadlock or a conflict of transactions, of which one has to be repeated.
_CONFLICTS = frozenset({"40P01", "40001"})


def explain(error: Exception, where: str) -> StoreError:
    """Turn a database error into a StoreError; parameters and credentials are left out."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # PostgreSQL quotes the whole row from the second line on.
    text = next(iter(str(cause).strip().splitlines()), "") or type(cause).__name__
    advice = next((help_ for word, help_ in _ADVICE if word in text.lower()), None)
    if advice is None and isinstance(error, OSError):
        advice = "name a file in a folder where this user can write"
    kind = RowRefusedError if concerns_one_row(error) else StoreError
    if any(word in text.lower() for word in _DAMAGED):
        kind = DamagedError
    return kind(f"store {where}: {text}" + (f" ({advice})" if advice else ""))


def concerns_one_row(error: BaseException) -> bool:
    """Whether the values of a row are at fault, and not the database, disk or connection."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        if was_broken_off(error) or state.startswith(_NOT_AS_IT_SHOULD_BE):
            return False
        names = {kind.__name__ for kind in type(error.orig).__mro__}
        return bool(names & {"IntegrityError", "DataError", "InterfaceError", "ProgrammingError"})
    if isinstance(error, StatementError):  # what a value could not be made into
        return error.orig is not None and concerns_one_row(error.orig)
    return isinstance(error, Exception) and not isinstance(error, (SQLAlchemyError, OSError))


def was_broken_off(error: DBAPIError) -> bool:
    """Whether the connection was lost or another transaction in the way: it may be repeated."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _CONFLICTS
