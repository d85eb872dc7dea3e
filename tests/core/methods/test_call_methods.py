"""What each method does to a call, seen as the commands that it sends."""

import pytest

from adapter import methods
from adapter.freeswitch.errors import CallGone, CommandFailed, ReplyTimeout
from adapter.recording.call_recordings import ControlIdInUse
from adapter.recording.refusals import SwitchTooOld
from adapter.sounds.voices import Wish
from adapter.swml.effects import Effect
from adapter.swml.errors import Code, ScriptError

LIMIT = "sched_hangup +14400 call-1 ALLOTTED_TIMEOUT"


def test_catalog_has_what_can_be_performed():
    catalog = methods.catalog()
    for name in ("answer", "hangup", "play", "record_call", "sleep", "stop_record_call"):
        assert catalog.get(name).name == name
    assert catalog.get("stop_call_record").name == "stop_record_call"


def test_an_effect_is_performed_by_its_name(world):
    result = methods.perform(world, Effect("hangup", {"reason": "busy"}))
    assert world.call.done[-1] == "hangup USER_BUSY"
    assert result.ends_script


def test_wrong_parameters_are_a_script_error(world):
    with pytest.raises(ScriptError) as caught:
        methods.perform(world, Effect("sleep", {"duration": "soon"}))
    assert caught.value.code == Code.PARAMETER_INVALID
    assert world.call.done == []


# -- answer --------------------------------------------------------------------------------------


def test_answer_limits_the_call(world):
    assert world.perform("answer").variables == {"answer_result": "success"}
    assert world.call.done == ["uuid_answer call-1", LIMIT]


def test_answer_of_an_answered_call_limits_it_all_the_same(world):
    world.call.answered = True
    world.perform("answer", 60)
    assert world.call.done == ["sched_hangup +60 call-1 ALLOTTED_TIMEOUT"]


def test_codecs_are_chosen_before_the_answer(world):
    world.perform("answer", codecs="PCMU, opus")
    assert world.call.done == [
        "set {'absolute_codec_string': 'PCMU,opus'}",
        "uuid_answer call-1",
        LIMIT,
    ]


def test_codecs_come_too_late_for_an_answered_call(world):
    world.call.answered = True
    world.perform("answer", codecs="PCMU")
    assert world.call.done == [LIMIT]


@pytest.mark.parametrize("codecs", ["PCMU;rm", "${system(x)}", "a b", ",", "PCMU\nexit"])
def test_codecs_are_names(world, codecs):
    with pytest.raises(ScriptError, match="codecs"):
        world.perform("answer", codecs=codecs)
    assert world.call.done == []


# -- hangup and sleep ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("hangup", "NORMAL_CLEARING"),
        ("busy", "USER_BUSY"),
        ("decline", "CALL_REJECTED"),
        ("BUSY", "USER_BUSY"),
        ("other", "NORMAL_CLEARING"),
    ],
)
def test_hangup(world, reason, cause):
    world.call.answered = True
    assert world.perform("hangup", reason).ends_script
    assert world.call.done == [f"hangup {cause}"]


@pytest.mark.parametrize(
    ("duration", "seconds"), [(1500, "1.5"), (0, "0.0"), (-1, "None"), ("250", "0.25")]
)
def test_sleep(world, duration, seconds):
    assert world.perform("sleep", duration).variables == {}
    assert world.call.done == [f"sleep {seconds}"]


@pytest.mark.parametrize(
    ("slept", "duration", "seconds"), [(2, 5000, "3.0"), (9, 5000, "0.0"), (9, -1, "None")]
)
def test_a_sleep_that_is_done_again_after_a_crash_ends_when_it_would_have(
    world, slept, duration, seconds
):
    world.began -= slept
    world.perform("sleep", duration)
    assert world.call.done == [f"sleep {seconds}"]


def test_sleep_by_its_other_name(world):
    world.perform("sleep", time=1000)
    assert world.call.done == ["sleep 1.0"]


# -- play ----------------------------------------------------------------------------------------


def states(world) -> list[str]:
    return [payload["params"]["state"] for _, payload in world.told]


