"""join_conference and join_room: who hears whom, who is told, and what is left when it is over."""

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.audio import Audio
from worlds.receiver import Inbox
from worlds.sounds import silence, tone
from worlds.steps import STAY, play, sleep
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

from adapter.recording.trimming import SILENT_PEAK

BEEPS = (660, 880)


def join(name: str, inbox: Inbox | None = None, **parameters: Any) -> dict[str, Any]:
    told = {"status_callback": inbox.url} if inbox else {}
    return {"join_conference": {"name": name, **told, **parameters}}


def statuses(inbox: Inbox) -> list[str]:
    return [event["params"]["status"] for event in inbox.events]


def wait_status(inbox: Inbox, status: str) -> dict[str, Any]:
    """The `params` of the first event with a status; what two calls tell may change places."""
    found: dict[str, Any] = eventually(
        lambda: next((e["params"] for e in inbox.events if e["params"]["status"] == status), None),
        what=status,
    )
    return found


def test_participants_hear_each_other_and_the_script_goes_on(world: World) -> None:
    name, inbox, report = world.new_number("conference"), world.inbox(), world.report()
    first = world.call([join(name, inbox, beep=False), report.step("first")], says=tone(520))
    eventually(lambda: statuses(inbox) == ["participant-join", "conference-start"])
    after = [report.step("second"), play(world.sound(tone(1500, seconds=0.5)))]
    second = world.call([join(name, beep=False), *after, STAY], says=tone(600))
    first.wait_heard(600, seconds=0.5)
    second.wait_heard(520, seconds=0.5)
    assert first.hear().seconds_with(520) == 0, "nobody hears himself"
    first.hang_up()
    eventually(lambda: statuses(inbox)[-1] == "participant-leave")
    world.switch.api(f"conference {name} kick all")
    assert report.wait("second")["join_conference_result"] == "completed"
    second.wait_heard(1500, seconds=0.3)
    eventually(lambda: statuses(inbox)[-1] == "conference-end")
    assert_told(inbox, name)
    assert not report.hits("first"), "no step runs after the hangup"


def assert_told(inbox: Inbox, name: str) -> None:
    """Both participants' events at the one listener, as documented."""
    assert statuses(inbox) == [
        *("participant-join", "conference-start", "participant-join"),
        *("participant-leave", "participant-leave", "conference-end"),
    ]
    params = [event["params"] for event in inbox.events]
    assert {event["event_type"] for event in inbox.events} == {"calling.conference"}
    assert {each["name"] for each in params} == {name}
    assert len({each["conference_id"] for each in params}) == 1
    assert [each["size"] for each in params] == [1, 1, 2, 1, 0, 0]
    joined = params[0]
    assert (
        joined["muted"] is joined["hold"] is joined["coaching"] is joined["end_on_leave"] is False
    )
    assert joined["start_on_join"] is True
    assert params[2]["call_id"] == params[-1]["call_id"] == params[-1]["call_id_ending_conf"]
    assert params[-1]["reason_ended"] == "last-participant-left"


def test_a_muted_participant_is_not_heard_and_beeps_tell_who_comes(world: World) -> None:
    name, inbox = world.new_number("conference"), world.inbox()
    first = world.call([join(name)], says=tone(520))
    eventually(lambda: count(world, name) == 1)
    second = world.call([join(name, inbox, muted=True, beep="onEnter")], says=tone(600))
    first.wait_heard(*BEEPS)
    second.wait_heard(520, seconds=0.3)
    assert first.hear().seconds_with(600) == 0
    assert eventually(lambda: inbox.events)[0]["params"]["muted"] is True
    world.switch.api(f"conference {name} unmute all")
    first.wait_heard(600, seconds=0.3)
    eventually(lambda: "participant-unmute" in statuses(inbox))
    before = first.hear().seconds_with(550)
    second.hang_up()
    eventually(lambda: count(world, name) == 1)
    assert first.hear().seconds_with(550) == before, "its exit is not beeped"


def count(world: World, name: str) -> int:
    reply = world.switch.api(f"conference {name} get count")
    return int(reply) if reply.isdigit() else 0


