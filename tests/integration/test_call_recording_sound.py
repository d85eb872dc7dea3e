"""What record_call puts into its file: who is heard on which channel, in every format."""

import pytest
from worlds.audio import AUDIBLE, Audio
from worlds.sounds import tone
from worlds.steps import SETTLED, play, record, sleep, stop
from worlds.waiting import eventually
from worlds.world import World, http_get

PARTY, PLAYED = 440, 1000
"""What the party says and what is played to it, in Hz."""

DIRECTIONS = {"speak": [PARTY], "listen": [PLAYED], "both": [PARTY, PLAYED]}


def test_stereo_has_the_party_left_and_what_it_hears_right(world: World) -> None:
    inbox = world.inbox()
    world.run(
        [
            *SETTLED,
            record(inbox, stereo=True),
            play(world.sound(tone(PLAYED, seconds=1.5))),
            "stop_record_call",
        ],
        says=tone(PARTY),
    )
    recording = world.listen_to(inbox.wait_for("finished"))
    assert recording.channels == 2
    world.assert_lasts(recording.seconds, 1.5)
    assert recording.seconds_of(PARTY, channel=0) > 1.4
    assert recording.seconds_of(PLAYED, channel=1) > 1.4
    assert recording.seconds_with(PLAYED, channel=0) == 0
    assert recording.seconds_with(PARTY, channel=1) == 0


def test_what_follows_a_spoken_text_is_recorded(world: World) -> None:
    inbox = world.inbox()
    said = play("say:Don't press a key, you can't")
    world.run(
        [*SETTLED, record(inbox, stereo=True), said, sleep(1.5), "stop_record_call"],
        says=tone(PARTY),
    )
    recording = world.listen_to(inbox.wait_for("finished"))
    loud = (abs(recording.channel(1).samples[0]) > 4 * AUDIBLE).nonzero()[0]
    after = recording.seconds - loud[-1] / recording.rate
    assert after > 1.2, "the recording was deaf until the next sound"


def test_direction_and_layout_decide_what_is_heard(world: World) -> None:
    inbox = world.inbox()
    wanted = [(direction, stereo) for direction in DIRECTIONS for stereo in (False, True)]
    names = [f"{direction} {stereo}" for direction, stereo in wanted]
    world.run(
        [
            *SETTLED,
            *(
                record(inbox, name, direction=direction, stereo=stereo)
                for name, (direction, stereo) in zip(names, wanted, strict=True)
            ),
            play(world.sound(tone(PLAYED, seconds=1.2))),
            *(stop(name) for name in names),
        ],
        says=tone(PARTY),
    )
    for name, (direction, stereo) in zip(names, wanted, strict=True):
        recording = world.listen_to(inbox.wait_for("finished", control_id=name))
        assert recording.channels == (2 if stereo else 1), name
        assert 1.1 < recording.seconds < 2, name
        _assert_heard(recording, direction, stereo)


def _assert_heard(recording: Audio, direction: str, stereo: bool) -> None:
    if not stereo:
        assert recording.seconds_of(*DIRECTIONS[direction]) > 1.05, direction
        return
    for channel, hz in enumerate((PARTY, PLAYED)):
        if hz in DIRECTIONS[direction]:
            assert recording.seconds_of(hz, channel=channel) > 1.05, (direction, channel)
        else:
            assert recording.rms(channel) < AUDIBLE, (direction, channel)


def test_the_beep_is_heard_before_the_recording_and_is_not_in_it(world: World) -> None:
    inbox = world.inbox()
    phone = world.run(
        [{"answer": {}}, record(inbox, beep=True), sleep(1), "stop_record_call"],
        says=tone(PARTY),
    )
    world.assert_lasts(phone.hear().seconds_of(1000), 0.25, 0.06)
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 1)
    assert recording.seconds_with(1000) == 0


@pytest.mark.parametrize("stereo", [False, True])
def test_an_mp3_is_as_long_as_the_call(world: World, stereo: bool) -> None:
    inbox = world.inbox()
    phone = world.run(
        [
            *SETTLED,
            record(inbox, format="mp3", stereo=stereo),
            sleep(1.5),
            "stop_record_call",
            play("${record_call_url}"),
        ],
        says=[tone(PARTY, seconds=2.2)],
    )
    finished = inbox.wait_for("finished")
    body = world.fetch_recording(finished)
    assert finished["record"]["format"] == "mp3"
    assert finished["record"]["audio"]["stereo"] is stereo
    assert finished["record"]["size"] == len(body)
    world.assert_lasts(finished["record"]["duration"], 1.5)
    assert http_get(finished["url"]).headers["Content-Type"] == "audio/mpeg"
    assert body[:3] == b"ID3" or (body[0] == 0xFF and body[1] & 0xE0 == 0xE0)
    if world.switch.real:  # a simulated MP3 is mute
        assert phone.hear().seconds_of(PARTY) > 1.2


def test_an_mp4_is_as_long_as_the_call(world: World) -> None:
    if not world.switch.real:
        pytest.skip("the simulated switch has no mod_av")
    inbox = world.inbox()
    phone = world.run(
        [
            *SETTLED,
            record(inbox, format="mp4"),
            sleep(1.5),
            "stop_record_call",
            play("${record_call_url}"),
        ],
        says=[tone(PARTY, seconds=2.2)],
    )
    finished = inbox.wait_for("finished")
    body = world.fetch_recording(finished)
    assert body[4:8] == b"ftyp"
    assert finished["record"]["size"] == len(body)
    world.assert_lasts(finished["record"]["duration"], 1.5)
    assert phone.hear().seconds_of(PARTY) > 1.2


def test_what_was_recorded_can_be_played_straight_after_the_stop(world: World) -> None:
    phone = world.run(
        [
            *SETTLED,
            {"record_call": {"direction": "speak"}},
            sleep(1),
            "stop_record_call",
            play("${record_call_url}"),
        ],
        says=[tone(PARTY, seconds=5)],
    )
    assert phone.hear().seconds_of(PARTY) > 0.85


def test_the_recording_of_an_unanswered_call_answers_it(world: World) -> None:
    inbox = world.inbox()
    phone = world.run([record(inbox), sleep(0.8)], says=tone(PARTY))
    assert phone.answered
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 0.8, 0.15)
    assert recording.seconds_of(PARTY) > 0.5


def test_a_pause_of_the_script_is_in_the_recording_as_silence(world: World) -> None:
    inbox = world.inbox()
    heard = world.sound(tone(PLAYED, seconds=0.4))
    world.run([*SETTLED, record(inbox), play(heard), sleep(0.6), play(heard)])
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 1.4, 0.2)
    world.assert_lasts(recording.seconds_of(PLAYED), 0.8)
    first = recording.start_of(PLAYED)
    assert first is not None
    assert recording.between(first + 0.45, first + 0.95).seconds_audible() == 0
    eventually(lambda: inbox.states() == ["recording", "finished"])


def test_nothing_that_the_party_says_is_lost_where_sounds_begin(world: World) -> None:
    inbox = world.inbox()
    sounds = [world.sound(tone(PLAYED, seconds=0.3)) for _ in range(4)]
    world.run(
        [*SETTLED, record(inbox, direction="speak"), *(play(each) for each in sounds), sleep(0.2)],
        says=tone(PARTY),
    )
    recording = world.listen_to(inbox.wait_for("finished"))
    assert recording.seconds - recording.seconds_audible() < 0.05