def test_play_answers_and_plays_in_order(world):
    result = world.perform("play", ["say:one", "say:two"])
    assert result.variables == {"play_result": "success"}
    assert result.error is None
    assert world.call.done == ["uuid_answer call-1", "speak one", "speak two"]
    assert world.told == []


def test_play_as_early_media(world):
    world.perform("play", url="say:one", auto_answer=False)
    assert world.call.done == ["pre_answer", "speak one"]


def test_early_media_is_over_once_answered(world):
    world.call.answered = True
    world.perform("play", url="say:one", auto_answer=False)
    assert world.call.done == ["speak one"]


def test_play_tells_its_states(world):
    world.perform("play", url="say:one", status_url="http://h/s")
    assert states(world) == ["playing", "finished"]
    (url, first), (_, last) = world.told
    assert url == "http://h/s"
    assert first["event_type"] == "calling.call.play"
    assert first["params"]["control_id"] == last["params"]["control_id"]


def test_one_sound_that_cannot_be_played_is_left_out(world):
    result = world.perform("play", urls=["http://h/x", "say:two"], status_url="http://h/s")
    assert result.variables == {"play_result": "success"}
    assert result.error is not None
    assert "cannot be fetched" in str(result.error)
    assert world.call.done[-1] == "speak two"
    assert states(world) == ["playing", "finished"]


@pytest.mark.parametrize("urls", [["http://h/x"], ["nonsense"], ["say:missing"]])
def test_play_fails_when_nothing_could_be_played(world, urls):
    world.call.responses["missing"] = "FILE NOT FOUND"
    with pytest.raises(ScriptError) as caught:
        world.perform("play", urls=urls, status_url="http://h/s")
    assert caught.value.code == Code.EXECUTE_FAILED
    assert states(world) == ["playing", "error"]


def test_play_ends_with_the_call(world):
    world.call.gone_at = "speak two"
    with pytest.raises(CallGone):
        world.perform("play", urls=["say:one", "say:two", "say:three"])
    assert world.call.done == ["uuid_answer call-1", "speak one"]


@pytest.mark.parametrize(
    ("volume", "level"), [(2, "1"), (40, "4"), (-40, "-4"), (-3, "-1"), (5, "2"), (8.7, "2")]
)
def test_volume_is_the_nearest_level_and_taken_back(world, volume, level):
    world.perform("play", url="say:one", volume=volume)
    assert world.call.done[1:] == [
        f"uuid_audio call-1 start write level {level}",
        "speak one",
        "uuid_audio call-1 stop",
    ]


def test_who_speaks_is_a_parameter_before_it_is_a_variable(world):
    world.variables = {"say_voice": "Polly.Joey", "say_gender": "Male"}
    world.perform("play", urls=["say:one", "say:two"], say_gender="female")
    assert world.sounds.wishes == [Wish("Polly.Joey", "", "female")] * 2


def test_volume_is_taken_back_when_the_call_ends_meanwhile(world):
    world.call.gone_at = "speak"
    with pytest.raises(CallGone):
        world.perform("play", url="say:one", volume=4)
    assert world.call.done[-1] == "uuid_audio call-1 stop"


@pytest.mark.parametrize("volume", [0, 1, -0.9])
def test_no_volume_is_no_command(world, volume):
    world.perform("play", url="say:one", volume=volume)
    assert not [line for line in world.call.done if "uuid_audio" in line]


# -- record_call ---------------------------------------------------------------------------------


def test_record_call_answers_and_starts(world):
    result = world.perform("record_call", control_id="c1")
    assert result.variables == {
        "record_call_result": "success",
        "record_call_url": "http://h/c1",
        "record_control_id": "c1",
    }
    assert result.error is None
    assert world.call.done == ["uuid_answer call-1", "uuid_record start"]


def test_the_beep_is_over_before_the_recording_starts(world):
    world.perform("record_call", beep=True)
    assert world.call.done == [
        "uuid_answer call-1",
        "playback tone_stream://%(250,0,1000)",
        "uuid_record start",
    ]