def test_who_starts_and_who_ends_a_conference(world: World) -> None:
    name, inbox, report = world.new_number("conference"), world.inbox(), world.report()
    guest = world.call(
        [join(name, inbox, start_on_enter=False, beep=False), report.step(), STAY], says=tone(600)
    )
    guest.wait_heard(440, 480, seconds=0.1)  # the switch's music
    eventually(lambda: statuses(inbox) == ["participant-join"])
    host = world.call([join(name, end_on_exit=True, beep=False)], says=tone(700))
    guest.wait_heard(700, seconds=0.3)
    host.wait_heard(600, seconds=0.3)
    eventually(lambda: "conference-start" in statuses(inbox))
    host.hang_up()
    assert report.wait()["join_conference_result"] == "completed"
    assert not guest.ended
    ended = wait_status(inbox, "conference-end")
    assert statuses(inbox).count("conference-start") == statuses(inbox).count("conference-end") == 1
    assert ended["reason_ended"] == "end-on-exit"
    assert ended["call_id_ending_conf"] != ended["call_id"]


@pytest.mark.parametrize("kind", ["sound", "document"])
def test_what_is_heard_before_the_start(world: World, kind: str) -> None:
    name = world.new_number("conference")
    sound = world.sound(tone(1500, seconds=0.6))
    url = sound if kind == "sound" else world.write_document("waiting", [play(sound), sleep(0.1)])
    guest = world.call([join(name, start_on_enter=False, wait_url=url)], says=tone(600))
    guest.wait_heard(1500, seconds=1.0)
    assert guest.hear().seconds_with(480) == 0, "only that, and no other music"
    world.call([join(name)], says=tone(700))
    guest.wait_heard(700, seconds=0.5)
    before = guest.hear().seconds_of(1500)
    guest.wait_heard(700, seconds=1.5)
    assert guest.hear().seconds_of(1500) == before


def test_a_full_conference_is_not_entered(world: World) -> None:
    name, report = world.new_number("conference"), world.report()
    for _ in range(2):
        world.call([join(name, max_participants=2)])
    eventually(lambda: count(world, name) == 2)
    world.run([join(name, max_participants=2), report.step()])
    told = report.wait()
    assert told["join_conference_result"] == told["return_value"] == "failed"


def test_only_the_one_that_is_coached_hears_the_coach(world: World) -> None:
    name, report = world.new_number("conference"), world.report()
    coached = world.call([report.step(), join(name, beep=False)], says=tone(520))
    call_id = report.wait_hit().json["call"]["call_id"]
    other = world.call([join(name, beep=False)], says=tone(600))
    eventually(lambda: count(world, name) == 2)
    world.call([join(name, coach=call_id, beep=False)], says=tone(700))
    eventually(lambda: coached.hear().seconds_with(700) > 0.5)
    late = world.call([join(name, beep=False)], says=tone(800))
    eventually(lambda: late.hear().seconds_with(600) > 0.5)
    assert other.hear().seconds_with(700) == 0
    assert late.hear().seconds_with(700) < 0.15
    failed = world.report()
    world.run([join(name, coach="nobody"), failed.step()])
    assert failed.wait()["join_conference_result"] == "failed"


def test_a_conference_outlives_the_adapter(world: World) -> None:
    name, inbox, report = world.new_number("conference"), world.inbox(), world.report()
    adapter = start_adapter(world)
    first, second = (
        world.call(
            [join(name, inbox, beep=False), report.step(str(hz)), STAY],
            says=tone(hz),
            adapter=adapter,
        )
        for hz in (440, 600)
    )
    first.wait_heard(600, seconds=0.3)
    adapter.kill()
    heard = first.hear().seconds_with(600)
    eventually(lambda: first.hear().seconds_with(600) > heard + 1, what="the other one")
    adapter.start()
    assert not first.ended
    second.hang_up()
    world.switch.api(f"conference {name} kick all", slot=OTHER)
    assert report.wait("440", within=15)["join_conference_result"] == "completed"
    wait_status(inbox, "conference-end")
    assert statuses(inbox).count("participant-leave") >= 1


def start_adapter(world: World) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver)})


def test_a_room_is_an_audio_conference(world: World) -> None:
    name, report = "room " + world.new_number(), world.report()
    first = world.call([{"join_room": name}, report.step(), STAY], says=tone(520))
    second = world.call([join(name)], says=tone(600))
    first.wait_heard(600, seconds=0.3)
    second.hang_up()
    room = next(
        line.split()[2]
        for line in world.switch.api("conference list").splitlines()
        if "Conference room=20" in line
    )
    world.switch.api(f"conference {room} kick all")
    assert report.wait()["join_room_result"] == "joined"


