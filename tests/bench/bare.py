"""A bare greenswitch application that does the benchmark's call, as its documentation would.

It stores nothing and calls nobody back: what the adapter does beyond it counts against the adapter.
"""

import sys
import uuid

import gevent
from greenswitch.esl import OutboundESLServer, OutboundSession, OutboundSessionHasGoneAway


class Call:
    """Answer; record in stereo; one tone; stop; hang up."""

    def __init__(self, session: OutboundSession) -> None:
        self.session = session

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
        session, path = self.session, f"{sys.argv[2]}/{uuid.uuid4()}.wav"
        session.call_command("answer", block=True, response_timeout=10)
        options = "{RECORD_STEREO=true,RECORD_PRE_BUFFER_FRAMES=0}"
        session.send(f"api uuid_record {session.uuid} start {path} 0 {options}")
        session.playback("tone_stream://%(2000,4000,440,480)")
        session.send(f"api uuid_record {session.uuid} stop {path}")
        session.hangup()


if __name__ == "__main__":
    server = OutboundESLServer("127.0.0.1", int(sys.argv[1]), Call, max_connections=100_000)
    print("ready", flush=True)
    server.listen()
