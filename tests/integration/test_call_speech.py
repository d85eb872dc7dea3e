"""prompt, by word of mouth: words end it, cut its sounds off, and race with keys."""

import pytest
from worlds.sounds import clip, silence, speech, tone
from worlds.steps import SETTLED, play, sleep
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

RECOGNISER = {"recogniser": {"engine": "worlds.recogniser:by_length"}}


def prompt(*sounds: str, **parameters: object) -> dict[str, object]:
    return {"prompt": {"play": list(sounds), **parameters}}


@pytest.fixture
def listening(world: World):
    """An adapter that understands the length of what is said."""
    return world.start_adapter({"swml": documents_by_number(world.receiver), **RECOGNISER})


def test_words_cut_the_sounds_off_and_end_with_silence(world: World, listening) -> None:
    report, inbox = world.report(), world.inbox()
    phone = world.call(
        [
            *SETTLED,
            prompt(
                world.sound(tone(600, seconds=9)),
                speech_end_timeout=0.6,
                speech_timeout=9,
                status_url=inbox.url,
            ),
            report.step(),
        ],
        says=[silence(1.2), speech(0.7), silence()],
        adapter=listening,
    )
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("match_speech", "1 words")
    assert said["prompt_speech_confidence"] == 0.75
    phone.wait_ended()
    assert phone.hear().seconds_of(600) < 6
    assert eventually(lambda: inbox.events)[0]["params"]["result"] == {
        "type": "speech",
        "params": {"text": "1 words", "confidence": 0.75},
    }
    eventually(lambda: not list((listening.recordings / "sounds").glob("heard-*")))


def test_the_language_that_was_asked_for(world: World, listening) -> None:
    """A language alone asks for words; an engine alone does not."""
    report = world.report()
    world.run(
        [
            *SETTLED,
            prompt("silence:0.1", speech_language="de-CH", speech_engine="Deepgram"),
            report.step("words"),
            prompt("silence:0.1", speech_engine="Deepgram", initial_timeout=2.5),
            report.step("keys"),
        ],
        says=[silence(1.2), speech(0.7), silence(1.5), speech(0.7), silence()],
        adapter=listening,
    )
    said = report.wait("words")
    assert (said["prompt_result"], said["prompt_value"]) == ("match_speech", "1 words of de-CH")
    assert report.wait("keys")["prompt_result"] == "no_input"


def test_nobody_says_anything(world: World, listening) -> None:
    report = world.report()
    world.run(
        [
            *SETTLED,
            prompt("silence:0.1", speech_timeout=5, initial_timeout=0.7, max_digits=1),
            report.step(),
        ],
        adapter=listening,
    )
    assert report.wait()["prompt_result"] == "no_input"


def test_a_speech_that_does_not_end_is_long_enough(world: World, listening) -> None:
    """And one that begins just before the time is over is waited for."""
    report = world.report()
    world.run(
        [
            *SETTLED,
            prompt("silence:0.1", speech_timeout=1.2, initial_timeout=1.2, max_digits=1),
            report.step(),
        ],
        says=[silence(0.9), tone(500, seconds=20)],
        adapter=listening,
    )
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("match_speech", "1 words")


def test_a_key_is_faster_than_a_word(world: World, listening) -> None:
    report = world.report()
    phone = world.call(
        [
            *SETTLED,
            prompt(
                world.sound(tone(600, seconds=9)), speech_timeout=5, max_digits=2, digit_timeout=2
            ),
            report.step(),
        ],
        adapter=listening,
    )
    phone.wait_heard(600)
    phone.press("42")
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("match_digits", "42")
    phone.wait_ended()
    assert phone.hear().seconds_of(600) < 6


def test_a_hangup_ends_the_listening(world: World, listening) -> None:
    phone = world.call(
        [*SETTLED, prompt(world.sound(tone(600, seconds=9)), speech_timeout=5)], adapter=listening
    )
    phone.wait_heard(600)
    phone.hang_up()
    phone.wait_ended()
    eventually(lambda: not list((listening.recordings / "sounds").glob("heard-*")), within=15)


def test_words_are_understood(world: World) -> None:
    """A voice of the switch says what a phone then says: by telephone, twice."""
    pytest.importorskip("pocketsphinx")
    if not world.switch.real:
        pytest.skip("the simulated switch speaks no words")
    first = world.run(
        [*SETTLED, play("say:billing department", "silence:0.5", say_voice="rms"), sleep(0.2)]
    )
    heard = first.hear()
    report = world.report()
    world.run(
        [
            *SETTLED,
            prompt(
                "silence:0.1",
                speech_hints=["sales", "Billing Department", "support", "operator"],
                speech_end_timeout=1,
            ),
            report.step(),
        ],
        says=[silence(0.5), clip(heard.samples[0]), silence()],
    )
    said = report.wait()
    assert (said["prompt_result"], said["prompt_value"]) == ("match_speech", "billing department")
    assert float(said["prompt_speech_confidence"]) > 0.3
