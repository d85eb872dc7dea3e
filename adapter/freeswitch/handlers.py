"""Who hears which event on a call's connection: of the call itself, and of others that it watches.

Handlers run in the reader's greenlet, so they must not block; one that fails keeps no event from
the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context

import structlog

from adapter.freeswitch.wire import Event

log = structlog.get_logger()

Handler = Callable[[Event], None]


class Handlers:
    """Those of one connection."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Handler]] = defaultdict(list)
        self._watched: dict[str, Handler] = {}
        self._context: Context | None = None

    def on(self, event_name: str, handler: Handler) -> Callable[[], None]:
        """Tell it each such event; returns what takes it off again."""
        # One for all: they are a call's, which is what their lines of the log have to say.
        self._context = self._context or copy_context()
        handlers = self._by_name[event_name]
        handlers.append(handler)
        return lambda: handlers.remove(handler) if handler in handlers else None

    def watch(self, uuids: Iterable[str], names: Iterable[str], handler: Handler) -> None:
        """Tell it such events of these other calls, and nobody else any of theirs."""
        wanted = frozenset(names)
        self._context = self._context or copy_context()

        def hear(event: Event) -> None:
            if event.name in wanted:
                handler(event)

        self._watched |= dict.fromkeys(uuids, hear)

    def unwatch(self, uuid: str) -> None:
        """This other call is as any that we know nothing of."""
        del self._watched[uuid]

    def tell_watcher(self, event: Event) -> bool:
        """Whether the event is of a call that is watched: then its handler has it."""
        watcher = self._watched.get(event.get("Unique-ID")) if self._watched else None
        if watcher is None:
            return False
        self._run(watcher, event)
        return True

    def tell(self, event: Event) -> None:
        """Tell those who want such events."""
        for handler in tuple(self._by_name.get(event.name, ())):
            self._run(handler, event)

    def _run(self, handler: Handler, event: Event) -> None:
        if self._context is not None:
            self._context.run(guarded, event.name, handler, event)

    def clear(self) -> None:
        """Nobody hears anything any more."""
        self._by_name.clear()
        self._watched.clear()


def guarded(event_name: str, handler: Callable[..., None], *arguments: Event) -> None:
    """One handler's fault is no reason to keep an event from the others."""
    try:
        handler(*arguments)
    except Exception:
        log.exception("handling an event failed", event_name=event_name)
