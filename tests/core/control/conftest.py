"""A running call without a switch, and the REST endpoint before it."""

import base64
import json
from types import SimpleNamespace

import falcon
import gevent
import pytest
from falcon import testing
from msgspec.structs import replace

from adapter.config import Settings
from adapter.control.call_control import CallControl
from adapter.control.commander import Commander
from adapter.control.running import RunningCalls
from adapter.documents.errors import FetchError
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.wire import Event
from adapter.recording.options import Options
from adapter.recording.recorder import NotRunning
from adapter.sounds.library import Playback
from adapter.sounds.playable import NotPlayable, Say, Web
from adapter.store.rows import CallLog
from adapter.swml.errors import Code, DocumentError, Fault
from adapter.web.app import serialize
from adapter.web.auth import Gate
from adapter.web.calling import CALLS, Calling

TOKEN = "PT-core-tests-control"
ROW = CallLog(
    id="call-1",
    project_id="one",
    node_id="fs1",
    kind="phone",
    direction="inbound",
    caller="+1555",
    called="+1666",
    state="answered",
    created_at=1715000000.0,
    answered_at=1715000001.0,
)


class FakeCall:
    """Notes what is done with it; `gone` once it has ended."""

    def __init__(self):
        self.uuid = "call-1"
        self.done = []
        self.gone = None
        self.lost = False
        self.refusal = None
        self.answered = True
        self.endless = False
        self.innermost = ""
        self.at_end = []

    def on(self, _event, handler):
        return lambda: None

    def when_ended(self, callback):
        self.at_end.append(callback)

    def answer(self):
        pass

    def hangup(self, cause):
        self.done.append(f"hangup {cause}")
        self.gone = CallGone(f"hung up ({cause})")

    def execute(self, application, argument="", *, until=None, event_uuid=None, **_):
        self.done.append(f"{application} {argument}".strip())
        if self.endless:
            self.innermost = event_uuid
            until.wait(10)
        return Event(b"Application-Response: FILE%20PLAYED\n")

    def api(self, *batch):
        for command in batch:
            self.done.append(command.decode().removeprefix("api ").strip())
        return "+OK"


class FakeRecorder:
    def __init__(self, options, call):
        self.options, self.call = options, call
        self.active = True
        self.running = True

    def _do(self, what):
        if not self.running:
            raise NotRunning("the recording 'r' is finished")
        self.call.done.append(f"{what} {self.options.control_id}")

    def pause(self, behavior):
        self._do(f"pause {behavior}")

    def resume(self):
        self._do("resume")

    def stop(self):
        self.active = False
        self.call.done.append(f"stop {self.options.control_id}")
        return True


class FakeRecordings:
    is_hushed = False

    def __init__(self, call):
        self.call = call
        self.found = {}

    @staticmethod
    def new_control_id():
        return "made-up"

    def find(self, control_id):
        return self.found.get(control_id)

    def start(self, options: Options):
        if self.call.refusal:
            raise self.call.refusal
        self.call.done.append(f"record {options.control_id}")
        self.found[options.control_id] = FakeRecorder(options, self.call)


class FakeDocuments:
    """Reads documents that have sections."""

    def fetch(self, url, method="POST"):
        if "good" not in url:
            raise FetchError(url, "answered 500", "see the log of that server")
        return f"document at {url}" + (" by GET" if method == "GET" else "")

    def read(self, text):
        if "sections" not in text:
            raise DocumentError([Fault(Code.PARSE_ERROR, "there are no sections")], "<command>")
        return text


class FakeScript:
    """Keeps what it is told to run."""

    def __init__(self):
        self.replaced = []

    def replace(self, document):
        self.replaced.append(document)


class FakeDigits:
    """Keys for whoever they are diverted to, else for the script."""

    def __init__(self):
        self.kept = []
        self.to = None

    def divert(self, to):
        self.to = to

        def take_back():
            self.to = None

        return take_back

    def press(self, keys):
        for key in keys:
            (self.to or self.kept.append)(key)


class FakeSounds:
    def playbacks(self, sound, *, wish, decibels):
        match sound:
            case Say(text):
                name = commands.speech_file("flite", wish.voice or "kal", text)
                return [Playback("playback", name, decibels)]
            case Web(url) if "lost" in url:
                raise NotPlayable("it cannot be fetched")
        return [Playback("playback", str(sound))]


class World:
    """Two projects, one call of the first, and whoever knows their tokens."""

    def __init__(self):
        self.call = FakeCall()
        self.recordings = FakeRecordings(self.call)
        self.script = FakeScript()
        self.digits = FakeDigits()
        self.told = []
        self.running = RunningCalls()
        self.kept = []
        context = SimpleNamespace(
            shared=SimpleNamespace(
                talks=self.running.talks,
                held=SimpleNamespace(commit=lambda *writes: self.kept.extend(writes)),
                media=SimpleNamespace(sounds=FakeSounds()),
            ),
            digits=self.digits,
            running={},
            documents=FakeDocuments(),
            tell=lambda url, event, **params: self.told.append((url, event, params)),
            call=self.call,
            recordings=self.recordings,
            identity=SimpleNamespace(call_id="call-1", project_id="one", node_id="fs1"),
        )
        self.row = ROW
        self.control = CallControl(
            context, lambda: self.row, self.script, lambda *noted: self.noted.append(noted)
        )
        self.noted = []
        self.control.began_now = lambda: context
        self.running.add(self.control)
        self.known = {}
        self.commander = Commander(self.running, known=self.known.get)
        projects = [{"id": "one", "token": TOKEN}, {"id": "two", "token": TOKEN + "2"}]
        app = falcon.App()
        app.set_error_serializer(serialize)
        app.add_route(CALLS, Calling(Gate(Settings(projects=projects).projects), self.commander))
        self.client = testing.TestClient(app)

    @staticmethod
    def wait_until(look):
        with gevent.Timeout(5):
            while not look():
                gevent.sleep(0)

    def end(self):
        self.call.gone = CallGone("hung up (NORMAL_CLEARING)")
        self.row = replace(self.row, state="ended", ended_at=1715000009.5)
        self.running.remove(self.control)

    def send(self, body, project="one", token=TOKEN):
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        secret = base64.b64encode(f"{project}:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
        return self.client.simulate_post(CALLS, body=text, headers=headers)

    def ask(self, command, call_id="call-1", **params):
        return self.send({"command": command, "id": call_id, "params": params})

    def error(self, command, call_id="call-1", **params):
        """Code and attribute of a refused command."""
        answer = self.ask(command, call_id, **params)
        assert answer.status_code == 422, answer.text
        found = answer.json["errors"][0]
        assert found["type"] == "validation_error"
        assert found["message"]
        return found["code"], found["attribute"]


@pytest.fixture
def world():
    return World()
