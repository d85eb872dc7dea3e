"""Who may hear of a call: listeners by the calls that their filters name, so that an event of one
call is not offered to the thousand others."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.simswitch.connection import Connection


class Audience:
    """All listeners that have asked for events."""

    def __init__(self) -> None:
        self._of_calls: defaultdict[str, list[Connection]] = defaultdict(list)
        self._of_all: list[Connection] = []

    def changed(self, connection: "Connection") -> None:
        """What a listener wants to hear is another matter now."""
        self.left(connection)
        subscription = connection.subscription
        if not subscription.enabled:
            return
        if (calls := subscription.calls) is None:
            self._of_all.append(connection)
        for uuid in calls or ():
            self._of_calls[uuid].append(connection)

    def left(self, connection: "Connection") -> None:
        """A listener hears nothing more."""
        if connection in self._of_all:
            self._of_all.remove(connection)
        for uuid in connection.subscription.named:
            if connection in (found := self._of_calls.get(uuid, [])):
                found.remove(connection)
            if uuid in self._of_calls and not self._of_calls[uuid]:
                del self._of_calls[uuid]

    def of(self, uuid: str) -> Iterator["Connection"]:
        """Who may want an event of this call; a listener's own list and filters decide."""
        yield from tuple(self._of_calls.get(uuid, ()))
        yield from tuple(self._of_all)

    def everybody(self) -> set["Connection"]:
        """All of them."""
        return {*self._of_all, *(one for group in self._of_calls.values() for one in group)}
