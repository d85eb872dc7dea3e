"""Sound to a WebSocket: by the module that is there, one at a time, told at both ends."""

import json

import gevent
import pytest

from adapter.freeswitch.errors import CommandFailed
from adapter.freeswitch.taps import fork_start
from adapter.freeswitch.wire import Event
from adapter.tapping.forks import FORK_VARIABLE, Fork, Forks
from adapter.tapping.taps import TapFailed


class Call:
    """Its module says `news` as soon as it is told to start."""

    uuid, lost, gone = "call", False, None

    def __init__(
        self, *modules: str, news: str = "connect", kept: str = "", bugs: str = ""
    ) -> None:
        self.modules, self.news, self.bugs = modules, news, bugs
        self.done, self.at_end, self.variables = [], [], {FORK_VARIABLE: kept}

    def api(self, *batch: bytes) -> str:
        texts = [command.decode().strip().removeprefix("api ") for command in batch]
        if texts[0].startswith("module_exists"):
            return str(texts[0].split()[1] in self.modules).lower()
        if texts[0].startswith("uuid_buglist"):
            return self.bugs
        self.done += [text for text in texts if "swml_fork" not in text and "event" not in text]
        for text in texts:
            if " start " in text and self.news:
                self.tell(self.news)
            if text.endswith("stop") and "gone" in self.modules:
                raise CommandFailed("stop", "-ERR")
        return "+OK"

    def tell(self, news: str, body: bytes = b"") -> None:
        head = f"Event-Name: CUSTOM\nEvent-Subclass: {self.modules[0]}::{news}\n"
        self.handler(Event(head.encode(), body))

    def wait(self, flag, timeout):
        return flag.is_set()

    def on(self, _name, handler):
        self.handler = handler

    def variable(self, name: str) -> str:
        return self.variables.get(name, "")

    def attempt(self, _command: bytes) -> None:
        pass

    def when_ended(self, callback) -> None:
        self.at_end.append(callback)


def fork(control_id: str = "a", direction: str = "speak") -> Fork:
    return Fork("stream", control_id, "ws://h/", direction)


def forks(call: Call) -> tuple[Forks, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    return Forks(call, lambda one, state: told.append((one.control_id, state))), told


def settle() -> None:
    for _ in range(3):
        gevent.idle()


def test_it_is_started_and_stopped():
    call = Call("mod_audio_stream", "mod_audio_fork")
    made, told = forks(call)
    made.start(fork(), token="t")
    assert (made.has("a"), made.has(None), made.has("b")) == (True, True, False)
    with pytest.raises(TapFailed, match="one at a time"):
        made.start(fork("b"))
    with pytest.raises(TapFailed):
        made.stop("b")
    made.stop("a")
    assert call.done[0] == 'uuid_setvar call STREAM_EXTRA_HEADERS {"Authorization":"Bearer t"}'
    assert call.done[1] == "uuid_audio_stream call start ws://h/ mono 8000"
    assert "STREAM_EXTRA_HEADERS" in call.done[2], "no other address gets the token"
    assert call.done[3:] == ["uuid_audio_stream call stop"]
    call.at_end[0]()
    settle()
    assert told == [("a", "tapping"), ("a", "finished")]


def test_it_ends_with_the_call():
    call = Call("mod_audio_fork")
    made, told = forks(call)
    made.start(fork(direction="both"))
    call.at_end[0]()
    settle()
    assert told == [("a", "tapping"), ("a", "finished")]
    assert call.done == ["uuid_audio_fork call start ws://h/ mixed 8000"]


@pytest.mark.parametrize("stop", ["-ERR", ""])
def test_its_server_ends_it(stop):
    """The module gives its place on the call up only when it is told to."""
    call = Call("mod_audio_fork", *(["gone"] if stop else []))
    made, told = forks(call)
    made.start(fork())
    call.tell("disconnect")
    settle()
    assert call.done[-1] == "uuid_audio_fork call stop"
    assert told == [("a", "tapping"), ("a", "finished")]
    made.start(fork("b"))
    assert made.has("b")


def test_who_takes_the_call_up_has_it():
    bugs = "<function>audio_fork</function>"
    call = Call("mod_audio_fork", kept=fork().token, bugs=bugs)
    made, told = forks(call)
    assert made.of_step(0) == fork()
    made.stop(None)
    settle()
    assert told == [("a", "finished")]
    made, told = forks(Call("mod_audio_fork", kept=fork().token))
    settle()
    assert (made.has(None), told) == (False, [("a", "finished")])


@pytest.mark.parametrize(
    ("call", "wanted", "token", "reason"),
    [
        (Call(), fork(), None, "load mod_audio_stream or mod_audio_fork"),
        (Call("mod_audio_fork"), fork(direction="listen"), None, "hears alone"),
        (Call("mod_audio_fork"), fork(), "t", "no bearer token"),
        (Call("mod_audio_stream"), fork(), 't"', "no bearer token"),
        (Call("mod_audio_fork", news="connect_failed"), fork(), None, "connect_failed"),
        (Call("mod_audio_fork", news=""), fork(), None, "did not answer"),
    ],
)
def test_what_cannot_be_done(call, wanted, token, reason):
    made, told = forks(call)
    with pytest.raises(TapFailed, match=reason):
        made.start(wanted, token=token)
    assert (told, made.has(None)) == ([], False)


def test_what_is_sent_first_is_one_word():
    """The switch takes a backslash before n, r, t, s, quotes and itself away, and apostrophes."""
    first = {"a": 'it\'s "b" \\ c\n', "ü": 1}
    command = fork_start("uuid_audio_fork", "call", "ws://h/", "speak", first).decode()
    word = command.strip().rpartition(" ")[2]
    assert "'" not in word
    assert {part[0] for part in word.split("\\")[1:]} == {"u"}
    assert json.loads(word) == first
