"""play: what a phone hears of it."""

import math

import pytest
from worlds.audio import AUDIBLE
from worlds.receiver import Answer, Hit
from worlds.sounds import tone, wav_bytes
from worlds.steps import SETTLED, play, sleep
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

US_RING = (440, 480)


def test_text_is_spoken(world: World) -> None:
    phone = world.run([*SETTLED, play("say:hello world, this is a test")])
    assert phone.hear().seconds_audible() > 0.8


def test_sounds_are_played_one_after_the_other(world: World) -> None:
    first, second = (world.sound(tone(hz, seconds=0.5)) for hz in (700, 1500))
    phone = world.run([*SETTLED, play(first, "silence:0.5", "ring:0.6:us", second)])
    heard = phone.hear()
    begins = [heard.start_of(700), heard.start_of(*US_RING), heard.start_of(1500)]
    assert None not in begins
    assert begins == sorted(begins)  # type: ignore[type-var]
    world.assert_lasts(heard.seconds_of(*US_RING), 0.6)
    world.assert_lasts(heard.seconds_of(700), 0.5)


def test_the_step_lasts_as_long_as_its_sounds(world: World) -> None:
    report = world.report()
    world.run(
        [
            *SETTLED,
            report.step("before"),
            play(world.sound(tone(700, seconds=0.5)), "silence:0.7"),
            report.step("after"),
        ]
    )
    lasted = report.wait_hit("after").at - report.wait_hit("before").at
    assert 1.15 < lasted < 2.5


def test_a_sound_that_is_not_there_is_left_out(world: World) -> None:
    report = world.report()
    missing = world.receiver.url + "/no-such.wav"
    world.receiver.respond("/no-such.wav", lambda _: Answer(404))
    phone = world.run(
        [
            *SETTLED,
            play(missing, world.sound(tone(700, seconds=0.4))),
            report.step("some"),
            play(missing),
            report.step("none"),
            play(world.sound(tone(1500, seconds=0.4))),
        ]
    )
    assert report.wait("some")["play_result"] == "success"
    assert report.wait("none")["play_result"] == "failed"
    assert "relay_script_method_execute_failed" in report.wait("none")["script_error"]
    heard = phone.hear()
    assert heard.seconds_of(700) > 0.25
    assert heard.seconds_of(1500) > 0.25


def test_a_sound_that_cannot_be_had_is_told_in_time(world: World) -> None:
    """Nobody at the port, no sound in the answer, nothing in it: an error each, and the next."""
    served = world.receiver.serve
    faults = {
        "refused": "http://127.0.0.1:9/x.wav",
        "html": served("/sounds/page.wav", b"<html>sorry</html>", "audio/wav"),
        "empty": served("/sounds/empty.wav", b"", "audio/wav"),
        "broken": served("/sounds/broken.mp3", b"ID3" + bytes(50), "audio/mpeg"),
    }
    inboxes, report = {name: world.inbox() for name in faults}, world.report()
    steps = [
        step
        for name, url in faults.items()
        for step in (play(url, status_url=inboxes[name].url), report.step(name))
    ]
    phone = world.run([*SETTLED, *steps, play(world.sound(tone(1500, seconds=0.4)))])
    for name, inbox in inboxes.items():
        assert report.wait(name)["play_result"] == "failed", name
        eventually(lambda inbox=inbox: inbox.states() == ["playing", "error"])
    assert phone.hear().seconds_of(1500) > 0.25


@pytest.mark.parametrize(
    "url", ["say:", "nonsense", "ring:xx", "silence:long", "file:///etc/passwd"]
)
def test_what_is_no_sound_fails_the_step_alone(world: World, url: str) -> None:
    report = world.report()
    phone = world.run(
        [
            *SETTLED,
            {"set": {"url": url}},
            play("${url}"),
            report.step(),
            play(world.sound(tone(1500, seconds=0.4))),
        ]
    )
    assert report.wait()["play_result"] == "failed"
    assert phone.hear().seconds_of(1500) > 0.25


def test_volume_is_heard_to_the_decibel(world: World) -> None:
    """A file's by a copy that is as loud as asked, a tone's by its stream, speech's by a level."""
    volumes = {700: -9, 1100: 0, 1900: 5}
    phone = world.run(
        [
            *SETTLED,
            *(
                play(world.sound(tone(hz, seconds=0.6, peak=4000)), volume=decibels)
                for hz, decibels in volumes.items()
            ),
            play("ring:0.5:de"),
            play("silence:0.2", "ring:0.5:de", volume=-12),
            play("say:no", volume=-8),
        ]
    )
    heard = phone.hear()
    normal = heard.level(1100)
    for hz, decibels in volumes.items():
        assert 20 * math.log10(heard.level(hz) / normal) == pytest.approx(decibels, abs=1)
    at = heard.start_of(425)
    assert at is not None
    loud, soft = (heard.between(start, start + 0.3).level(425) for start in (at + 0.1, at + 0.8))
    assert 20 * math.log10(soft / loud) == pytest.approx(-12, abs=1.5)


