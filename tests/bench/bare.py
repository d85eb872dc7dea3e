"""A bare greenswitch application that does the benchmark's call, as its documentation would.

Its two callbacks are stored in SQLite, each committed when it happens and with the closed file's
size, as safe as the adapter's own: a write-ahead log, synchronised at its checkpoints. That is all:
no position, no log of the call, no links, and nothing is delivered.
"""

import json
import sqlite3
import sys
import time
import uuid
from pathlib import Path

import gevent
from gevent.event import Event
from greenswitch.esl import OutboundESLServer, OutboundSession, OutboundSessionHasGoneAway

FOLDER = Path(sys.argv[2])

store = sqlite3.connect(FOLDER / "bare.db", isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=NORMAL")
store.execute("CREATE TABLE callbacks (id TEXT PRIMARY KEY, call_id TEXT, state TEXT, body TEXT)")


class Call:
    """Answer; record in stereo; one tone; stop; hang up."""

    def __init__(self, session: OutboundSession) -> None:
        self.session = session
        self.closed = Event()
        session.register_handle("RECORD_STOP", lambda _: self.closed.set())

    def run(self) -> None:
        session = self.session
        try:
            session.myevents()
            session.send("event plain RECORD_STOP")
            session.linger(10)
            if sys.argv[3] == "idle":
                while True:
                    gevent.sleep(60)
                    session.raise_if_disconnected()
            self.record()
        except OutboundSessionHasGoneAway:
            pass

    def record(self) -> None:
        session, path = self.session, FOLDER / f"{uuid.uuid4()}.wav"
        session.call_command("answer", block=True, response_timeout=10)
        options = "{RECORD_STEREO=true,RECORD_PRE_BUFFER_FRAMES=0}"
        session.send(f"api uuid_record {session.uuid} start {path} 0 {options}")
        self.tell("recording")
        session.playback("tone_stream://%(2000,4000,440,480)")
        session.send(f"api uuid_record {session.uuid} stop {path}")
        self.closed.wait(10)
        self.tell("finished", size=path.stat().st_size)
        session.hangup()

    def tell(self, state: str, **facts: object) -> None:
        call_id = self.session.uuid
        params = {"call_id": call_id, "state": state, **facts}
        event = {"event_type": "calling.call.record", "timestamp": time.time(), "params": params}
        row = (str(uuid.uuid4()), call_id, state, json.dumps(event))
        store.execute("INSERT INTO callbacks VALUES (?, ?, ?, ?)", row)


if __name__ == "__main__":
    server = OutboundESLServer("127.0.0.1", int(sys.argv[1]), Call, max_connections=100_000)
    print("ready", flush=True)
    server.listen()
