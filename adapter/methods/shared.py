"""What the methods of all calls of a process share."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from adapter.callbacks.outbox import Outbox
from adapter.conferences.conferences import Conferences
from adapter.connecting.talk import Talks
from adapter.freeswitch.dial_strings import Outlet
from adapter.media import Media
from adapter.queues.queues import Queues
from adapter.store.held import HeldWrites


@dataclass(frozen=True, slots=True)
class Shared:
    """Made once, when the process starts."""

    outbox: Outbox
    held: HeldWrites
    web: requests.Session
    """Reaches servers outside, but none that the settings deny."""

    media: Media
    conferences: Conferences
    queues: Queues
    outlet: Outlet
    talks: Talks
    """Where who talks by a connect is known to those who command them."""
