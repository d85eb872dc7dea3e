"""Sound to a WebSocket: by the module that is there, one at a time, told at both ends."""

import gevent
import pytest

from adapter.freeswitch.errors import CommandFailed
from adapter.tapping.forks import Fork, Forks
from adapter.tapping.taps import TapFailed


class Call:
    uuid, lost = "call", False

    def __init__(self, *modules: str) -> None:
        self.modules, self.done, self.at_end = modules, [], []

    def api(self, command: bytes) -> str:
        text = command.decode().strip().removeprefix("api ")
        if text.startswith("module_exists"):
            return str(text.split()[1] in self.modules).lower()
        self.done.append(text)
        if text.endswith("stop") and "gone" in self.modules:
            raise CommandFailed("stop", "-ERR")
        return "+OK"

    def when_ended(self, callback) -> None:
        self.at_end.append(callback)


def test_it_is_started_and_stopped():
    call, told = Call("mod_audio_stream", "mod_audio_fork"), []
    forks = Forks(call)
    forks.start(Fork("a", "wss://h/", "speak", token="t"), told.append)
    assert (forks.has("a"), forks.has(None), forks.has("b")) == (True, True, False)
    with pytest.raises(TapFailed, match="one at a time"):
        forks.start(Fork("b", "wss://h/", "speak"), told.append)
    with pytest.raises(TapFailed):
        forks.stop("b")
    forks.stop("a")
    assert call.done == [
        'uuid_setvar call STREAM_EXTRA_HEADERS {"Authorization":"Bearer t"}',
        "uuid_audio_stream call start wss://h/ mono 8000",
        "uuid_audio_stream call stop",
    ]
    call.at_end[0]()
    gevent.idle()
    assert told == ["tapping", "finished"]


def test_it_ends_with_the_call():
    call, told = Call("mod_audio_fork"), []
    forks = Forks(call)
    forks.start(Fork("a", "ws://h/", "both"), told.append)
    call.at_end[0]()
    gevent.idle()
    assert told == ["tapping", "finished"]
    assert call.done == ["uuid_audio_fork call start ws://h/ mixed 8000"]


def test_one_that_had_ended_by_itself():
    told = []
    forks = Forks(Call("mod_audio_fork", "gone"))
    forks.start(Fork("a", "ws://h/", "both"), told.append)
    forks.stop(None)
    gevent.idle()
    assert told == ["tapping", "finished"]


@pytest.mark.parametrize(
    ("modules", "fork", "reason"),
    [
        ((), Fork("a", "ws://h/", "speak"), "load mod_audio_stream or mod_audio_fork"),
        (("mod_audio_fork",), Fork("a", "ws://h/", "listen"), "hears alone"),
        (("mod_audio_fork",), Fork("a", "ws://h/", "speak", token="t"), "no bearer token"),
        (("mod_audio_stream",), Fork("a", "ws://h/", "speak", token='t"'), "no bearer token"),
    ],
)
def test_what_cannot_be_done(modules, fork, reason):
    call, told = Call(*modules), []
    with pytest.raises(TapFailed, match=reason):
        Forks(call).start(fork, told.append)
    assert told == []
