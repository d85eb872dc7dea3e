"""detect_machine on a call, in the foreground and the background; denoise."""

from collections.abc import Sequence

import numpy as np
import pytest
from worlds.audio import Audio
from worlds.phones import Phone
from worlds.rest import Rest
from worlds.sounds import NOISE_PEAK, Sound, noisy, silence, speech, tone
from worlds.steps import SETTLED, STAY, play, record
from worlds.waiting import eventually
from worlds.world import World


@pytest.mark.parametrize(
    ("says", "result"),
    [
        ([silence(1), speech(0.5), silence()], "human"),
        ([silence(0.5), speech(20)], "machine"),
        ([silence(1), tone(2100, seconds=3), silence()], "fax"),
        ([silence()], "unknown"),
    ],
    ids=["human", "machine", "fax", "unknown"],
)
def test_who_has_answered(world: World, says: Sequence[Sound], result: str) -> None:
    report, inbox = world.report(), world.inbox()
    world.run(
        [
            {"detect_machine": {"initial_timeout": 2.5, "status_url": inbox.url}},
            report.step(),
        ],
        says=says,
    )
    said = report.wait()
    assert said["detect_result"] == result
    assert 200 < said["detect_ms"] < 6000
    eventually(lambda: len(inbox.events) == 2)
    first, last = (event["params"]["detect"] for event in inbox.events)
    named = {"fax": ("fax", "CED")}.get(result, ("machine", result.upper()))
    assert (first["type"], first["params"]["event"]) == named
    assert last["params"]["event"] == "finished"


WORD = [silence(0.5), speech(0.6), silence()]
TWO_WORDS = [silence(0.5), speech(0.4), silence(0.3), speech(0.4), silence()]
CALLING_FAX = [silence(0.5), tone(1100, seconds=4), silence()]
CALLED_FAX = [silence(0.5), tone(2100, seconds=4), silence()]

DECIDED = {
    "the voice": (WORD, {"machine_voice_threshold": 0.3}, "machine"),
    "the words": (TWO_WORDS, {"machine_words_threshold": 2}, "machine"),
    "another tone": (CALLING_FAX, {"tone": "CNG"}, "fax"),
    "not that tone": (CALLING_FAX, {"tone": "CED", "initial_timeout": 2}, "unknown"),
    "no fax": (CALLED_FAX, {"detectors": "amd", "initial_timeout": 2}, "unknown"),
    "no person": (WORD, {"detectors": "fax", "timeout": 3}, "unknown"),
    "soon": (WORD, {"end_silence_timeout": 0.4}, "human"),
    "late": (WORD, {"end_silence_timeout": 2.4}, "human"),
}
"""Who answers, what the document says of the detection, and what comes of it."""


def test_what_decides_is_what_the_document_says(world: World) -> None:
    """Each of the parameters alone makes something else of the same party."""
    report, told = world.report(), {}
    for name, (says, parameters, _) in DECIDED.items():
        world.call([{"detect_machine": parameters}, report.step(name)], says=says)
    world.call([{"detect_machine": {"detectors": "words"}}, report.step("no detector")])
    assert report.wait("no detector")["detect_result"] == "failed"
    for name, (_, _, result) in DECIDED.items():
        told[name] = report.wait(name, within=20)
        assert told[name]["detect_result"] == result, name
    for early, late in (("soon", "late"), ("the voice", "soon"), ("the words", "no person")):
        assert told[early]["detect_ms"] < told[late]["detect_ms"], (early, late)
    later = (told["late"]["detect_ms"] - told["soon"]["detect_ms"]) / 1000
    world.assert_lasts(later, 2, 0.3)


