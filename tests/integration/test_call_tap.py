"""tap: the switch sends a call's sound as RTP to an address of the document's choice."""

from collections.abc import Iterator
from typing import Any

import pytest
from worlds.receiver import Inbox
from worlds.rtp import PCMA, PCMU, RtpListener
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, sleep
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

SAID, PLAYED = 440, 1000


@pytest.fixture
def listeners() -> Iterator[dict[str, RtpListener]]:
    made = {name: RtpListener() for name in ("speak", "listen", "both", "other")}
    yield made
    for listener in made.values():
        listener.close()


def tap(listener: RtpListener, inbox: Inbox, name: str, **more: Any) -> dict[str, Any]:
    return {"tap": {"uri": listener.uri, "control_id": name, "status_url": inbox.url, **more}}


def test_each_direction_is_heard(world: World, listeners: dict[str, RtpListener]) -> None:
    """What the party says, what it hears, both; PCMA in longer packets; stopped, and at the end."""
    inbox, report = world.inbox(), world.report()
    steps = [
        *SETTLED,
        *(tap(listeners[name], inbox, name, direction=name) for name in ("speak", "listen")),
        report.step("listen"),
        tap(listeners["both"], inbox, "both", direction="both"),
        tap(listeners["other"], inbox, "other", codec="PCMA", rtp_ptime=40),
        report.step("other"),
        tap(listeners["other"], inbox, "other"),
        report.step("twice"),
        play(world.sound(tone(PLAYED, seconds=2))),
        {"stop_tap": {"control_id": "speak"}},
        report.step("stopped"),
        {"stop_tap": {"control_id": "unknown"}},
        report.step("unknown"),
        STAY,
    ]
    phone = world.call(steps, says=tone(SAID))
    found = report.wait("listen")
    assert (found["tap_result"], found["tap_uri"]) == ("success", listeners["listen"].uri)
    assert (found["tap_codec"], found["tap_rate"], found["tap_ptime"]) == ("PCMU", 8000, 20)
    assert (report.wait("other")["tap_codec"], report.wait("other")["tap_ptime"]) == ("PCMA", 40)
    assert report.wait("twice")["tap_result"] == "failed"
    assert report.wait("stopped")["stop_tap_result"] == "success"
    assert report.wait("unknown")["stop_tap_result"] == "failed"
    for name, hertz, silent in (
        ("speak", [SAID], PLAYED),
        ("listen", [PLAYED], SAID),
        ("both", [SAID, PLAYED], None),
        ("other", [SAID], PLAYED),
    ):
        heard = listeners[name].hear()
        for hz in hertz:
            assert heard.seconds_with(hz) > 1.5, (name, hz)
        assert silent is None or heard.seconds_with(silent) < 0.1, name
    assert listeners["listen"].senders == {(found["tap_rtp_src_addr"], found["tap_rtp_src_port"])}
    for name, number, length in (("speak", PCMU, 20), ("other", PCMA, 40)):
        assert listeners[name].payload_types() == {number}
        assert listeners[name].milliseconds() == {length}
    listeners["speak"].wait_silence()
    assert world.switch.channels() == 4
    phone.hang_up()
    for name in listeners:
        inbox.wait_for("finished", control_id=name)
        assert inbox.states(name) == ["tapping", "finished"], name
    (event,) = [one for one in inbox.events if one["params"]["control_id"] == "other"][:1]
    assert event["event_type"] == "calling.call.tap"
    assert event["params"]["tap"] == {"type": "audio", "params": {"direction": "speak"}}
    device = {"addr": "127.0.0.1", "port": listeners["other"].port, "codec": "PCMA", "ptime": 40}
    assert event["params"]["device"] == {"type": "rtp", "params": device}


def test_a_tap_outlives_the_adapter(world: World, listeners: dict[str, RtpListener]) -> None:
    """It goes on meanwhile, and whoever takes the call up can stop it and tells of its end."""
    adapter = world.start_adapter({"swml": documents_by_number(world.receiver)})
    inbox, report = world.inbox(), world.report()
    steps = [
        *SETTLED,
        tap(listeners["speak"], inbox, "stopped"),
        tap(listeners["both"], inbox, "left"),
        report.step("before"),
        sleep(2),
        {"stop_tap": {"control_id": "stopped"}},
        report.step("after"),
    ]
    phone = world.call(steps, says=tone(SAID), adapter=adapter)
    report.wait("before")
    adapter.kill()
    before = len(listeners["speak"].packets)
    eventually(lambda: len(listeners["speak"].packets) > before + 25, what="half a second of RTP")
    adapter.start()
    assert report.wait("after", within=15)["stop_tap_result"] == "success"
    phone.wait_ended()
    for name in ("stopped", "left"):
        inbox.wait_for("finished", control_id=name)
        assert inbox.states(name) == ["tapping", "finished"], name


REFUSED = {
    "rtp://169.254.169.254:5004": "deny_to",
    "rtp://127.0.0.1": "not rtp://address:port",
    "ws://127.0.0.1:9/x": "mod_audio_stream or mod_audio_fork",
    "http://127.0.0.1:9/": "mod_audio_stream or mod_audio_fork",
}


def test_what_cannot_be_tapped(world: World) -> None:
    """Each says why, and the script goes on; so does stream without a module for it."""
    report, inbox = world.report(), world.inbox()
    steps: list[Any] = []
    for number, uri in enumerate(REFUSED):
        steps += [{"tap": {"uri": uri, "status_url": inbox.url}}, report.step(str(number))]
    steps += [{"stream": {"url": "wss://127.0.0.1:9/"}}, report.step("stream")]
    steps += [{"stop_stream": {}}, report.step("stop")]
    world.run(steps)
    log = str(world.log_events())
    for number, reason in enumerate(REFUSED.values()):
        assert report.wait(str(number))["tap_result"] == "failed"
        assert reason in log
    assert report.wait("stream")["stream_result"] == "failed"
    assert "stream: FreeSWITCH itself sends no sound to a WebSocket" in log
    assert report.wait("stop")["stop_stream_result"] == "failed"
    assert inbox.events == []
