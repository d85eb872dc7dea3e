"""Applications as they run in a call's thread."""

import wave
from pathlib import Path

import pytest
from sim_peer import Place


def test_playback_of_a_tone(answered: Place) -> None:
    peer, caller = answered()
    peer.execute("playback", "tone_stream://%(100,0,440)", uuid="play")
    done = peer.completed("play")
    assert done.get("Application-Response") == "FILE PLAYED"
    start, stop = peer.event("PLAYBACK_START"), peer.event("PLAYBACK_STOP")
    assert start.get("Playback-File-Type") == "tone_stream"
    assert stop.get("Playback-Status") == "done"
    assert 0.06 < stop.received_at - start.received_at < 0.5
    assert [(heard.kind, heard.ms) for heard in caller.heard] == [("tone", 100)]


@pytest.mark.parametrize(
    ("file", "response"),
    [
        ("/nonexistent.wav", "FILE NOT FOUND"),
        ("silence_stream://0", "FILE NOT FOUND"),
        ("foo://bar", "FILE NOT FOUND"),
        ("tone_stream://junk", "FILE PLAYED"),
        ("tts://flite|kal|a", "FILE PLAYED"),
    ],
)
def test_playback_responses(answered: Place, file: str, response: str) -> None:
    peer, _ = answered()
    peer.execute("playback", file, uuid="play")
    assert peer.completed("play").get("Application-Response") == response


def test_playback_of_a_file(answered: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 1600))
    peer, caller = answered()
    peer.execute("playback", str(path), uuid="play")
    assert peer.completed("play").get("Application-Response") == "FILE PLAYED"
    assert caller.heard[0].ms == 100


def test_a_second_message_runs_inside_the_first(answered: Place) -> None:
    peer, _ = answered()
    peer.execute("playback", "tone_stream://%(200,0,440)", uuid="outer")
    peer.event("PLAYBACK_START")
    peer.execute("playback", "tone_stream://%(60,0,600)", uuid="inner")
    peer.completed("outer")
    done = [f.get("Application-UUID") for f in peer.events if f.name.endswith("COMPLETE")]
    assert done == ["answer", "inner", "outer"]


def test_what_plays_stands_still_and_goes_on(answered: Place) -> None:
    peer, caller = answered()
    assert peer.api(f"uuid_fileman {caller.uuid} pause") == "-ERR No file handle!\n"
    peer.execute("playback", "tone_stream://%(200,0,440)", uuid="play")
    start = peer.event("PLAYBACK_START")
    assert peer.api(f"uuid_fileman {caller.uuid} pause") == "+OK\n"
    peer.execute("playback", "tone_stream://%(300,0,600)", uuid="inner")
    peer.completed("inner")
    assert peer.api(f"uuid_fileman {caller.uuid} pause") == "-ERR No file handle!\n"
    peer.api(f"uuid_break {caller.uuid}")
    stop = peer.completed("play")
    assert stop.received_at - start.received_at > 0.3
    assert caller.heard[0].ms < 200


def test_event_lock_keeps_them_apart(answered: Place) -> None:
    peer, _ = answered()
    lock = "event-lock: true"
    peer.execute("playback", "tone_stream://%(60,0,440)", lock, uuid="first")
    peer.execute("playback", "tone_stream://%(60,0,600)", lock, uuid="second")
    peer.completed("second")
    ours = [f for f in peer.events if f.get("Application-UUID") in {"first", "second"}]
    assert [(f.name[8:], f.get("Application-UUID")) for f in ours] == [
        ("EXECUTE", "first"),
        ("EXECUTE_COMPLETE", "first"),
        ("EXECUTE", "second"),
        ("EXECUTE_COMPLETE", "second"),
    ]


def test_loops_need_half_a_second_each(answered: Place) -> None:
    peer, caller = answered()
    peer.execute("playback", "tone_stream://%(40,0,440)", "loops: 3", uuid="short")
    peer.completed("short")
    peer.execute("playback", "tone_stream://%(520,0,440)", "loops: 2", uuid="long")
    peer.completed("long")
    peer.until(lambda f: len([e for e in peer.events if e.get("Application-UUID") == "long"]) == 4)
    assert [heard.ms for heard in caller.heard] == [40, 520, 520]


def test_break_ends_what_plays(answered: Place) -> None:
    peer, _ = answered()
    peer.execute("playback", "tone_stream://%(60000,0,440)", uuid="play")
    peer.event("PLAYBACK_START")
    assert peer.api("uuid_break UUID") == "+OK\n"
    assert peer.completed("play").get("Application-Response") == "FILE PLAYED"
    assert peer.event("PLAYBACK_STOP").get("Playback-Status") == "break"


def test_break_all_forgets_what_is_queued(answered: Place) -> None:
    peer, _ = answered()
    lock = "event-lock: true"
    peer.execute("playback", "tone_stream://%(60000,0,440)", lock, uuid="play")
    peer.execute("log", "INFO never", lock, uuid="never")
    peer.event("PLAYBACK_START")
    peer.api("uuid_break UUID all")
    peer.completed("play")
    peer.execute("log", "INFO after", uuid="after")
    peer.completed("after")
    assert not [f for f in peer.events if f.get("Application-UUID") == "never"]


