"""calling.play: every shape of an item, loops, and what may be done while it plays."""

import pytest

TTS = {"type": "tts", "params": {"text": "hi"}}


def played(world):
    """What was run on the call, once all is over."""
    world.wait_until(lambda: world.control.plays.find("p").over)
    return world.call.done


def states(world):
    return [params["state"] for _, _, params in world.told]


@pytest.mark.parametrize(
    ("item", "done"),
    [
        (TTS, "playback tts://flite|kal|hi"),
        ({"type": "tts", "text": "hi"}, "playback tts://flite|kal|hi"),
        (
            {"type": "tts", "params": {"text": "a@@b", "voice": "slt"}},
            "playback tts://flite|slt|a@ @ b",
        ),
        (
            {"type": "audio", "params": {"url": "http://h/a.wav"}},
            "playback Web(url='http://h/a.wav')",
        ),
        ({"type": "audio", "url": "http://h/a.wav"}, "playback Web(url='http://h/a.wav')"),
        ({"type": "silence", "params": {"duration": 1}}, "playback Silence(seconds=1.0)"),
        (
            {"type": "ringtone", "params": {"name": "US", "duration": 2}},
            "playback Ring(country='us', seconds=2.0)",
        ),
        (
            {"type": "ringtone", "params": {"name": "at"}},
            "playback Ring(country='at', seconds=None)",
        ),
    ],
    ids=str,
)
def test_every_shape_of_an_item(world, item, done):
    answer = world.ask("calling.play", control_id="p", play=[item], status_url="http://h/s")
    assert answer.status_code == 200, answer.text
    assert played(world) == [done]
    assert states(world) == ["playing", "finished"]
    assert world.told[0] == (
        "http://h/s",
        "calling.call.play",
        {"control_id": "p", "state": "playing"},
    )


def test_voice_and_loops_hold_for_all(world):
    world.ask("calling.play", control_id="p", play=[TTS, TTS], voice="slt", loop=2, volume=-8)
    once = [
        "uuid_audio call-1 start write level -3",
        "playback tts://flite|slt|hi",
        "uuid_audio call-1 stop",
    ]
    assert played(world) == once * 4


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, ("missing_required_parameter", "play")),
        ({"play": []}, ("invalid_parameter", "play")),
        ({"play": [{"type": "film"}]}, ("invalid_parameter", "play[0].type")),
        ({"play": [{}]}, ("missing_required_parameter", "play[0].type")),
        ({"play": [TTS, {"type": "tts"}]}, ("missing_required_parameter", "play[1].text")),
        (
            {"play": [{"type": "audio", "params": {}}]},
            ("missing_required_parameter", "play[0].params.url"),
        ),
        (
            {"play": [{"type": "audio", "params": {"url": "/etc/passwd"}}]},
            ("invalid_parameter", "play[0].params.url"),
        ),
        (
            {"play": [{"type": "audio", "params": {"url": "say:hi"}}]},
            ("invalid_parameter", "play[0].params.url"),
        ),
        (
            {"play": [{"type": "ringtone", "params": {"name": "mars"}}]},
            ("invalid_parameter", "play[0].params.name"),
        ),
        (
            {"play": [{"type": "silence", "params": {"duration": 1e9}}]},
            ("invalid_parameter", "play[0].params.duration"),
        ),
        ({"play": [TTS], "volume": 99}, ("invalid_parameter", "volume")),
        ({"play": [TTS], "loop": -1}, ("invalid_parameter", "loop")),
        ({"play": [TTS], "direction": "speak"}, ("cannot_process", None)),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, params, error):
    assert world.error("calling.play", **params) == error
    assert world.call.done == []


def test_nothing_that_can_be_heard_is_an_error(world):
    lost = {"type": "audio", "url": "http://h/lost.wav"}
    world.ask("calling.play", control_id="p", play=[lost, lost], loop=0)
    played(world)
    assert states(world) == ["playing", "error"]
    world.told.clear()
    world.ask("calling.play", control_id="p", play=[lost, TTS])
    played(world)
    assert states(world) == ["playing", "finished"]


def test_it_is_paused_and_stopped_while_it_plays(world):
    world.call.endless = True
    world.ask("calling.play", control_id="p", play=[TTS, TTS], loop=0)
    world.wait_until(lambda: world.call.innermost)
    assert world.error("calling.play", control_id="p", play=[TTS]) == (
        "invalid_parameter",
        "control_id",
    )
    for command in ("pause", "pause", "resume", "resume", "pause", "stop"):
        world.ask(f"calling.play.{command}", control_id="p")
    assert played(world) == [
        "playback tts://flite|kal|hi",
        *["uuid_fileman call-1 pause"] * 3,
    ]
    assert states(world) == ["playing", "paused", "playing", "paused", "finished"]


def test_what_another_sound_plays_over_cannot_be_paused(world):
    world.call.endless = True
    for name in ("p", "over"):
        world.ask("calling.play", control_id=name, play=[TTS])
        world.wait_until(lambda: world.call.innermost)
    world.call.innermost = "another one's"
    assert world.error("calling.play.pause", control_id="p") == ("cannot_process", None)
    assert world.error("calling.play.volume", control_id="p") == (
        "missing_required_parameter",
        "volume",
    )
    for name in ("p", "over"):
        world.ask("calling.play.stop", control_id=name)
        world.wait_until(lambda: world.control.plays.find("p").over)


def test_there_is_a_limit_to_sounds_inside_each_other(world):
    world.call.endless = True
    for _ in range(8):
        assert world.ask("calling.play", play=[TTS]).status_code == 200
    assert world.error("calling.play", play=[TTS]) == ("cannot_process", None)


@pytest.mark.parametrize("command", ["pause", "resume", "stop"])
def test_an_unknown_play(world, command):
    assert world.error(f"calling.play.{command}", control_id="none") == (
        "invalid_parameter",
        "control_id",
    )