def test_record_call_makes_up_a_control_id(world):
    assert world.perform("record_call").variables["record_control_id"] == "made-up"


def test_record_call_defaults_are_those_of_the_reference(world):
    world.perform("record_call")
    (options,) = world.recordings.started
    assert (options.format, options.stereo, options.direction) == ("wav", False, "both")
    assert (options.terminators, options.input_sensitivity) == ("", 44.0)
    assert (options.initial_timeout, options.end_silence_timeout) == (0, 0)
    assert (options.max_length, options.status_url) == (None, None)


def test_record_call_hands_its_parameters_on(world):
    world.perform(
        "record_call",
        control_id="c1",
        stereo="true",
        format="mp3",
        direction="speak",
        terminators="#a*",
        input_sensitivity=60,
        initial_timeout="2",
        end_silence_timeout=1.5,
        max_length=30,
        status_url="http://h/s",
    )
    (options,) = world.recordings.started
    assert (options.format, options.stereo, options.direction) == ("mp3", True, "speak")
    assert (options.terminators, options.input_sensitivity) == ("#A*", 60)
    assert (options.initial_timeout, options.end_silence_timeout) == (2, 1.5)
    assert (options.max_length, options.status_url) == (30, "http://h/s")


def test_a_step_that_is_done_again_starts_no_second_recording(world):
    """After a crash the step runs again; its recording is running already."""
    first = world.perform("record_call", beep=True)
    world.call.done.clear()
    assert world.perform("record_call", beep=True).variables == first.variables
    assert world.call.done == []
    world.step += 1
    world.perform("record_call", control_id="c2")
    assert world.call.done == ["uuid_record start"]


def test_length_of_zero_is_no_limit(world):
    world.perform("record_call", max_length=0)
    assert world.recordings.started[0].max_length is None


@pytest.mark.parametrize(
    "refusal",
    [
        ControlIdInUse("in use"),
        CommandFailed("api uuid_record", "Cannot record session!"),
        ReplyTimeout("no reply"),
        SwitchTooOld("1.10.6"),
    ],
)
def test_what_cannot_be_recorded_lets_the_script_go_on(world, refusal):
    world.recordings.refusal = refusal
    result = world.perform("record_call", control_id="c1")
    assert result.variables == {"record_call_result": "failed", "record_control_id": "c1"}
    assert result.error is not None
    assert result.error.code == Code.EXECUTE_FAILED
    assert str(refusal) in str(result.error)


def test_a_call_that_is_gone_ends_the_script(world):
    world.recordings.refusal = CallGone("hung up")
    with pytest.raises(CallGone):
        world.perform("record_call")


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "ogg"},
        {"direction": "left"},
        {"terminators": "12x"},
        {"input_sensitivity": 101},
        {"input_sensitivity": -1},
        {"initial_timeout": -1},
        {"max_length": -1},
        {"stereo": "perhaps"},
    ],
)
def test_record_call_parameters_are_checked(world, wrong):
    with pytest.raises(ScriptError) as caught:
        world.perform("record_call", **wrong)
    assert caught.value.code == Code.PARAMETER_INVALID
    assert next(iter(wrong)) in str(caught.value)
    assert world.call.done == []


# -- stop_record_call ----------------------------------------------------------------------------


def test_stop_by_control_id(world):
    world.perform("record_call", control_id="c1")
    result = world.perform("stop_record_call", "c1")
    assert result.variables == {"stop_record_call_result": "success"}


def test_stop_of_the_one_that_was_started_last(world):
    world.perform("record_call")
    world.variables["record_control_id"] = "made-up"
    world.perform("stop_record_call")


@pytest.mark.parametrize("control_id", ["other", None])
def test_stop_of_none(world, control_id):
    world.perform("record_call", control_id="c1")
    with pytest.raises(ScriptError, match="no recording"):
        world.perform("stop_record_call", control_id=control_id)


def test_stop_that_does_not_close_in_time(world):
    world.perform("record_call", control_id="c1")
    world.recordings.closes = False
    with pytest.raises(ScriptError, match="did not close"):
        world.perform("stop_record_call", "c1")