def test_broadcast_waits_five_frames(answered: Place) -> None:
    peer, _ = answered()
    answer = peer.api("uuid_broadcast UUID tone_stream://%(40,0,440) aleg")
    assert answer == "+OK Message sent\n"
    start = peer.event("PLAYBACK_START")
    begun = peer.event("CHANNEL_EXECUTE", Application="playback")
    assert begun.get("Application-Data") == "tone_stream://%(40,0,440)"
    assert start.get("Playback-File-Path") == "tone_stream://%(40,0,440)"


class TestDigits:
    def test_a_star_ends_a_playback(self, answered: Place) -> None:
        peer, caller = answered()
        peer.execute("playback", "tone_stream://%(60000,0,440)", uuid="play")
        peer.event("PLAYBACK_START")
        caller.press("1*2")
        peer.completed("play")
        last = peer.event("DTMF", DTMF_Digit="2")
        assert last.get("DTMF-Source") == "RTP"
        assert last.get("DTMF-Duration") == "2000"
        names = [f.get("DTMF-Digit") or f.name for f in peer.events[-5:]]
        assert names.index("*") < names.index("PLAYBACK_STOP") < names.index("2")
        assert peer.api("uuid_getvar UUID playback_terminator_used") == "*"

    def test_other_terminators(self, answered: Place) -> None:
        peer, caller = answered()
        peer.api("uuid_setvar UUID playback_terminators none")
        peer.execute("playback", "tone_stream://%(200,0,440)", uuid="play")
        peer.event("PLAYBACK_START")
        caller.press("*")
        peer.completed("play")
        assert peer.event("PLAYBACK_STOP").get("Playback-Status") == "done"

    def test_a_digit_ends_a_sleep_and_is_not_lost(self, answered: Place) -> None:
        peer, _ = answered()
        peer.execute("sleep", "60000", uuid="sleep")
        peer.event("CHANNEL_EXECUTE", Application="sleep")
        answer = peer.api("uuid_recv_dtmf UUID 5")
        assert answer == f"+OK {peer.uuid} received DTMF 5.\n"
        peer.completed("sleep")
        assert peer.event("DTMF", DTMF_Digit="5").get("DTMF-Source") == "APP"

    def test_digits_to_the_caller(self, answered: Place) -> None:
        peer, caller = answered()
        peer.execute("send_dtmf", "12", uuid="send")
        peer.completed("send")
        assert peer.api("uuid_send_dtmf UUID 3") == f"+OK {peer.uuid} sent DTMF 3.\n"
        assert caller.digits_received == "123"


class TestSpeech:
    def test_it_is_heard_for_as_long_as_its_text(self, answered: Place) -> None:
        peer, caller = answered()
        peer.execute("speak", "flite|kal|hi", uuid="speak")
        peer.completed("speak")
        assert [(h.kind, h.what, h.ms) for h in caller.heard] == [("speech", "hi", 480)]

    def test_without_the_engine_nothing_is_said(self, answered: Place) -> None:
        peer, caller = answered()
        peer.execute("speak", "nope|kal|hi", uuid="speak")
        peer.completed("speak")
        assert caller.heard == []


class TestVariables:
    def test_set_expands_twice(self, answered: Place) -> None:
        peer, _ = answered()
        peer.execute("set", "x=\\${caller_id_number}", uuid="set")
        assert peer.completed("set").get("Application-Data") == "x=${caller_id_number}"
        assert peer.api("uuid_getvar UUID x") == "1000"

    def test_multiset_and_unset(self, answered: Place) -> None:
        peer, _ = answered()
        peer.execute("multiset", "^^;a=b c;d=e")
        peer.execute("unset", "d", uuid="unset")
        peer.completed("unset")
        assert peer.api("uuid_getvar UUID a") == "b c"
        assert peer.api("uuid_getvar UUID d") == "_undef_"

    def test_code_in_an_argument_is_noted_and_never_run(
        self, answered: Place, tmp_path: Path
    ) -> None:
        peer, caller = answered()
        touched = tmp_path / "touched"
        violations = caller.session.switch.violations
        peer.api(f"uuid_setvar UUID evil ${{system(touch {touched})}}")
        assert violations == []
        peer.execute("log", "INFO ${evil}", uuid="evil")
        peer.completed("evil")
        assert violations == [(peer.uuid, f"${{system(touch {touched})}}")]
        assert not touched.exists()

    def test_before_answer_a_message_waits_for_the_next_tick(self, place: Place) -> None:
        peer, _ = place()
        peer.command("myevents")
        peer.execute("set", "a=b", uuid="set")
        assert peer.completed("set").get("Answer-State") == "ringing"
        peer.execute("playback", "tone_stream://%(40,0,440)", uuid="play")
        assert peer.completed("play").get("Answer-State") == "early"
        assert "CHANNEL_PROGRESS_MEDIA" in peer.names()
