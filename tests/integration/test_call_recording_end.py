"""What ends a recording of record_call, and what is told of it."""

import re

import pytest
from worlds.sounds import silence, speech, tone
from worlds.steps import SETTLED, STAY, play, record, sleep, stop
from worlds.waiting import eventually, remain
from worlds.world import World

FILE_NAME = re.compile(r"[0-9a-f-]{36}\.(wav|mp3|mp4)")


def test_a_terminator_ends_it_and_other_digits_do_not(world: World) -> None:
    inbox = world.inbox()
    phone = world.call(
        [*SETTLED, record(inbox, "ends", terminators="#*"), record(inbox, "stays"), STAY]
    )
    inbox.wait_for("recording", control_id="stays")
    phone.press("5")
    remain(lambda: inbox.states("ends") == ["recording"], during=0.6, what="the recording")
    phone.press("#")
    inbox.wait_for("finished", control_id="ends")
    remain(lambda: inbox.states("stays") == ["recording"], during=0.3, what="the other one")
    phone.hang_up()
    stays = inbox.wait_for("finished", control_id="stays")
    ends = inbox.wait_for("finished", control_id="ends")
    assert ends["duration"] < stays["duration"]
    world.listen_to(ends)


def test_silence_from_the_beginning_is_no_input(world: World) -> None:
    inbox = world.inbox()
    world.run(
        [
            *SETTLED,
            record(inbox, "mono", direction="speak", initial_timeout=0.7),
            record(inbox, "stereo", direction="speak", stereo=True, initial_timeout=1.0),
            record(inbox, "untimed", direction="speak"),
            sleep(1.5),
        ],
        says=silence(),
    )
    for name, seconds in (("mono", 0.7), ("stereo", 1.0)):
        ended = inbox.wait_ended(name)
        assert ended["state"] == "no_input", name
        world.assert_lasts(world.listen_to(ended).seconds, seconds, 0.15)
    assert inbox.wait_ended("untimed")["state"] == "finished"


def test_who_speaks_in_time_is_recorded(world: World) -> None:
    inbox = world.inbox()
    world.run(
        [*SETTLED, record(inbox, direction="speak", initial_timeout=0.7), sleep(1.5)],
        says=speech(),
    )
    ended = inbox.wait_ended()
    assert ended["state"] == "finished"
    world.assert_lasts(ended["duration"], 1.5, 0.15)


def test_silence_after_speech_ends_it(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    world.run(
        [
            *SETTLED,
            record(inbox, "mono", direction="speak", end_silence_timeout=0.6),
            record(inbox, "stereo", direction="speak", stereo=True, end_silence_timeout=0.6),
            report.step("started"),
            sleep(2.2),
        ],
        says=[speech(1.3), silence()],
    )
    report.wait("started")
    for name in ("mono", "stereo"):
        ended = inbox.wait_ended(name)
        recording = world.listen_to(ended)
        assert ended["state"] == "finished"
        assert recording.between(-0.5).seconds_audible() == 0, name
        assert recording.seconds_audible() > 0.5, name
        world.assert_lasts(recording.seconds, 1.0 + 0.6, 0.25)


def test_max_length_is_kept_to_a_tenth_of_a_second(world: World) -> None:
    inbox = world.inbox()
    lengths = {"half": 0.5, "one": 1.0, "more": 1.5}
    world.run(
        [
            *SETTLED,
            *(record(inbox, name, max_length=seconds) for name, seconds in lengths.items()),
            sleep(2),
        ],
        says=tone(440),
    )
    for name, seconds in lengths.items():
        recording = world.listen_to(inbox.wait_for("finished", control_id=name))
        world.assert_lasts(recording.seconds, seconds)


def test_the_callers_hangup_finishes_it(world: World) -> None:
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], says=tone(440))
    inbox.wait_for("recording")
    remain(lambda: not phone.ended, during=0.8)
    phone.hang_up()
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 0.8, 0.25)
    assert recording.seconds_of(440) > recording.seconds - 0.1


@pytest.mark.parametrize("ending", [["hangup"], []], ids=["hangup", "end of the script"])
def test_the_scripts_end_finishes_it(world: World, ending: list[str]) -> None:
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.8), *ending], says=tone(440))
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 0.8)


