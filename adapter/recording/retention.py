"""What is deleted by itself: recordings that are too old or too many, rows of what is long over.

Of the settings `retention`, in this order, and each the oldest recording first:

1. `days`: a format's own, or those for all;
2. `bytes` of a format;
3. `bytes` of all.

Never a recording that runs, nor one with a callback that is still to be sent (its link would be
dead on arrival), nor a file that has just been written to, whatever its row says.

The file goes first, then the row says so. Should we die in between, the next sweep meets a row
without a file and only has to say so. From then on its download answers 410.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import gevent
import structlog

from adapter import metrics
from adapter.store.errors import StoreError
from adapter.store.rows import Recording, Removable
from adapter.store.writes import DeleteRecording

if TYPE_CHECKING:
    from adapter.config import Retention as Rules
    from adapter.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

DAY = 86_400.0

SWEEP_SECONDS = 300.0
"""How often recordings are looked at: a disk does not fill in less, and a look costs a query."""

FORGET_SECONDS = 3600.0
"""How often rows are forgotten; nobody waits for that."""

MOST_AT_ONCE = 10_000
"""Recordings chosen at a time, so that memory is bounded however many there are."""

PAGE = 200
"""Recordings read at a time."""

MOST_FAILURES = 10
"""Files that cannot be deleted, after which a sweep ends: it is the folder's fault by then."""

QUIET_SECONDS = 60.0
"""A file that changed within this time may still be written: a switch that did not answer in time
may record all the same."""

SOUNDS = "sounds"
"""Beside the recordings: what was fetched to be played. It is fetched anew each time."""


class Rule(StrEnum):
    """Why a recording is deleted."""

    DAYS = auto()
    BYTES = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """A recording to delete; `size` is what its file takes now, 0 if there is none."""

    recording: Recording
    rule: Rule
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    """How many recordings were deleted, and how many bytes that freed."""

    count: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Pass:
    """One rule at work; without a limit, all that it wants goes."""

    wanted: Removable
    rule: Rule
    limit: int | None = None

    def is_done(self, kept: dict[str, int]) -> bool:
        if self.limit is None:
            return False
        formats = kept if self.wanted.format is None else [self.wanted.format]
        return sum(kept.get(name, 0) for name in formats) <= self.limit


