"""Who may hear of a call: listeners by the calls that their filters name, so that an event of one
call is not offered to the thousand others."""

from collections import defaultdict
from collections.abc import Iterator

from adapter.simswitch.peer import Peer


class Audience:
    """All listeners that have asked for events."""

    def __init__(self) -> None:
        self._of_calls: defaultdict[str, list[Peer]] = defaultdict(list)
        self._of_all: list[Peer] = []

    def changed(self, peer: Peer) -> None:
        """What a listener wants to hear is another matter now."""
        self.left(peer)
        subscription = peer.subscription
        if not subscription.enabled:
            return
        if (calls := subscription.calls) is None:
            self._of_all.append(peer)
        for uuid in calls or ():
            self._of_calls[uuid].append(peer)

    def left(self, peer: Peer) -> None:
        """A listener hears nothing more."""
        if peer in self._of_all:
            self._of_all.remove(peer)
        for uuid in peer.subscription.named:
            if peer in (found := self._of_calls.get(uuid, [])):
                found.remove(peer)
            if uuid in self._of_calls and not self._of_calls[uuid]:
                del self._of_calls[uuid]

    def of(self, uuid: str) -> Iterator[Peer]:
        """Who may want an event of this call; a listener's own list and filters decide."""
        yield from tuple(self._of_calls.get(uuid, ()))
        yield from tuple(self._of_all)

    def everybody(self) -> set[Peer]:
        """All of them."""
        return {*self._of_all, *(one for group in self._of_calls.values() for one in group)}
