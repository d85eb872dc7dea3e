"""Sound to WebSockets: by the modules that are there, told at both ends."""

import json

import gevent
import pytest

from adapter.freeswitch.errors import CommandFailed, UnsafeValue
from adapter.freeswitch.taps import fork_start
from adapter.freeswitch.wire import Event
from adapter.tapping.fork import PREFIX, Fork
from adapter.tapping.forks import Forks
from adapter.tapping.taps import TapFailed


class Channel:
    def __init__(self, *kept: Fork) -> None:
        self.kept = kept

    def starting(self, prefix: str) -> dict[str, str]:
        assert prefix == f"variable_{PREFIX}"
        return {fork.bug: fork.token for fork in self.kept}


class Call:
    """Its module says `news` as soon as it is told to start."""

    uuid, lost, gone = "call", False, None

    def __init__(
        self, *modules: str, news: str = "connect", kept: tuple[Fork, ...] = (), bugs: str = ""
    ) -> None:
        self.modules, self.news, self.bugs = modules, news, bugs
        self.done, self.at_end, self.channel = [], [], Channel(*kept)

    def api(self, *batch: bytes) -> str:
        texts = [command.decode().strip().removeprefix("api ") for command in batch]
        if texts[0].startswith("module_exists"):
            return str(texts[0].split()[1] in self.modules).lower()
        if texts[0].startswith("uuid_buglist"):
            return self.bugs
        self.done += [text for text in texts if PREFIX not in text and "event" not in text]
        for text in texts:
            if " start " in text and self.news:
                self.tell(self.news, "mod_" + text.split()[0].removeprefix("uuid_"))
            if " stop" in text and "gone" in self.modules:
                raise CommandFailed("stop", "-ERR")
        return "+OK"

    def tell(self, news: str, module: str = "mod_audio_fork") -> None:
        head = f"Event-Name: CUSTOM\nEvent-Subclass: {module}::{news}\n"
        self.handler(Event(head.encode(), b""))

    def wait(self, flag, timeout):
        return flag.is_set()

    def on(self, _name, handler):
        self.handler = handler

    def attempt(self, _command: bytes) -> None:
        pass

    def when_ended(self, callback) -> None:
        self.at_end.append(callback)


def fork(control_id: str = "a", direction: str = "speak", module: str = "") -> Fork:
    return Fork("stream", control_id, "ws://h/", direction, module=module, bug=f"bug_{control_id}")


def forks(call: Call) -> tuple[Forks, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    return Forks(call, lambda one, state: told.append((one.control_id, state))), told


def settle() -> None:
    for _ in range(3):
        gevent.idle()


def test_it_is_started_and_stopped():
    call = Call("mod_audio_stream")
    made, told = forks(call)
    made.start(fork(), token="t")
    assert (made.has("a"), made.has(None), made.has("b")) == (True, True, False)
    with pytest.raises(TapFailed, match="one WebSocket at a time"):
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
    assert call.done == ["uuid_audio_fork call start ws://h/ mixed 8000 bug_a"]


def test_a_second_one_goes_by_the_module_that_can():
    """One name is there once; a token can be sent by one module alone."""
    call = Call("mod_audio_stream", "mod_audio_fork")
    made, _ = forks(call)
    assert made.start(fork("a")).module == "mod_audio_stream"
    assert made.start(fork("b")).module == made.start(fork("c")).module == "mod_audio_fork"
    with pytest.raises(TapFailed, match="one with control_id 'b' runs"):
        made.start(fork("b"))
    with pytest.raises(TapFailed, match="one WebSocket at a time"):
        made.start(fork("d"), token="t")
    call.tell("error", "mod_audio_stream")
    settle()
    assert [made.has(name) for name in "abc"] == [False, True, True]
    made.stop(None)
    assert (made.has("b"), made.has("c")) == (True, False)


def test_which_of_several_is_over_is_not_known():
    """They are told as over once as many are as there are; a stopped one may have been it."""
    call = Call("mod_audio_fork")
    made, told = forks(call)
    for name in "abc":
        made.start(fork(name))
    call.tell("disconnect")
    settle()
    assert all(made.has(name) for name in "abc")
    made.stop("a")
    call.tell("disconnect")
    settle()
    assert (made.has("b"), made.has("c")) == (True, True)
    call.tell("disconnect")
    settle()
    assert [name for name, state in told if state == "finished"] == ["a", "b", "c"]


def test_one_is_over_while_another_is_started():
    call = Call("mod_audio_fork")
    made, told = forks(call)
    made.start(fork("a"))
    call.news = "disconnect"
    with pytest.raises(TapFailed, match="did not answer"):
        made.start(fork("b"))
    settle()
    assert told == [("a", "tapping"), ("a", "finished")]


@pytest.mark.parametrize("stop", ["-ERR", ""])
def test_its_server_ends_it(stop):
    """The module gives its place on the call up only when it is told to."""
    call = Call("mod_audio_fork", *(["gone"] if stop else []))
    made, told = forks(call)
    made.start(fork())
    call.tell("disconnect")
    settle()
    assert call.done[-1] == "uuid_audio_fork call stop bug_a"
    assert told == [("a", "tapping"), ("a", "finished")]
    made.start(fork("b"))
    assert made.has("b")


def test_who_takes_the_call_up_has_it():
    bugs = "<function>bug_a</function>"
    kept = (fork(module="mod_audio_fork"), fork("b", module="mod_audio_fork"))
    made, told = forks(Call("mod_audio_fork", kept=kept, bugs=bugs))
    settle()
    assert (made.of_step(0), told) == (kept[0], [("b", "finished")])
    made.stop(None)
    settle()
    assert told == [("b", "finished"), ("a", "finished")]


@pytest.mark.parametrize("token", ["", "e30", fork().token])
def test_a_variable_that_holds_none(token):
    with pytest.raises(ValueError):
        Fork.from_token(token)


@pytest.mark.parametrize(
    ("call", "wanted", "token", "reason"),
    [
        (Call(), fork(), None, "load mod_audio_stream or mod_audio_fork"),
        (Call("mod_audio_fork"), fork(direction="listen"), None, "hears alone"),
        (Call("mod_audio_fork"), fork(), "t", "sends no bearer token"),
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


def started(url: str = "ws://h/", first: object = None) -> str:
    given = {"bug": "bug", "rate": 8000, "first": first or {}}
    return fork_start("mod_audio_fork", "call", url, "speak", **given).decode().strip()


def test_what_is_sent_first_is_one_word():
    """The switch takes a backslash before n, r, t, s, quotes and itself away, and apostrophes."""
    first = {"a": 'it\'s "b" \\ c\n', "ü": 1}
    word = started(first=first).rpartition(" ")[2]
    assert "'" not in word
    assert {part[0] for part in word.split("\\")[1:]} == {"u"}
    assert json.loads(word) == first


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("ws://h", "ws://h/"),
        ("WSS://h:8?a=b", "wss://h:8/?a=b"),
        ("ws://h/a/b?c=d&e=%20", "ws://h/a/b?c=d&e=%20"),
    ],
)
def test_an_address_has_a_path(url, sent):
    """Without one the modules take a query for a part of the host."""
    assert f" start {sent} mono" in started(url)


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("http://h/", None),
        ("ws://", None),
        ("ws://h/ stop", None),
        ("ws://h/${x}", None),
        ("ws://h/" + "a" * 2048, None),
        ("ws://h/", {"a": "b" * 8000}),
    ],
)
def test_what_the_modules_would_not_bear(url, first):
    with pytest.raises(UnsafeValue):
        started(url, first)
