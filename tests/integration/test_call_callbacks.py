"""Status callbacks: what they say, that they are signed, and that they arrive, in order."""

import hashlib
import hmac
import socket
from typing import Any

import pytest
from worlds.receiver import Answer, Hit, Inbox
from worlds.sounds import tone
from worlds.steps import SETTLED, play, record, sleep, stop
from worlds.waiting import eventually
from worlds.world import PROJECT, SIGNING_KEY, SPACE, World


def record_shortly(inbox: Inbox, seconds: float = 0.3) -> list[Any]:
    """Steps of a call with one recording."""
    return [*SETTLED, record(inbox, "rec"), sleep(seconds), stop("rec")]


def test_a_recording_is_told_in_both_documented_forms(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.run([*SETTLED, record(inbox, "rec", stereo=True), sleep(0.3), report.step()])
    eventually(lambda: inbox.states() == ["recording", "finished"])
    call = report.wait_hit().json["call"]
    for event in inbox.events:
        assert event["event_type"] == "calling.call.record"
        assert event["event_channel"].startswith("swml:")
        assert event["project_id"] == PROJECT
        assert event["space_id"] == SPACE
        assert event["timestamp"] == pytest.approx(inbox.hits[0].at, abs=5)
        assert event["params"]["call_id"] == call["call_id"]
        assert event["params"]["node_id"] == call["node_id"]
        assert event["params"]["control_id"] == "rec"
    started, finished = (event["params"] for event in inbox.events)
    assert "record" not in started
    record_facts = finished["record"]
    assert record_facts["url"] == finished["url"] == report.wait()["record_call_url"]
    assert record_facts["duration"] == finished["duration"]
    assert record_facts["size"] == finished["size"]
    assert record_facts["format"] == "wav"
    assert record_facts["audio"] == {"format": "wav", "direction": "both", "stereo": True}
    assert finished["recording_id"] in finished["url"]
    assert finished["end_time"] > finished["start_time"]
    assert phone.ended


def test_the_channel_of_the_events_is_one_for_a_call(world: World) -> None:
    first, second = world.inbox(), world.inbox()
    world.run([*SETTLED, record(first), record(second), play("ring:0.2:us", status_url=first.url)])
    eventually(lambda: len(first.hits) == 4 and len(second.hits) == 2)
    assert len({event["event_channel"] for event in first.events + second.events}) == 1


def test_every_callback_is_signed(world: World) -> None:
    inbox = world.inbox()
    world.run(record_shortly(inbox))
    inbox.wait_for("finished")
    for hit in inbox.hits:
        assert hit.headers["Content-Type"] == "application/json"
        signed = inbox.url.encode() + hit.body
        assert hit.headers["X-SignalWire-Signature"] == _hmac(signed, "sha1")
        assert hit.headers["X-SignalWire-Sha256-Signature"] == _hmac(signed, "sha256")


def test_credentials_of_the_address_are_sent_and_not_signed(world: World) -> None:
    inbox = world.inbox()
    with_credentials = inbox.url.replace("http://", "http://user:secret@") + "?a=b"
    world.run([*SETTLED, {"record_call": {"status_url": with_credentials}}, sleep(0.2)])
    inbox.wait_for("finished")
    hit = inbox.hits[0]
    assert hit.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    signed = f"{inbox.url}?a=b".encode() + hit.body
    assert hit.headers["X-SignalWire-Sha256-Signature"] == _hmac(signed, "sha256")
    assert "secret" not in world.adapter.log()


def test_a_callback_is_repeated_as_it_was(world: World) -> None:
    inbox = world.inbox()
    inbox.answer_once_each(Answer(503), Answer(500), Answer(429, headers={"Retry-After": "0"}))
    world.run(record_shortly(inbox))
    inbox.wait_for("finished")
    eventually(lambda: len(inbox.hits) == 5)
    by_key = [(_key(hit), hit.body) for hit in inbox.hits]
    assert len(set(by_key[:4])) == 1, "the same key, the same bytes"
    assert by_key[4][0] != by_key[3][0]
    assert inbox.states() == ["recording", "finished"]


def test_a_refused_callback_is_not_repeated(world: World) -> None:
    inbox = world.inbox()
    inbox.answer_once_each(Answer(404))
    world.run(record_shortly(inbox))
    inbox.wait_for("finished")
    assert inbox.states() == ["recording", "finished"]


def test_a_receiver_that_comes_late_gets_everything_in_order(world: World) -> None:
    receiver = world.new_receiver()
    inbox = receiver.inbox()
    world.run(
        [
            *SETTLED,
            record(inbox, "first"),
            record(inbox, "second"),
            sleep(0.3),
            stop("first"),
            record(inbox, "third"),
            sleep(0.2),
        ]
    )
    receiver.start()
    eventually(lambda: inbox.states().count("finished") == 3)
    for name in ("first", "second", "third"):
        assert inbox.states(name) == ["recording", "finished"]
    assert len({_key(hit) for hit in inbox.hits}) == 6


def test_a_receiver_that_says_nothing_does_not_hold_up_the_call(world: World) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(0)
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/callback"
        report = world.report()
        world.run(
            [
                *SETTLED,
                report.step("before"),
                {"record_call": {"status_url": url}},
                play(world.sound(tone(700, seconds=0.3)), status_url=url),
                "stop_record_call",
                report.step("after"),
            ]
        )
        lasted = report.wait_hit("after").at - report.wait_hit("before").at
        assert lasted < 0.8
        assert report.wait("after")["stop_record_call_result"] == "success"


def test_a_slow_receiver_does_not_hold_up_the_call_nor_other_receivers(world: World) -> None:
    slow, quick, report = world.inbox(), world.inbox(), world.report()
    slow.answer_once_each(Answer(delay=2), Answer(delay=2))
    world.run(
        [
            *SETTLED,
            report.step("before"),
            record(slow, "slow"),
            record(quick, "quick"),
            sleep(0.2),
            stop("slow"),
            stop("quick"),
            report.step("after"),
        ]
    )
    assert report.wait_hit("after").at - report.wait_hit("before").at < 0.8
    eventually(lambda: quick.states() == ["recording", "finished"], within=1)
    eventually(lambda: slow.states() == ["recording", "finished"])


def test_a_callback_that_is_no_address_harms_nobody(world: World) -> None:
    report = world.report()
    world.run(
        [
            *SETTLED,
            {"record_call": {"status_url": "ftp://nowhere"}},
            {"play": {"url": "ring:0.2:us", "status_url": "not a url"}},
            "stop_record_call",
            report.step(),
        ]
    )
    assert report.wait()["stop_record_call_result"] == "success"


def test_the_file_is_there_when_finished_is_told(world: World) -> None:
    """Asked for in the very moment of the callback, before it is answered."""
    inbox = world.inbox()
    sizes: list[int] = []

    def look(hit: Hit) -> Answer:
        params = hit.json["params"]
        if params["state"] == "finished":
            sizes.append(len(world.fetch_recording(params)))
        return Answer()

    world.receiver.respond(inbox.path, look)
    world.run(record_shortly(inbox))
    finished = inbox.wait_for("finished")
    eventually(lambda: sizes == [finished["size"]])


def _hmac(message: bytes, digest: str) -> str:
    return hmac.new(SIGNING_KEY.encode(), message, getattr(hashlib, digest)).hexdigest()


def _key(hit: Hit) -> str:
    return hit.headers["Idempotency-Key"]
