from types import SimpleNamespace

import pytest

from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.wire import Event
from adapter.identity import CallIdentity
from adapter.methods import answer, hangup, play, record_call, sleep, stop_record_call
from adapter.recording.state import Reason
from adapter.sounds.library import Playback
from adapter.sounds.playable import NotPlayable, Say

MODULES = {
    module.SPEC.name: module
    for module in (answer, hangup, play, record_call, sleep, stop_record_call)
}


class FakeCall:
    """Keeps what was done to it, as one line each; `responses` answer applications by argument."""

    uuid = "call-1"

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

    play = execute

    def answer(self, *batch: bytes) -> None:
        if not self.answered:
            self._do("uuid_answer call-1")
        self.answered = True
        self.api(*batch)

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        self._do(f"hangup {cause}")

    def sleep(self, seconds: float | None) -> None:
        self._do(f"sleep {seconds}")


class FakeRecordings:
    """Recorders by control_id; `refusal` is raised by start."""

    def __init__(self, call: FakeCall) -> None:
        self.call = call
        self.started: list = []
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
        return options

    def url(self, recorder) -> str:
        return f"http://h/{recorder.control_id}"

    def find(self, control_id: str):
        if not any(options.control_id == control_id for options in self.started):
            return None
        return SimpleNamespace(stop=lambda reason=Reason.STOPPED, deadline=5.0: self.closes)


class FakeSounds:
    """`say:` is playable, nothing else."""

    def playbacks(self, sound, **_: object) -> list[Playback]:
        if not isinstance(sound, Say):
            raise NotPlayable(f"{sound} cannot be fetched")
        return [Playback("speak", sound.text)]


class World:
    """A context, and what methods did with it."""

    def __init__(self) -> None:
        self.call = FakeCall()
        self.identity = CallIdentity("call-1", "switch-1", "swml:s1", "project-1", "space-1")
        self.recordings = FakeRecordings(self.call)
        self.sounds = FakeSounds()
        self.variables: dict[str, str] = {}
        self.step = 7
        self.told: list[tuple[str, dict]] = []

    def notify(self, url, payload) -> None:
        if url is not None:
            self.told.append((url, payload))

    @staticmethod
    def now() -> float:
        return 1000.0

    def perform(self, method: str, value=None, **params):
        """As the document `- method: value` does it."""
        module = MODULES[method]
        given = module.SPEC.shorthand.expand(value) if value is not None else params
        return module.perform(self, module.SPEC.parse(given))


@pytest.fixture
def world() -> World:
    return World()