def test_a_conference_is_recorded_whoever_stays(world: World) -> None:
    name, inbox, told = world.new_number("conference"), world.inbox(), world.inbox()
    asked = {"record": "record-from-start", "recording_status_callback": told.url}
    asked |= {"recording_status_callback_event": "in-progress, completed"}
    first = world.call([join(name, inbox, beep=False, **asked)], says=tone(520))
    second = world.call([join(name, inbox, beep=False, **asked)], says=tone(700))
    eventually(lambda: statuses(told) == ["record-start"])
    first.wait_heard(700, seconds=1)
    first.hang_up()
    eventually(lambda: count(world, name) == 1)
    second.say(silence())
    heard = time.monotonic()
    eventually(lambda: time.monotonic() > heard + 1)
    second.hang_up()
    eventually(lambda: statuses(told) == ["record-start", "record-stop"])
    stopped = told.events[-1]["params"]
    audio = Audio.from_wav(http_get(stopped["recording_url"]).body)
    assert stopped["recording_duration"] == pytest.approx(audio.seconds, abs=0.01)
    assert audio.seconds_with(520) > 0.9
    assert audio.seconds_with(700) > 0.9
    (loud,) = (abs(audio.samples[0]) > SILENT_PEAK).nonzero()
    rest = audio.samples.shape[1] - loud[-1]
    assert max(loud[0], rest) < 0.2 * audio.rate, "without the silence at its ends"
    ended = wait_status(inbox, "conference-end")
    assert ended["recording_url"] == stopped["recording_url"]
    assert ended["recording_file_size"] == stopped["recording_file_size"]


def test_only_the_end_of_a_recording_is_told(world: World) -> None:
    name, told, report = world.new_number("conference"), world.inbox(), world.report()
    others = world.inbox()
    asked: dict[str, Any] = {"record": "record-from-start", "recording_status_callback": told.url}
    asked |= {"recording_status_callback_method": "GET", "status_callback_method": "GET"}
    asked |= {"status_callback_event": "end", "status_callback": others.url}
    step = join(name, recording_status_callback_event="completed", **asked)
    result = {"case": {"completed": [report.step("left")]}, "variable": "return_value"}
    step["join_conference"]["result"] = result
    guest = world.call([step, report.step("after")], says=tone(520))
    other = world.call([join(name)], says=tone(700))
    guest.wait_heard(700, seconds=0.5)
    world.switch.api(f"conference {name} kick all")
    assert report.wait("left")["join_conference_result"] == "completed"
    report.wait("after")
    other.wait_ended()
    for inbox, status in ((told, "record-stop"), (others, "conference-end")):
        (hit,) = eventually(lambda inbox=inbox: inbox.hits)  # type: ignore[misc]
        assert (hit.method, hit.body) == ("GET", b"")
        fields = dict(parse_qsl(urlsplit(hit.path).query))
        assert (fields["status"], fields["name"]) == (status, name)


def test_only_what_was_asked_for_is_told(world: World) -> None:
    name, inbox = world.new_number("conference"), world.inbox()
    asked = {"status_callback_event": "leave hold"}
    first = world.call([join(name, inbox, **asked)])
    eventually(lambda: count(world, name) == 1)
    for command in ("mute", "hold", "unhold"):
        world.switch.api(f"conference {name} {command} all")
    first.hang_up()
    eventually(lambda: statuses(inbox)[-1:] == ["participant-leave"])
    assert statuses(inbox) == ["participant-hold", "participant-unhold", "participant-leave"]
    assert inbox.events[0]["params"]["muted"] is inbox.events[0]["params"]["hold"] is True


def test_who_waits_comes_back_when_the_adapter_dies(world: World) -> None:
    name, sound = world.new_number("conference"), world.sound(tone(1500, seconds=0.6))
    adapter = start_adapter(world)
    steps = [join(name, start_on_enter=False, wait_url=sound, beep=False), STAY]
    guest = world.call(steps, says=tone(600), adapter=adapter)
    guest.wait_heard(1500, seconds=0.5)
    adapter.kill()
    adapter.start()
    host = world.call([join(name, beep=False)], says=tone(700), adapter=adapter)
    guest.wait_heard(700, seconds=0.5, within=15)
    host.wait_heard(600, seconds=0.5)
