"""The two callbacks of the benchmark's call, as the applications beside the adapter store them.

In SQLite, each committed when it happens and as safe as the adapter's own: a write-ahead log,
synchronised at its checkpoints. Nothing is delivered.
"""

import json
import sqlite3
import time
import uuid
from pathlib import Path

DATABASE = "told.db"


class Told:
    """The store of one application."""

    def __init__(self, folder: Path) -> None:
        self._store = sqlite3.connect(folder / DATABASE, isolation_level=None)
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=NORMAL")
        self._store.execute(
            "CREATE TABLE callbacks (id TEXT PRIMARY KEY, call_id TEXT, state TEXT, body TEXT)"
        )

    def tell(self, call_id: str, state: str, **facts: object) -> None:
        """The recording of this call is in another state."""
        params = {"call_id": call_id, "state": state, **facts}
        event = {
            "event_type": "calling.call.record",
            "timestamp": time.time(),
            "params": params,
        }
        row = (str(uuid.uuid4()), call_id, state, json.dumps(event))
        self._store.execute("INSERT INTO callbacks VALUES (?, ?, ?, ?)", row)
