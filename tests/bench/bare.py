"""A bare greenswitch application that does the benchmark's call, as its documentation would.

Its two callbacks are stored when they happen, with the closed file's size. That is all: no
position, no log of the call, no links, and nothing is delivered.
"""

import sys
import uuid
from pathlib import Path

import gevent
from gevent.event import Event
from greenswitch.esl import OutboundESLServer, OutboundSession, OutboundSessionHasGoneAway
from told import Told

FOLDER = Path(sys.argv[2])

told = Told(FOLDER)


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
        told.tell(session.uuid, "recording")
        session.playback("tone_stream://%(2000,4000,440,480)")
        session.send(f"api uuid_record {session.uuid} stop {path}")
        self.closed.wait(10)
        told.tell(session.uuid, "finished", size=path.stat().st_size)
        session.hangup()


if __name__ == "__main__":
    server = OutboundESLServer("127.0.0.1", int(sys.argv[1]), Call, max_connections=100_000)
    print("ready", flush=True)
    server.listen()