def test_a_message_is_left_after_the_beep(world: World) -> None:
    """In the background too; the script goes on meanwhile."""
    report, inbox = world.report(), world.inbox()
    greeting = [silence(0.5), speech(2), silence(0.4), tone(1000, seconds=0.4), silence()]
    world.run(
        [
            {"detect_machine": {"detect_message_end": True, "machine_ready_timeout": 3}},
            report.step(),
            play("silence:0.1"),
        ],
        says=greeting,
    )
    said = report.wait()
    assert (said["detect_result"], said["detect_machine_beep"]) == ("machine", True)
    phone = world.call(
        [
            {
                "detect_machine": {
                    "wait": False,
                    "detect_message_end": True,
                    "machine_ready_timeout": 3,
                    "status_url": inbox.url,
                }
            },
            report.step("meanwhile"),
            STAY,
        ],
        says=greeting,
    )
    assert report.wait("meanwhile")["detect_result"] == "detecting"
    eventually(lambda: len(inbox.events) == 3)
    told = [event["params"]["detect"]["params"] for event in inbox.events]
    assert [one["event"] for one in told] == ["MACHINE", "READY", "finished"]
    assert told[1]["beep"] is True
    phone.hang_up()


def test_denoise_and_stop_denoise(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    world.run(
        [
            *SETTLED,
            record(inbox, "a"),
            "denoise",
            report.step("on"),
            play("silence:0.5"),
            "stop_denoise",
            report.step("off"),
        ],
        says=speech(),
    )
    assert report.wait("on")["denoise_result"] == "on"
    assert report.wait("off")["denoise_result"] == "off"


SAID = 1000
"""Hz of the tone that is said in noise."""

NOISE = NOISE_PEAK / 3**0.5
"""Root mean square of that noise."""


def levels(audio: Audio) -> tuple[float, float]:
    """How loud the tone is, and how loud it is between tones."""
    frames = [audio.between(at, at + 0.02) for at in np.arange(0.0, audio.seconds - 0.02, 0.02)]
    loud = [frame.rms() for frame in frames if frame.level(SAID) > 2000]
    between = [frame.rms() for frame in frames if frame.level(SAID) < 1000]
    return float(np.median(loud)), float(np.median(between))


def test_denoise_as_it_is_heard(world: World) -> None:
    """White noise between tones, at the other end and in a recording: before, with and after."""
    if not world.switch.real:
        pytest.skip("the simulated switch takes no noise out")
    inbox, report, rest = world.inbox(), world.report(), Rest(world.adapter.url)
    bob = world.somebody()
    steps = [*SETTLED, record(inbox, "all"), report.step(), {"connect": {"to": bob.uri}}]
    world.call(steps, says=noisy(SAID))
    call_id, far = report.wait_hit().json["call"]["call_id"], bob.wait_call()
    begun = hear_more(far, 1)
    rest.do("calling.denoise", call_id)
    learnt = hear_more(far, 1.8)
    ended = hear_more(far, 1)
    rest.do("calling.denoise.stop", call_id)
    stopped = hear_more(far, 0.4)
    end = hear_more(far, 1)
    heard = far.hear()
    far.hang_up()
    spans = ((begun - 1, begun), (learnt, ended), (stopped, end))
    before, during, after = (levels(heard.between(*span)) for span in spans)
    assert before[1] == pytest.approx(NOISE, rel=0.15)
    assert after[1] == pytest.approx(NOISE, rel=0.15)
    assert during[1] < before[1] / 3, "at least 10 dB softer"
    assert during[0] == pytest.approx(before[0], rel=0.1), "and the tone is as loud"
    recorded = world.listen_to(inbox.wait_ended("all"))
    softest = min(levels(recorded.between(at, at + 1))[1] for at in range(int(recorded.seconds)))
    assert softest < before[1] / 3, "also in a recording that began before"


def hear_more(phone: Phone, seconds: float) -> float:
    """Until the phone has heard so much more; how much that is in all."""
    wanted = phone.hear().seconds + seconds
    eventually(lambda: phone.hear().seconds >= wanted, what=f"{wanted} s of sound")
    return phone.hear().seconds
