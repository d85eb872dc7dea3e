"""Sounds played from outside, beside the script: paused, resumed, stopped, louder and softer."""

import time

import pytest
from worlds.phones import Phone
from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record
from worlds.waiting import eventually, remain
from worlds.world import World

PLAYED, SCRIPTS = 600, 1000
"""What is played from outside, and what the script plays, in Hz."""


def begin(world: World, *steps: object) -> tuple[Phone, str, Rest]:
    """A call that says nothing, its id, and a client."""
    started = world.inbox()
    phone = world.call([*SETTLED, record(started), *steps, STAY])
    return phone, started.wait_for("recording")["call_id"], Rest(world.adapter.url)


def audio(url: str) -> list[dict[str, object]]:
    return [{"type": "audio", "params": {"url": url}}]


def silent_again(phone: Phone, hz: float) -> None:
    """Wait until nothing more of a tone comes, for a third of a second."""
    seen = [phone.hear().seconds_of(hz), time.monotonic()]

    def look() -> bool:
        heard = phone.hear().seconds_of(hz)
        if heard != seen[0]:
            seen[:] = [heard, time.monotonic()]
        return time.monotonic() - seen[1] > 0.35

    eventually(look, what=f"silence after {hz} Hz")


def test_a_sound_stands_still_goes_on_and_is_stopped(world: World) -> None:
    inbox = world.inbox()
    phone, call_id, rest = begin(world)
    url = world.sound(tone(PLAYED, seconds=20))
    rest.do("calling.play", call_id, control_id="p", play=audio(url), status_url=inbox.url)
    inbox.wait_for("playing")
    phone.wait_heard(PLAYED)
    rest.do("calling.play.pause", call_id, control_id="p")
    inbox.wait_for("paused")
    silent_again(phone, PLAYED)
    heard = phone.hear().seconds_of(PLAYED)
    remain(lambda: phone.hear().seconds_of(PLAYED) == heard, during=0.3, what="the pause")
    rest.do("calling.play.resume", call_id, control_id="p")
    phone.wait_heard(PLAYED, seconds=heard + 0.3)
    rest.do("calling.play.stop", call_id, control_id="p")
    inbox.wait_for("finished")
    silent_again(phone, PLAYED)
    assert phone.hear().seconds_of(PLAYED) < 15
    assert inbox.states() == ["playing", "paused", "playing", "finished"]
    for command in ("pause", "resume", "stop"):
        rest.do(f"calling.play.{command}", call_id, control_id="p")
    again = rest.ask("calling.play.stop", call_id, control_id="other")
    assert (again.status, *again.error) == (422, "invalid_parameter", "control_id")
    assert not phone.ended


def test_what_the_script_plays_goes_on_after_it(world: World) -> None:
    inbox = world.inbox()
    phone, call_id, rest = begin(world, play(world.sound(tone(SCRIPTS, seconds=2))))
    phone.wait_heard(SCRIPTS, seconds=0.3)
    url = world.sound(tone(PLAYED, seconds=0.5))
    rest.do("calling.play", call_id, play=audio(url), status_url=inbox.url)
    inbox.wait_for("finished")
    phone.wait_heard(PLAYED, seconds=0.4)
    before = phone.hear().seconds_of(SCRIPTS)
    assert before < 1.7
    phone.wait_heard(SCRIPTS, seconds=1.8)


def test_every_kind_of_sound_in_a_row_so_often(world: World) -> None:
    inbox = world.inbox()
    phone, call_id, rest = begin(world)
    sounds = [
        {"type": "tts", "text": "hello"},
        {"type": "silence", "params": {"duration": 0.1}},
        {"type": "ringtone", "params": {"name": "uk", "duration": 0.4}},
        *audio(world.sound(tone(PLAYED, seconds=0.3))),
    ]
    rest.do("calling.play", call_id, play=sounds, loop=2, status_url=inbox.url)
    inbox.wait_for("finished", within=15)
    assert inbox.states() == ["playing", "finished"]
    assert phone.hear().seconds_of(400, 450) == pytest.approx(0.8, abs=0.15)
    assert phone.hear().seconds_of(PLAYED) == pytest.approx(0.6, abs=0.12)


def test_speech_can_be_paused(world: World) -> None:
    inbox = world.inbox()
    _, call_id, rest = begin(world)
    text = "One two three four five six seven eight nine ten, @@ { } and so on for a while."
    say = [{"type": "tts", "params": {"text": text}}]
    rest.do("calling.play", call_id, control_id="p", play=say, status_url=inbox.url)
    inbox.wait_for("playing")
    rest.do("calling.play.pause", call_id, control_id="p")
    inbox.wait_for("paused")
    remain(lambda: inbox.states() == ["playing", "paused"], during=0.5)
    rest.do("calling.play.stop", call_id, control_id="p")
    inbox.wait_for("finished")


def test_volume(world: World) -> None:
    inbox: Inbox = world.inbox()
    phone, call_id, rest = begin(world)
    url = world.sound(tone(PLAYED, seconds=20, peak=4000))
    rest.do("calling.play", call_id, control_id="p", play=audio(url), status_url=inbox.url)
    phone.wait_heard(PLAYED, seconds=0.5)
    before = phone.hear().between(-0.2).level(PLAYED)
    rest.do("calling.play.volume", call_id, control_id="p", volume=-8)
    if world.switch.real:
        eventually(
            lambda: 0.3 < phone.hear().between(-0.2).level(PLAYED) / before < 0.5,
            what="a softer tone",
        )
    rest.do("calling.play.stop", call_id, control_id="p")
    inbox.wait_for("finished")