def test_a_stop_right_after_the_start_leaves_a_valid_file(world: World) -> None:
    inbox = world.inbox()
    names = ["mono", "stereo", "again"]
    world.run(
        [
            *SETTLED,
            *(
                step
                for name in names
                for step in (record(inbox, name, stereo=name == "stereo"), stop(name))
            ),
        ]
    )
    for name in names:
        finished = inbox.wait_for("finished", control_id=name)
        recording = world.listen_to(finished)
        world.assert_lasts(recording.seconds, 0, within=0.06)
        assert recording.channels == (2 if name == "stereo" else 1)
        assert inbox.states(name) == ["recording", "finished"]


@pytest.mark.parametrize("form", ["mp3", "mp4"])
def test_a_stop_right_after_the_start_is_finished_in_every_format(world: World, form: str) -> None:
    if form == "mp4" and not world.switch.real:
        pytest.skip("the simulated switch has no mod_av")
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox, format=form), "stop_record_call"])
    finished = inbox.wait_for("finished")
    assert finished["duration"] < 0.06
    assert finished["size"] == len(world.fetch_recording(finished)) > 0


def test_the_stop_of_an_unknown_recording_fails_and_the_script_goes_on(world: World) -> None:
    report = world.report()
    phone = world.run(
        [
            stop("nobody"),
            report.step("unknown"),
            record(None, "known"),
            stop("known"),
            report.step("known"),
            play(world.sound(tone(1000, seconds=0.5))),
        ]
    )
    assert report.wait("unknown")["stop_record_call_result"] == "failed"
    assert report.wait("known")["stop_record_call_result"] == "success"
    assert phone.hear().seconds_of(1000) > 0.3


def test_a_control_id_in_use_is_refused_and_the_first_recording_goes_on(world: World) -> None:
    inbox, second, report = world.inbox(), world.inbox(), world.report()
    world.run(
        [
            *SETTLED,
            record(inbox, "same"),
            record(second, "same"),
            report.step(),
            sleep(0.6),
            stop("same"),
        ],
        says=tone(440),
    )
    assert report.wait()["record_call_result"] == "failed"
    error = second.wait_for("error")
    assert error["error"]["code"] == "control_id_in_use"
    assert "same" in error["error"]["message"]
    recording = world.listen_to(inbox.wait_for("finished"))
    world.assert_lasts(recording.seconds, 0.6)
    assert second.states() == ["error"]


def test_a_control_id_can_be_used_again_after_the_end(world: World) -> None:
    inbox = world.inbox()
    rounds = [step for _ in range(2) for step in (record(inbox, "id"), sleep(0.4), stop("id"))]
    world.run([*SETTLED, *rounds])
    eventually(lambda: inbox.states() == ["recording", "finished"] * 2)
    ids = {hit.json["params"].get("recording_id") for hit in inbox.hits} - {None}
    assert len(ids) == 2


@pytest.mark.parametrize("control_id", ["../../etc/x", "a b,c}{d|e!f", "é\u2028${system(id)}"])
def test_a_control_id_is_data_and_never_a_path(world: World, control_id: str) -> None:
    inbox, report = world.inbox(), world.report()
    world.run(
        [
            {"set": {"id": control_id.replace("${", "%{")}},
            *SETTLED,
            record(inbox, control_id.replace("${", "%{")),
            sleep(0.3),
            "stop_record_call",
            report.step(),
        ]
    )
    finished = inbox.wait_for("finished")
    assert finished["control_id"] == report.wait()["record_control_id"]
    assert report.wait()["stop_record_call_result"] == "success"
    world.listen_to(finished)
    names = [path.name for path in world.adapter.recordings.iterdir() if path.is_file()]
    assert all(FILE_NAME.fullmatch(name) for name in names), names


def test_stop_call_record_is_another_name_of_the_stop(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    world.run(
        [
            *SETTLED,
            record(inbox),
            sleep(0.4),
            {"stop_call_record": {}},
            report.step(),
            sleep(0.3),
        ]
    )
    assert report.wait()["stop_record_call_result"] == "success"
    world.assert_lasts(inbox.wait_for("finished")["duration"], 0.4)


def test_the_script_knows_the_recording_while_it_runs(world: World) -> None:
    report = world.report()
    world.run([*SETTLED, record(), report.step(), sleep(0.2)])
    told = report.wait()
    assert told["record_call_result"] == "success"
    assert told["record_call_url"].startswith(world.adapter.url)
    assert told["record_control_id"]
