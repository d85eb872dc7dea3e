"""What one test has: a switch, an adapter, a web, and the calls it makes."""

import itertools
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import yaml

from worlds.adapter_process import AdapterProcess
from worlds.audio import Audio
from worlds.log_lines import nameless
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.receiver import Answer, Hit, Inbox, Receiver, Report
from worlds.sounds import Sound, wav_bytes
from worlds.switches import MAIN, OTHER, Switch
from worlds.waiting import Sleeper, eventually

DOCUMENTS = "/documents"
SIGNING_KEY = "PSK_integration_tests"
TOKEN = "PT_integration_tests"
PROJECT = "6f1f2c3a-0000-4000-8000-00000000cafe"
SPACE = "6f1f2c3a-0000-4000-8000-00000000beef"
HTTP_DEADLINE = 10.0

EXACT = 0.1
"""Seconds by which a recording may be longer or shorter than it should be."""

_numbers = itertools.count(1)
_sleeper = Sleeper()

Steps = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True)
class Stage:
    """What lasts for a whole test session."""

    switch: Switch
    adapter: AdapterProcess
    receiver: Receiver
    folder: Path


class World:
    """A test's view of the stage. Its documents are served by the number that is called."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.switch = stage.switch
        self.adapter = stage.adapter
        self.receiver = stage.receiver
        self.folder = folder
        self._phones: list[Phone] = []
        self._others: list[AdapterProcess] = []
        self._receivers: list[Receiver] = []
        self._log_start = len(stage.adapter.log())
        self._began = time.monotonic()

    # -- calls -------------------------------------------------------------------------------

    def call(
        self,
        steps: Steps | str | None = None,
        *,
        says: Sound | Sequence[Sound] = (),
        adapter: AdapterProcess | None = None,
        to: str = "",
        **dialling: Any,
    ) -> Phone:
        """Call a new number, whose document has these steps (or is this text).

        `adapter` is one that `start_adapter` gave; the others details are those of Dialling.
        """
        number = to or self.new_number()
        if steps is not None:
            self.write_document(number, steps)
        sounds = (says,) if isinstance(says, Sound) else tuple(says)
        slot = MAIN if adapter in (None, self.adapter) else OTHER
        phone = self.switch.call(Dialling(number, sounds, slot=slot, **dialling))
        self._phones.append(phone)
        return phone

    def join(
        self, first: Steps, second: Steps, *, adapter: AdapterProcess | None = None
    ) -> list[str]:
        """Two calls with nobody but each other at the other end, each with its document.

        Returns the numbers that were called.
        """
        numbers = [f"1555{next(_numbers):06d}" for _ in range(2)]
        for number, steps in zip(numbers, (first, second), strict=True):
            self.write_document(number, steps)
        self.switch.join(*numbers, MAIN if adapter in (None, self.adapter) else OTHER)
        return numbers

    def run(self, steps: Steps | str, **details: Any) -> Phone:
        """Call, and wait until the call has ended."""
        phone = self.call(steps, **details)
        phone.wait_ended()
        return phone

    def somebody(
        self, *, says: Sound | Sequence[Sound] = (), number: str = "", **answering: Any
    ) -> Called:
        """Somebody to call, by a new address or behind the gateway by this number."""
        sounds = (says,) if isinstance(says, Sound) else tuple(says)
        user = number or self.new_number("somebody")
        return self.switch.expect(user, Answering(sounds, **answering))

    def new_number(self, name: str = "test") -> str:
        return f"{name}-{next(_numbers)}"

    def write_document(self, number: str, steps: Steps | str) -> str:
        """Have calls to this number get a document; returns the document's URL."""
        body = (steps if isinstance(steps, str) else document(steps)).encode()
        return self.receiver.serve(f"{DOCUMENTS}/{number}", body, "application/yaml")

    def fetches(self, number: str) -> list[Hit]:
        """The requests for the document of a number."""
        every = self.receiver.hits_of(DOCUMENTS)
        return [hit for hit in every if called_number(hit) == number]

    def wait_fetch(self, number: str) -> Hit:
        """The first request for the document of a number."""
        return eventually(
            lambda: next(iter(self.fetches(number)), None), what=f"a fetch for {number}"
        )

    # -- what is around ------------------------------------------------------------------------

    def sound(self, *sounds: Sound) -> str:
        """The URL of a WAV file with these sounds."""
        path = f"/sounds/{next(_numbers)}.wav"
        return self.receiver.serve(path, wav_bytes(*sounds), "audio/wav")

    def inbox(self) -> Inbox:
        return self.receiver.inbox()

    def report(self) -> Report:
        return Report(self.receiver)

    def new_receiver(self) -> Receiver:
        """A second web server; it is not started."""
        receiver = Receiver()
        self._receivers.append(receiver)
        return receiver

    def start_adapter(
        self, settings: Mapping[str, Any] | None = None, *, arguments: Sequence[str] = ()
    ) -> AdapterProcess:
        """An adapter with settings of its own; it gets the calls of which it is the `adapter`."""
        adapter = AdapterProcess(
            self.folder / f"adapter-{len(self._others)}",
            self.switch.adapter_ports[OTHER],
            {"projects": [project()], **(settings or {})},
            arguments=arguments,
        )
        self._others.append(adapter)
        return adapter.start()

    def log_events(self, adapter: AdapterProcess | None = None) -> list[dict[str, Any]]:
        """What the adapter has logged during this test."""
        if adapter in (None, self.adapter):
            return self.adapter.log_events(self._log_start)
        return adapter.log_events()

    def took_up(self, adapter: AdapterProcess) -> bool:
        """Whether the adapter has gone on with a call that it, or another process, had before."""
        events = self.log_events(adapter)
        return any(event["event"] == "call taken up again" for event in events)

    # -- what came of it ------------------------------------------------------------------------

    def fetch_recording(self, params: Mapping[str, Any]) -> bytes:
        """The bytes behind a callback's URL."""
        reply = http_get(params["record"]["url"])
        assert reply.status == 200, reply
        return reply.body

    def listen_to(self, params: Mapping[str, Any]) -> Audio:
        """The recording of a callback, which must say the same of it as the file does."""
        body = self.fetch_recording(params)
        audio = Audio.from_wav(body)
        assert params["record"]["size"] == params["size"] == len(body)
        assert abs(params["record"]["duration"] - audio.seconds) < 0.001
        return audio

    @property
    def late(self) -> float:
        """By how many seconds this machine was late itself at worst during this test."""
        return _sleeper.overslept_since(self._began)

    def assert_lasts(self, seconds: float, wanted: float, within: float = EXACT) -> None:
        """Assert a length; what the machine was late itself during this test is forgiven."""
        late = self.late
        assert abs(seconds - wanted) <= within + late, (
            f"{seconds:.3f} s, not {wanted:.3f} s; the machine was {late:.3f} s late"
        )

    # -- the end --------------------------------------------------------------------------------

    def leave(self) -> None:
        """Nothing of the test may remain: no call, no process, no error in a log."""
        for phone in self._phones:
            phone.hang_up()
        try:
            eventually(lambda: self.switch.channels() == 0, what="an empty `show channels`")
        finally:
            self.switch.hang_up_all()
            for adapter in self._others:
                adapter.stop()
            for receiver in self._receivers:
                receiver.stop()
        self._check_logs()
        assert not self.switch.violations(), "the switch was made to run code"

    def _check_logs(self) -> None:
        logs = [self.adapter.log()[self._log_start :], *(other.log() for other in self._others)]
        for log in logs:
            assert "Traceback" not in log, log[log.index("Traceback") - 2000 :][:6000]
        for adapter in (self.adapter, *self._others):
            assert not (lines := nameless(self.log_events(adapter))), lines


