"""What comes back over a WebSocket: files that the module wrote are played, and no others."""

import json

import gevent
import pytest
from gevent.event import Event as Flag

from adapter.freeswitch.errors import ReplyTimeout
from adapter.freeswitch.wire import Event
from adapter.tapping.talkback import MOST_WAITING, Talkback

OWN = "/var/tmp/fs/call_{}.tmp.{}"


class Call:
    uuid = "call"

    def __init__(self) -> None:
        self.played, self.while_playing = [], []

    def api(self, command: bytes) -> str:
        self.played += ["broken off"] * (b"uuid_break" in command)
        return "/var/tmp/fs/\n" if b"temp_dir" in command else "+OK"

    def on(self, _name, handler):
        self.handler = handler
        return lambda: setattr(self, "handler", None)

    def execute(self, application, argument, *, until, deadline):
        assert application == "playback"
        if deadline < 1:
            raise ReplyTimeout("late")
        self.played.append(argument)
        for happens in self.while_playing[:1]:
            del self.while_playing[0]
            happens()
        if until.is_set():
            self.played.append("cut off")

    def tell(self, news: str, told: object = None, module: str = "mod_audio_stream") -> None:
        head = f"Event-Name: CUSTOM\nEvent-Subclass: {module}::{news}\n"
        self.handler(Event(head.encode(), b"" if told is None else json.dumps(told).encode()))


@pytest.fixture
def call():
    return Call()


@pytest.fixture
def back(call):
    return Talkback(call, "mod_audio_stream", Flag())


def play(back: Talkback, seconds: float = 60) -> None:
    while back.play_next(seconds):
        pass


def test_each_is_played_in_its_turn(call, back):
    for number, ending in enumerate(["r8", "r16", "wav", "mp3"]):
        call.tell("play", {"file": OWN.format(number, ending)})
    play(back)
    assert call.played == [OWN.format(n, e) for n, e in enumerate(["r8", "r16", "wav", "mp3"])]


@pytest.mark.parametrize(
    "told",
    [
        {"file": "/etc/passwd"},
        {"file": "/var/tmp/fs/other_0.tmp.wav"},
        {"file": "/var/tmp/fs/../call_0.tmp.wav"},
        {"file": "/tmp/call_0.tmp.wav"},
        {"file": "/var/tmp/fs/call_0.tmp.wav${system(x)}"},
        {"file": "tone_stream://%(1,1,1)"},
        {"file": ["/var/tmp/fs/call_0.tmp.wav"]},
        {},
        [],
        None,
    ],
)
def test_the_far_end_cannot_name_another_file(call, back, told):
    """Where it sends no sound, mod_audio_fork passes on what it says."""
    call.tell("play", told)
    call.tell("play", {"file": OWN.format(0, "r8")}, module="mod_audio_fork")
    play(back)
    assert call.played == []


@pytest.mark.parametrize(("news", "told"), [("kill_audio", None), ("json", {"type": "killAudio"})])
def test_it_can_be_silenced(call, back, news, told):
    call.tell("json", {"type": "other"})
    for number in range(2):
        call.tell("play", {"file": OWN.format(number, "r8")})
    call.while_playing = [lambda: call.tell(news, told)]
    play(back)
    assert call.played == [OWN.format(0, "r8"), "cut off"]
    call.tell("play", {"file": OWN.format(2, "r8")})
    play(back)
    assert call.played[2:] == [OWN.format(2, "r8")]


def test_it_does_not_wait_without_end(call, back):
    for number in range(MOST_WAITING + 5):
        call.tell("play", {"file": OWN.format(number, "r8")})
    play(back)
    assert len(call.played) == MOST_WAITING


def test_it_ends_in_time(call, back):
    call.tell("play", {"file": OWN.format(0, "r8")})
    play(back, seconds=0.5)
    assert call.played == ["broken off"]


def test_it_stops(call, back):
    call.tell("play", {"file": OWN.format(0, "r8")})
    back.stop()
    gevent.idle()
    play(back)
    assert (call.played, call.handler) == ([], None)
