"""say_voice, say_language, say_gender, volume (play, prompt), voice (pay): who speaks, how loud."""

import math

import pytest
from worlds.sounds import tone, wav_bytes
from worlds.steps import SETTLED, play
from worlds.world import World, documents_by_number

VOICES = {"german": 700, "man": 1100, "woman": 1500, "salli": 1900}
"""Who speaks, and the tone of which everything that they say consists."""

RULES = [
    {"say_voice": "Polly.*", "voice": "salli"},
    {"say_language": "de", "voice": "german"},
    {"say_gender": "male", "voice": "man"},
    {"say_gender": "female", "voice": "woman"},
]

NOBODY = [
    {"say_voice": "no voice", "engine": "flite", "voice": "nobody"},
    {"say_voice": "no engine", "engine": "nobody", "voice": "kal"},
]
"""What the settings name and the switch does not have."""

RENDER = ["sh", "-c", 'cat >/dev/null; cp "$1" "$2"', "sh", "{voice}.wav", "{file}"]


def prompt(sound: str, **parameters: object) -> dict[str, object]:
    return {"prompt": {"play": sound, "initial_timeout": 0, **parameters}}


def test_who_speaks_and_how_loud(world: World) -> None:
    """The first rule that fits; a parameter before the variable; the same for both methods."""
    for name, hz in VOICES.items():
        body = wav_bytes(tone(hz, seconds=0.5, peak=8000))
        (world.folder / f"{name}.wav").write_bytes(body)
    render = [part.replace("{voice}", f"{world.folder}/{{voice}}") for part in RENDER]
    rules = [*NOBODY, *({**rule, "engine": "render"} for rule in RULES)]
    report = world.report()
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "speech": {"voices": rules, "render": {"command": render}},
        }
    )
    pay = {"payment_connector_url": "http://127.0.0.1:9/", "timeout": 1}
    paying = [
        world.call([{"pay": {**pay, **wish}}], adapter=adapter)
        for wish in ({"language": "de-DE", "voice": "man"}, {"voice": "man"}, {"voice": "Polly.A"})
    ]
    phone = world.run(
        [
            *SETTLED,
            play("say:no voice", say_voice="no voice"),
            report.step("voice"),
            play("say:no engine", say_voice="no engine"),
            report.step("engine"),
            play("say:eins", say_language="de-AT", say_gender="male"),
            prompt("say:two", say_gender="male", say_language="en-US"),
            {"set": {"say_gender": "female", "say_language": "en-GB"}},
            prompt("say:three"),
            prompt("say:four", say_voice="Polly.Salli", volume=-12),
        ],
        adapter=adapter,
    )
    for missing in ("voice", "engine"):
        assert report.wait(missing)["play_result"] == "failed", missing
        assert "relay_script_method_execute_failed" in report.wait(missing)["script_error"]
    heard = phone.hear()
    begins = [heard.start_of(hz) for hz in VOICES.values()]
    assert None not in begins
    assert begins == sorted(begins)  # type: ignore[type-var]
    for hz in VOICES.values():
        world.assert_lasts(heard.seconds_of(hz), 0.5)
    loud, soft = (
        heard.between(begin + 0.15, begin + 0.35).level(hz)
        for hz, begin in zip(VOICES.values(), begins, strict=True)
        if hz in (1500, 1900) and begin is not None
    )
    assert 20 * math.log10(soft / loud) == pytest.approx(-12, abs=1.5)
    for payer, hz in zip(paying, (700, 1100, 1900), strict=True):
        payer.wait_ended()
        assert payer.hear().seconds_of(hz) > 0.4
