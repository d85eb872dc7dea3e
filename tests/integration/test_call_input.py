"""Methods that wait for the party: prompt, record, send_digits."""

import pytest
from worlds.sounds import silence, speech, tone
from worlds.steps import SETTLED, STAY, play
from worlds.waiting import eventually
from worlds.world import World


def prompt(*sounds: str, **parameters: object) -> dict[str, object]:
    return {"prompt": {"play": list(sounds), **parameters}}


def test_a_digit_cuts_the_prompt_off_and_counts(world: World) -> None:
    report = world.report()
    phone = world.call(
        [
            *SETTLED,
            prompt(world.sound(tone(600, seconds=8)), max_digits=3, digit_timeout=2),
            report.step(),
        ]
    )
    phone.wait_heard(600)
    phone.press("123")
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("match_digits", "123")
    phone.wait_ended()
    assert phone.hear().seconds_of(600) < 6


def test_a_terminator_ends_the_input(world: World) -> None:
    report = world.report()
    phone = world.call(
        [
            *SETTLED,
            prompt("silence:0.1", max_digits=9, terminators="#", initial_timeout=9),
            report.step(),
        ]
    )
    phone.wait_answered()
    phone.press("42#")
    said = report.wait()
    assert said["prompt_value"] == "42"
    assert said["prompt_digit_terminator"] == "#"


def test_nobody_presses_anything(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    world.run(
        [
            *SETTLED,
            prompt("silence:0.1", initial_timeout=0.6, status_url=inbox.url),
            report.step(),
        ]
    )
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("no_input", "")
    told = eventually(lambda: inbox.events, what="the prompt's callback")
    assert told[0]["params"]["result"]["type"] == "no_input"


def test_digits_typed_ahead_count(world: World) -> None:
    report = world.report()
    tone_url = world.sound(tone(600, seconds=1.5))
    phone = world.call([*SETTLED, play(tone_url), prompt("silence:3", max_digits=2), report.step()])
    phone.wait_heard(600)
    phone.press("78")
    assert report.wait()["prompt_value"] == "78"


def test_record_waits_for_silence_after_speech(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.call(
        [
            *SETTLED,
            {"record": {"end_silence_timeout": 0.8, "status_url": inbox.url}},
            report.step(),
        ],
        says=[speech(1.5), silence()],
    )
    said = report.wait()
    phone.wait_ended()
    assert said["record_result"] == "success"
    finished = inbox.wait_for("finished")
    assert finished["url"] == said["record_url"]
    assert finished["duration"] == pytest.approx(2.3, abs=0.6)


def test_record_ends_with_a_terminator(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.call(
        [*SETTLED, {"record": {"status_url": inbox.url}}, report.step()], says=tone(440)
    )
    inbox.wait_for("recording")
    phone.press("#")
    assert report.wait()["record_result"] == "success"
    world.listen_to(inbox.wait_for("finished"))


def test_send_digits_are_heard_at_the_other_end(world: World) -> None:
    """Every key there is; the step lasts as long as the keys and the pauses between them."""
    sent, heard = world.report(), world.report()
    keys = prompt("silence:0.1", max_digits=16, initial_timeout=20, digit_timeout=4)
    numbers = world.join(
        [
            *SETTLED,
            {"sleep": 700},
            sent.step("before"),
            {"send_digits": {"digits": "123W4567w890*#ABCD"}},
            sent.step("after"),
            {"set": {"wrong": "1x"}},
            {"send_digits": "${wrong}"},
            sent.step("wrong"),
            STAY,
        ],
        [{"answer": {}}, keys, heard.step(), STAY],
    )
    assert heard.wait(within=30)["prompt_value"] == "1234567890*#ABCD"
    assert sent.wait("after", within=20)["send_digits_result"] == "success"
    lasted = sent.wait_hit("after").at - sent.wait_hit("before").at
    assert lasted > 1.5 + 16 * 0.4, "a second and a half of pauses, and the keys"
    assert sent.wait("wrong")["send_digits_result"] == "failed"
    world.switch.hang_up_all()
    world.switch.wait_ending(numbers[0], within=20)