def test_the_voice_that_was_asked_for_speaks(world: World) -> None:
    """Voices differ in how long they take; one that is not there fails the step."""
    report = world.report()
    settings = {
        "voices": [
            {"say_voice": "none", "voice": "nobody"},
            {"say_gender": "female", "voice": "slt"},
            {"say_voice": "file", "engine": "render", "voice": "x"},
        ],
        "render": {
            "command": [
                "sh",
                "-c",
                'cat >/dev/null; cp "$1" "$2"',
                "sh",
                str(world.folder / "own.wav"),
                "{file}",
            ]
        },
    }
    (world.folder / "own.wav").write_bytes(wav_bytes(tone(1300, seconds=0.5)))
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver), "speech": settings})
    phone = world.run(
        [
            *SETTLED,
            play("say:one two three", say_gender="female"),
            {"set": {"say_voice": "file"}},
            play("say:whatever"),
            play("say:x", say_voice="none"),
            report.step(),
        ],
        adapter=adapter,
    )
    assert report.wait()["play_result"] == "failed"
    heard = phone.hear()
    assert heard.seconds_of(1300) == pytest.approx(0.5, abs=0.1)
    start = heard.start_of(1300)
    assert start is not None
    assert heard.between(0, start).seconds_audible() > 0.5


def test_a_sound_is_fetched_once_while_it_is_fresh(world: World) -> None:
    path = "/sounds/fresh.wav"
    body = wav_bytes(tone(700, seconds=0.3))

    def answer(hit: Hit) -> Answer:
        headers = {"ETag": '"1"', "Cache-Control": "max-age=0"}
        unchanged = hit.headers.get("If-None-Match") == '"1"'
        return Answer(304 if unchanged else 200, b"" if unchanged else body, headers=headers)

    url = world.receiver.respond(path, answer)
    phone = world.run([*SETTLED, play(url, url)])
    assert phone.hear().seconds_of(700) > 0.5
    first, second = world.receiver.hits_of(path)
    assert (first.headers.get("If-None-Match"), second.headers["If-None-Match"]) == (None, '"1"')


def test_an_early_sound_is_heard_without_an_answer(world: World) -> None:
    phone = world.run([play(world.sound(tone(700, seconds=1)), auto_answer=False), "hangup"])
    assert not phone.answered
    assert phone.hear().seconds_of(700) > 0.6


def test_the_states_are_told_in_order(world: World) -> None:
    inbox = world.inbox()
    world.run(
        [*SETTLED, play(world.sound(tone(700, seconds=0.3)), status_url=inbox.url), sleep(0.1)]
    )
    eventually(lambda: inbox.states() == ["playing", "finished"])
    event = inbox.events[0]
    assert event["event_type"] == "calling.call.play"
    assert {hit.json["params"]["control_id"] for hit in inbox.hits} == {
        event["params"]["control_id"]
    }


def test_a_failed_sound_tells_an_error(world: World) -> None:
    inbox = world.inbox()
    world.run([*SETTLED, play("nonsense://", status_url=inbox.url)])
    eventually(lambda: inbox.states() == ["playing", "error"])


def test_a_hangup_ends_what_is_told_of_a_sound(world: World) -> None:
    """Whoever heard that it plays hears that it does so no longer."""
    inbox = world.inbox()
    phone = world.call([*SETTLED, play("ring:20:us", status_url=inbox.url)])
    inbox.wait_for("playing")
    phone.hang_up()
    inbox.wait_for("finished", "error", within=4)


def test_digits_do_not_break_a_sound_off(world: World) -> None:
    report = world.report()
    phone = world.call(
        [
            *SETTLED,
            report.step("before"),
            play("silence:0.2", world.sound(tone(700, seconds=1.2))),
            report.step("after"),
        ]
    )
    phone.wait_heard(700, seconds=0.1)
    phone.press("5*")
    lasted = report.wait_hit("after").at - report.wait_hit("before").at
    world.assert_lasts(lasted, 1.4, 0.2)


def test_a_sound_with_a_password_is_fetched_with_it(world: World) -> None:
    url = world.sound(tone(700, seconds=0.4))
    phone = world.run([*SETTLED, play(url.replace("http://", "http://user:pass%21@"))])
    assert phone.hear().seconds_of(700) > 0.25
    (hit,) = world.receiver.hits_of(url.removeprefix(world.receiver.url))
    assert hit.headers["Authorization"] == "Basic dXNlcjpwYXNzIQ=="


def test_nothing_is_heard_while_the_script_waits(world: World) -> None:
    phone = world.run([*SETTLED, sleep(0.4)])
    assert phone.hear().rms() < AUDIBLE
