"""Recordings controlled from outside: started, paused in both manners, resumed, stopped."""

import time

import pytest
from worlds.audio import AUDIBLE
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually, remain
from worlds.world import World

PARTY = 440
PAUSE_EXACT = 0.05
"""Seconds by which a pause in the file may be longer or shorter than it was."""


def pass_time(seconds: float) -> None:
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= until, what="the time")


def test_a_pause_is_left_out_or_silent_to_the_frame(world: World) -> None:
    inbox, rest = world.inbox(), Rest(world.adapter.url)
    names = ("whole", "skip", "silence")
    phone = world.call([*SETTLED, *(record(inbox, name) for name in names), STAY], says=tone(PARTY))
    call_id = inbox.wait_for("recording", control_id="silence")["call_id"]
    pass_time(0.5)
    began, ended = {}, {}
    for name in names[1:]:
        began[name] = rest.do("calling.record.pause", call_id, control_id=name, behavior=name)
    for name in names[1:]:
        paused = inbox.wait_for("paused", control_id=name)
        assert paused["pause_behavior"] == name
    remain(lambda: inbox.states("skip")[-1] == "paused", during=1.0)
    for name in names[1:]:
        ended[name] = rest.do("calling.record.resume", call_id, control_id=name)
    pass_time(0.5)
    for name in names:
        rest.do("calling.record.stop", call_id, control_id=name)
    phone.hang_up()
    files = {name: world.listen_to(inbox.wait_for("finished", control_id=name)) for name in names}
    for name in names[1:]:
        told = ["recording", "paused", "recording", "finished"]
        assert inbox.states(name) == told
    pauses = {name: ended[name].middle - began[name].middle for name in began}
    whole = files["whole"].seconds
    world.assert_lasts(whole - files["skip"].seconds, pauses["skip"], PAUSE_EXACT)
    world.assert_lasts(files["skip"].seconds_of(PARTY), files["skip"].seconds, 0.1)
    world.assert_lasts(files["silence"].seconds, whole, PAUSE_EXACT)
    silent = files["silence"].seconds - files["silence"].seconds_audible()
    world.assert_lasts(silent, pauses["silence"], PAUSE_EXACT)
    start = (files["silence"].seconds - pauses["silence"]) / 2
    middle = files["silence"].between(start + 0.1, start + pauses["silence"] - 0.1)
    assert middle.rms() < AUDIBLE


@pytest.mark.parametrize("shape", ["record.audio", "audio"])
def test_a_recording_is_started_in_every_shape(world: World, shape: str) -> None:
    inbox, rest = world.inbox(), Rest(world.adapter.url)
    started = world.inbox()
    world.call([*SETTLED, record(started), STAY], says=tone(PARTY))
    call_id = started.wait_for("recording")["call_id"]
    audio = {"format": "wav", "stereo": True, "direction": "both", "end_silence_timeout": 0}
    params = {"record": {"audio": audio}} if shape == "record.audio" else {"audio": audio}
    leg = rest.do("calling.record", call_id, control_id="r1", status_url=inbox.url, **params).body
    assert (leg["id"], leg["status"]) == (call_id, "answered")
    inbox.wait_for("recording", control_id="r1")
    again = rest.ask("calling.record", call_id, control_id="r1", **params)
    assert (again.status, *again.error) == (422, "invalid_parameter", "control_id")
    pass_time(0.5)
    rest.do("calling.record.stop", call_id, control_id="r1")
    finished = inbox.wait_for("finished")
    recording = world.listen_to(finished)
    assert recording.channels == 2
    assert recording.seconds_of(PARTY) > 0.4


def test_a_length_counts_what_is_recorded_not_what_was_skipped(world: World) -> None:
    inbox, rest = world.inbox(), Rest(world.adapter.url)
    world.call([*SETTLED, record(inbox, "r", max_length=1.2), STAY], says=tone(PARTY))
    call_id = inbox.wait_for("recording")["call_id"]
    rest.do("calling.record.pause", call_id, control_id="r", behavior="skip")
    inbox.wait_for("paused")
    remain(lambda: inbox.states() == ["recording", "paused"], during=5.2, what="the pause")
    rest.do("calling.record.resume", call_id, control_id="r")
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 1.2)