def project() -> dict[str, str]:
    """The project whose calls the tests make."""
    return {"id": PROJECT, "token": TOKEN, "space_id": SPACE, "signing_key": SIGNING_KEY}


def document(steps: Steps, **sections: Steps) -> str:
    """A document as YAML."""
    every = {"main": list(steps), **{name: list(body) for name, body in sections.items()}}
    return yaml.safe_dump({"version": "1.0.0", "sections": every}, sort_keys=False)


def called_number(hit: Hit) -> str:
    """The number that was called, from a request for its document."""
    called = str(hit.json["call"]["to"])
    return called.removeprefix("sip:").partition("@")[0]


def documents_by_number(receiver: Receiver) -> str:
    """Serve each call the document of its number at one URL, which is returned."""

    def find(hit: Hit) -> Answer:
        own = f"{DOCUMENTS}/{called_number(hit)}"
        return receiver.answer(Hit("POST", own, hit.headers, hit.body, hit.at))

    return receiver.respond(DOCUMENTS, find)


def http_get(url: str, method: str = "GET", **headers: str) -> Reply:
    """Ask a web server; names of headers are written with _ for -."""
    request = urllib.request.Request(
        url, method=method, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=HTTP_DEADLINE) as reply:
            return Reply(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.headers, error.read())