class Retention:
    """Deletes by the rules: once by `sweep` and `forget`, or again and again after `start`."""

    def __init__(
        self, store: Store, folder: Path, rules: Rules, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._folder = folder
        self._rules = rules
        self._clock = clock
        self._forget_at = 0.0
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to sweep now and then."""
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.name = "retention"

    def stop(self) -> None:
        """End; a recording that was just being deleted is met again by the next sweep."""
        if self._greenlet is not None:
            self._greenlet.kill()

    @property
    def is_limited(self) -> bool:
        """Whether any rule can ever delete a recording."""
        return any(True for _ in self._passes())

    def choose(self) -> Iterator[Choice]:
        """What the rules would delete now, while nothing is deleted. Raises StoreError."""
        gone: set[str] = set()
        passes = list(self._passes())
        counted = any(one.limit is not None for one in passes)
        kept = self._store.kept_bytes() if counted else {}
        for one in passes:
            for row in self._removable(one.wanted):
                if one.is_done(kept):
                    break
                size = None if row.id in gone else self._size(row)
                if size is None:
                    continue
                gone.add(row.id)
                kept[row.format] = kept.get(row.format, 0) - (row.size or 0)
                yield Choice(row, one.rule, size)

    def sweep(self) -> Swept:
        """Delete what the rules say. Raises StoreError; what was deleted until then is deleted."""
        total = part = self._sweep_part()
        while part.count >= MOST_AT_ONCE:
            part = self._sweep_part()
            total = Swept(total.count + part.count, total.size + part.size)
        return total

    def forget(self) -> int:
        """Delete the rows of what is long over, and sounds nobody hears; returns the rows' number.

        Raises StoreError.
        """
        now = self._clock()
        count = self._store.forget(now - self._rules.keep_history_days * DAY)
        count += self._store.forget_call_logs(now - self._rules.keep_call_logs_days * DAY)
        if self._rules.keep_rows_days is not None:
            count += self._store.forget_recordings(now - self._rules.keep_rows_days * DAY)
        _in_thread(_delete_old_files, self._folder / SOUNDS, now - DAY)
        return count

    def _run(self) -> None:
        while True:
            gevent.sleep(SWEEP_SECONDS)
            try:
                self.sweep()
                self._forget_if_due()
            except StoreError as error:
                log.warning("retention waits for the store", reason=str(error))
            except Exception:
                log.exception("retention failed inside the adapter")

    def _forget_if_due(self) -> None:
        if self._clock() >= self._forget_at:
            self._forget_at = self._clock() + FORGET_SECONDS
            if count := self.forget():
                log.info("store forgot what is over", rows=count)

    # -- which -----------------------------------------------------------------------------------

    def _passes(self) -> Iterator[_Pass]:
        rules, now = self._rules, self._clock()
        formats = [
            (name, getattr(rules.by_format, name)) for name in type(rules.by_format).model_fields
        ]
        for name, own in formats:
            if days := own.days or rules.days:
                yield _Pass(Removable(format=name, ended_before=now - days * DAY), Rule.DAYS)
        for name, own in formats:
            if own.bytes is not None:
                yield _Pass(Removable(format=name), Rule.BYTES, own.bytes)
        if rules.bytes is not None:
            yield _Pass(Removable(), Rule.BYTES, rules.bytes)

    def _removable(self, wanted: Removable) -> Iterator[Recording]:
        after = (0.0, "")
        while rows := self._store.removable_recordings(wanted, limit=PAGE, after=after):
            yield from rows
            after = (rows[-1].ended_at or 0.0, rows[-1].id)

    def _size(self, row: Recording) -> int | None:
        """What its file takes; None if it may still be written."""
        return _in_thread(_size_if_quiet, self._folder / row.path, self._clock() - QUIET_SECONDS)

    # -- deleting --------------------------------------------------------------------------------

    def _sweep_part(self) -> Swept:
        count = size = failures = 0
        for choice in islice(self.choose(), MOST_AT_ONCE):
            if self._delete(choice):
                count, size = count + 1, size + choice.size
            else:
                failures += 1
            if failures >= MOST_FAILURES:
                break
        return Swept(count, size)

    def _delete(self, choice: Choice) -> bool:
        row = choice.recording
        told = log.bind(recording_id=row.id, call_id=row.call_id, rule=choice.rule)
        try:
            delete(self._store, self._folder, row, self._clock())
        except OSError as error:
            told.error("recording cannot be deleted", path=row.path, reason=error.strerror)
            return False
        metrics.counter(metrics.RECORDINGS_DELETED, choice.rule).inc()
        metrics.RECORDINGS_DELETED_BYTES.inc(choice.size)
        told.info("recording deleted", size=choice.size, ended_at=row.ended_at)
        return True


def delete(store: Store, folder: Path, row: Recording, now: float) -> None:
    """Delete the file, if it is there, then let the row say so. Raises OSError and StoreError."""
    _in_thread((folder / row.path).unlink, missing_ok=True)
    store.commit(DeleteRecording(row.id, now))


def _in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Deleting a long file may take the disk a second: only this greenlet may wait for it."""
    result: T = gevent.get_hub().threadpool.apply(call, args, kwargs)
    return result


def _size_if_quiet(path: Path, since: float) -> int | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return 0
    except OSError:
        return None
    return None if facts.st_mtime > since else facts.st_size


def _delete_old_files(folder: Path, before: float) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()
        except OSError as error:
            log.warning("a fetched sound cannot be deleted", path=str(path), reason=error.strerror)
