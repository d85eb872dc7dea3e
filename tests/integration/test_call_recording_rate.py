"""A call whose codec gets another rate while it is recorded: it sounds right, and is as long."""

import time

import pytest
from worlds.codec_phone import L16, PCMU, CodecPhone
from worlds.sounds import tone
from worlds.steps import SETTLED, play, record
from worlds.waiting import eventually
from worlds.world import World, http_get

PARTY, PLAYED = 440, 1000
"""What the party says and what is played to it, in Hz; half of it is how it must not sound."""

NAMES = ("stereo", "speak", "mp3", "mp4")

LATE = 0.4
"""Seconds between what the test sees and what the switch did; the wrong speed makes 1.5 s."""


def rate_changes(world: World) -> dict[str, float]:
    lines = http_get(f"{world.adapter.url}/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("swml_recording_rate_changes_total{")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in found}


def test_a_change_of_rate_is_not_heard(world: World) -> None:
    if not world.switch.real:
        pytest.skip("the simulated switch has one codec")
    inbox, before = world.inbox(), rate_changes(world)
    phone = world.call(
        [
            *SETTLED,
            record(inbox, "stereo", stereo=True),
            record(inbox, "speak", direction="speak"),
            record(inbox, "mp3", format="mp3", direction="speak"),
            record(inbox, "mp4", format="mp4", direction="speak"),
            play(world.sound(tone(PLAYED, seconds=60))),
        ],
        says=tone(PARTY),
        changes_codec=True,
    )
    assert isinstance(phone, CodecPhone)
    inbox.wait_for("recording", control_id="stereo")
    began = time.monotonic()
    inbox.wait_for("recording", control_id="mp4")
    phone.wait_played(1)
    for changes, codec in enumerate((L16, PCMU), 1):
        phone.change(codec)
        wait_told(world, 3 * changes + 1)
        phone.wait_played(1.5)
    phone.hang_up()
    lasted = time.monotonic() - began

    every = {name: inbox.wait_for("finished", control_id=name) for name in NAMES}
    for name, channel, hz in (("stereo", 0, PARTY), ("stereo", 1, PLAYED), ("speak", 0, PARTY)):
        recording = world.listen_to(every[name])
        assert recording.rate == 8000
        world.assert_lasts(recording.seconds, lasted, LATE)
        world.assert_lasts(recording.seconds_of(hz, channel=channel), lasted, LATE + 0.2)
        assert recording.seconds_with(hz / 2, channel=channel) < 0.4
    world.assert_lasts(every["mp3"]["duration"], lasted, LATE)
    assert every["mp4"]["duration"] > lasted + 1, "it plays on slowly: as long as the file says"
    for name in NAMES:
        assert inbox.states(name) == ["recording", "finished"]
    after = rate_changes(world)
    assert after["continued"] - before.get("continued", 0) == 6
    assert after["slowed"] - before.get("slowed", 0) == 1


def wait_told(world: World, times: int) -> None:
    """Until so many parts have begun; the MP4 has one."""

    def look() -> bool:
        log = [each["event"] for each in world.log_events()]
        return log.count("the call's rate changed") == times

    eventually(look, what=f"{times} changes of rate")
