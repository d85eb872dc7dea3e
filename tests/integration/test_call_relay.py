"""RELAY by its frames: a call that runs a document is commanded, and strangers reach nothing."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record
from worlds.world import PROJECT, SPACE, TOKEN, World, documents_by_number

OTHER = {"id": "other-project", "token": "PT_of_the_other_project"}
DEADLINE = 20
MEGABYTE = 1024 * 1024


class Frames:
    """A client that says what it likes."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer; events that come meanwhile are kept and acknowledged."""
        frame_id = str(uuid.uuid4())
        self.say({"jsonrpc": "2.0", "id": frame_id, "method": method, "params": params})
        while (frame := self.next()).get("id") != frame_id:
            self._take(frame)
        return frame

    def say(self, frame: Any) -> None:
        self.connection.send(frame if isinstance(frame, str) else json.dumps(frame))

    def next(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(timeout=DEADLINE))

    def log_in(self, project: str = PROJECT, token: str = TOKEN) -> dict[str, Any]:
        return self.ask("signalwire.connect", authentication={"project": project, "token": token})

    def wait_event(self, event_type: str, **wanted: Any) -> dict[str, Any]:
        while True:
            for event in self.events:
                if event["event_type"] == event_type and wanted.items() <= event["params"].items():
                    return event["params"]
            self._take(self.next())

    def _take(self, frame: dict[str, Any]) -> None:
        if frame.get("method") == "signalwire.event":
            self.events.append(frame["params"])
            self.say({"jsonrpc": "2.0", "id": frame["id"], "result": {}})


@contextmanager
def client(adapter: AdapterProcess, path: str = "/") -> Iterator[Frames]:
    url = adapter.url.replace("http://", "ws://") + path
    with connect(url, max_size=None, close_timeout=2) as connection:
        yield Frames(connection)


def test_a_call_that_runs_a_document_is_commanded(world: World) -> None:
    """Whoever knows it may: it hears of it from its first command on, its recording too."""
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], says=tone(440))
    call_id = inbox.wait_for("recording")["call_id"]
    audio = {"format": "wav", "direction": "speak", "initial_timeout": 0, "end_silence_timeout": 0}
    with client(world.adapter, "/api/relay/ws") as frames:
        assert frames.log_in()["result"]["protocol"]
        about = {"call_id": call_id, "node_id": "any"}
        started = frames.ask("calling.record", **about, control_id="r", record={"audio": audio})
        assert (started["result"]["code"], started["result"]["control_id"]) == ("200", "r")
        frames.wait_event("calling.call.record", control_id="r", state="recording")
        refused = frames.ask("calling.connect", **about, devices=[[{"type": "sip", "params": {}}]])
        assert refused["result"]["code"] == "409"
        assert frames.ask("calling.record.stop", **about, control_id="r")["result"]["code"] == "200"
        finished = frames.wait_event("calling.call.record", control_id="r", state="finished")
        world.listen_to(finished)
        frames.ask("calling.end", **about)
        ended = frames.wait_event("calling.call.state", call_state="ended")
        assert (ended["call_id"], ended["end_reason"]) == (call_id, "hangup")
        phone.wait_ended()
        assert frames.ask("calling.play", **about, play=[])["result"]["code"] == "410"


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_strangers_reach_nothing(world: World) -> None:
    ours = {"id": PROJECT, "space_id": SPACE, "token": TOKEN}
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "projects": [ours, OTHER]},
        arguments=("--workers", "2"),
    )
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], adapter=adapter)
    call_id = inbox.wait_for("recording")["call_id"]
    for project, token in ((PROJECT, "wrong"), (OTHER["id"], TOKEN), ("nobody", TOKEN)):
        with client(adapter) as stranger:
            assert stranger.log_in(project, token)["error"]["code"] == -32002
            assert_closed(stranger, 1008)
    for frame in ("{", "[]", json.dumps({"id": "1", "method": "calling.end", "params": {}})):
        with client(adapter) as stranger:
            stranger.say(frame)
            assert "error" in stranger.next()
            assert_closed(stranger, 1008)
    with client(adapter) as large:
        large.say("x" * (MEGABYTE + 1))
        assert_closed(large, 1009)
    for _ in range(4):  # some of them at the worker that has the call
        with client(adapter) as other:
            other.log_in(OTHER["id"], OTHER["token"])
            for command in ("calling.end", "calling.answer", "calling.record", "calling.pass"):
                assert other.ask(command, call_id=call_id)["result"]["code"] == "404"
            assert other.ask("calling.ai", call_id=call_id)["result"]["code"] == "409"
            assert other.ask("no.such.method")["error"]["code"] == -32601
            assert other.events == []
    assert not phone.ended


def assert_closed(client: Frames, code: int) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        client.next()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == code
