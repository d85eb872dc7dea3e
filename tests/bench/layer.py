"""The same application as `bare.py` on the adapter's event socket, in place of greenswitch's.

The same commands, the same two callbacks in the same store, and nothing else of the adapter: the
difference to `bare.py` is the connection's, and the adapter's to this one is what it does besides.
"""

import sys
import uuid
from ipaddress import ip_network
from pathlib import Path

from gevent.event import Event as Flag
from told import Told

from adapter.freeswitch import commands
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.server import CallServer
from adapter.log import configure

FOLDER = Path(sys.argv[2])

told = Told(FOLDER)


def run(call: Call) -> None:
    """Answer; record in stereo; one tone; stop; hang up."""
    try:
        if sys.argv[3] == "idle":
            call.sleep(None)
        record(call)
    except CallGone:
        pass


def record(call: Call) -> None:
    closed, path = Flag(), FOLDER / f"{uuid.uuid4()}.wav"
    call.on("RECORD_STOP", lambda _: closed.set())
    call.answer()
    options = {"RECORD_STEREO": "true", "RECORD_PRE_BUFFER_FRAMES": "0"}
    call.api(commands.record_start(call.uuid, str(path), 0, options))
    told.tell(call.uuid, "recording")
    call.execute("playback", "tone_stream://%(2000,4000,440,480)")
    call.api(commands.record_control(call.uuid, "stop", str(path)))
    closed.wait(10)
    told.tell(call.uuid, "finished", size=path.stat().st_size)
    call.hangup()


if __name__ == "__main__":
    configure("warning")
    here = ip_network("127.0.0.0/8")
    server = CallServer(("127.0.0.1", int(sys.argv[1])), run, allow_from=[here], max_calls=100_000)
    server.start()
    print("ready", flush=True)
    Flag().wait()
