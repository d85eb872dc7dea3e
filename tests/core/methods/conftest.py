import io
from types import SimpleNamespace

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from adapter.callbacks.payloads import call_event
from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.wire import Event
from adapter.identity import CallIdentity
from adapter.methods import answer, hangup, play, record_call, request, sleep, stop_record_call
from adapter.recording.state import Reason
from adapter.sounds.library import Playback
from adapter.sounds.playable import NotPlayable, Say
from adapter.sounds.voices import Wish

MODULES = {
    module.SPEC.name: module
    for module in (answer, hangup, play, record_call, request, sleep, stop_record_call)
}


SENT_BY_ITSELF = {"Accept", "Accept-Encoding", "Connection", "Content-Length", "User-Agent"}


class FakeCall:
    """Keeps what was done to it, as one line each; `responses` answer applications by argument."""

    uuid = "call-1"
    lost = False

    def __init__(self) -> None:
        self.answered = False
        self.done: list[str] = []
        self.responses: dict[str, str] = {}
        self.gone_at: str | None = None

    def _do(self, text: str) -> None:
        if self.gone_at and text.startswith(self.gone_at):
            raise CallGone("hung up (NORMAL_CLEARING)")
        self.done.append(text)

    def api(self, *batch: bytes) -> str:
        for command in batch:
            self._do(command.decode().removeprefix("api ").strip())
        return "+OK"

    def execute(self, application: str, argument: str = "", **_: object) -> Event:
        self._do(f"{application} {argument}".strip())
        response = self.responses.get(argument, "FILE PLAYED").replace(" ", "%20")
        return Event(f"Application-Response: {response}\n".encode())

    def set_variables(self, values) -> None:
        self._do(f"set {values}")

    def answer(self, *batch: bytes) -> None:
        if not self.answered:
            self._do("uuid_answer call-1")
        self.answered = True
        self.api(*batch)

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        self._do(f"hangup {cause}")

    def sleep(self, seconds: float | None, **_: object) -> None:
        self._do(f"sleep {seconds}")


class FakeRecordings:
    """Recorders by control_id; `refusal` is raised by start."""

    def __init__(self, call: FakeCall) -> None:
        self.call = call
        self.started: list = []
        self.by_step: dict[int, SimpleNamespace] = {}
        self.refusal: Exception | None = None
        self.closes = True

    @staticmethod
    def new_control_id() -> str:
        return "made-up"

    def start(self, options, **_: object):
        self.call.done.append("uuid_record start")
        if self.refusal:
            raise self.refusal
        self.started.append(options)
        recorder = self.by_step[options.step] = SimpleNamespace(options=options)
        return recorder

    def of_step(self, step: int):
        return self.by_step.get(step)

    def url(self, recorder) -> str:
        return f"http://h/{recorder.options.control_id}"

    def find(self, control_id: str):
        if not any(options.control_id == control_id for options in self.started):
            return None
        return SimpleNamespace(stop=lambda reason=Reason.STOPPED, deadline=5.0: self.closes)


class FakeSounds:
    """`say:` is playable, nothing else."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    def playbacks(self, sound, *, wish, decibels) -> list[Playback]:
        if not isinstance(sound, Say):
            raise NotPlayable(f"{sound} cannot be fetched")
        self.wishes.append(wish)
        return [Playback("speak", sound.text, decibels)]


class FakeWeb(requests.Session):
    """Answers a request with what the test has set; keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[SimpleNamespace] = []
        self.answer = SimpleNamespace(status_code=200, headers={}, body=b"")
        self.failure: Exception | None = None

    def get_adapter(self, url: str) -> SimpleNamespace:
        return SimpleNamespace(send=self._transmit)

    def _transmit(self, request: requests.PreparedRequest, *, timeout, **_) -> requests.Response:
        headers = {
            name: value for name, value in request.headers.items() if name not in SENT_BY_ITSELF
        }
        self.asked.append(
            SimpleNamespace(
                method=request.method,
                url=request.url,
                headers=headers,
                data=request.body,
                timeout=timeout,
            )
        )
        if self.failure:
            raise self.failure
        raw = HTTPResponse(
            io.BytesIO(self.answer.body),
            headers=self.answer.headers,
            status=self.answer.status_code,
            preload_content=False,
        )
        return HTTPAdapter().build_response(request, raw)


class World:
    """A context, and what methods did with it."""

    until = None

    def __init__(self) -> None:
        self.call = FakeCall()
        self.identity = CallIdentity("call-1", "switch-1", "swml:s1", "project-1", "space-1")
        self.recordings = FakeRecordings(self.call)
        self.sounds = FakeSounds()
        self.web = FakeWeb()
        self.shared = SimpleNamespace(media=SimpleNamespace(sounds=self.sounds), web=self.web)
        self.variables: dict[str, str] = {}
        self.step = 7
        self.began = 1000.0
        self.told: list[tuple[str, dict]] = []

    def tell(self, url, event_type, **params) -> None:
        if url is not None:
            self.told.append((url, call_event(event_type, self.identity, self.now(), **params)))

    @staticmethod
    def now() -> float:
        return 1000.0

    def perform(self, name: str, value=None, /, **params):
        """As the document `- name: value` does it."""
        module = MODULES[name]
        given = module.SPEC.shorthand.expand(value) if value is not None else params
        return module.perform(self, module.SPEC.parse(given))


@pytest.fixture
def world() -> World:
    return World()
