"""Loads: the calls of a benchmark."""

import json
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest
from sim_peer import FakeAdapter, Peer

from adapter.simswitch import Load, LoadPlan, LoadResult, Pace, SettingsFault, SimSwitch

Switches = Callable[..., SimSwitch]
REAL = json.loads((Path(__file__).parent / "real_headers.json").read_text())


def run(
    adapter: FakeAdapter, switches: Switches, serve: Callable[[Peer], None], **plan: float
) -> LoadResult:
    """A load of calls, each served by `serve` in a greenlet of its own."""
    served: list[gevent.Greenlet] = []

    def accept() -> None:
        while True:
            served.append(gevent.spawn(serve, adapter.accept()))

    accepting = gevent.spawn(accept)
    switch = switches(f"socket {adapter.target}/x async full")
    result = Load(switch, LoadPlan(**{"timeout": 10, **plan})).run()
    accepting.kill()
    gevent.joinall(served, timeout=10, raise_error=True)
    return result


def hang_up(peer: Peer) -> None:
    peer.connect()
    peer.command("sendmsg\ncall-command: hangup")
    peer.rest()


def test_every_call_is_counted(adapter: FakeAdapter, switches: Switches) -> None:
    result = run(adapter, switches, hang_up, calls=20, concurrency=5)
    assert (result.finished, result.late, result.refused) == (20, 0, 0)
    assert len(result.first_command_ms) == 20
    assert result.as_data()["first_command_median_ms"] > 0


@pytest.mark.parametrize("form", ["plain", "json"])
def test_a_whole_call(adapter: FakeAdapter, switches: Switches, tmp_path: Path, form: str) -> None:
    done: list[Peer] = []

    def serve(peer: Peer) -> None:
        reply = peer.connect()
        assert reply.headers["Answer-State"] == "ringing"
        assert reply.headers["variable_uuid"] == peer.uuid
        assert peer.command("linger 1") == "+OK will linger 1 seconds"
        assert peer.command("myevents") == "+OK Events Enabled"
        peer.command(f"event {form} RECORD_START RECORD_STOP PLAYBACK_START")
        peer.execute("answer", uuid="answer")
        assert peer.completed("answer").get("Answer-State") == "answered"
        path = tmp_path / f"{peer.uuid}.wav"
        variables = "{RECORD_STEREO=true,id=a%20b}"
        assert peer.api(f"uuid_record UUID start {path} 0 {variables}") == "+OK Success\n"
        assert peer.event("RECORD_START").get("Recording-Variable-id") == "a b"
        peer.api("uuid_setvar UUID mine 1")
        peer.execute("playback", "tone_stream://%(60000,0,440)", uuid="play")
        played = peer.completed("play")
        assert played.get("Application-Response") == "FILE PLAYED"
        assert played.get("variable_mine") == "1"
        assert peer.api(f"uuid_record UUID stop {path}") == "+OK Success\n"
        stopped = peer.event("RECORD_STOP")
        assert stopped.get("Record-Completion-Cause") == "success-maxtime"
        assert stopped.get("variable_record_ms") == "1000"
        assert path.stat().st_size == 44 + 4 * 8000
        peer.execute("hangup", "USER_BUSY", uuid="bye")
        assert peer.event("CHANNEL_HANGUP").get("Hangup-Cause") == "USER_BUSY"
        peer.event("CHANNEL_HANGUP_COMPLETE")
        done.append(peer)
        peer.close()

    result = run(adapter, switches, serve, calls=2, concurrency=1)
    assert (result.finished, len(done)) == (2, 2)
    assert done[0].uuid != done[1].uuid
    real = set(REAL["CHANNEL_ANSWER"].split())
    ours = set(done[0].event("CHANNEL_ANSWER").headers)
    unset = {"variable_socket_resume", "variable_current_loop", "variable_total_loops"}
    assert {name for name in real - ours - unset if not name.startswith("variable_sip_")} == set()


def test_late_and_refused_calls(adapter: FakeAdapter, switches: Switches) -> None:
    def stall(peer: Peer) -> None:
        peer.connect()
        peer.rest()

    late = run(adapter, switches, stall, calls=2, concurrency=2, timeout=0.1)
    assert (late.finished, late.late) == (0, 2)
    refused = run(adapter, switches, Peer.close, calls=2, concurrency=2)
    assert (refused.finished, refused.refused) == (0, 2)


def test_idle_calls_are_held_until_the_others_are_done(
    adapter: FakeAdapter, switches: Switches
) -> None:
    ends: list[str] = []

    def serve(peer: Peer) -> None:
        first = len(adapter.peers) <= 2
        peer.connect()
        if not first:
            peer.command("sendmsg\ncall-command: hangup")
        peer.rest()
        ends.append("idle" if first else "call")

    result = run(adapter, switches, serve, calls=3, concurrency=1, idle=2)
    assert result.finished == 3
    assert sorted(ends) == ["call"] * 3 + ["idle"] * 2
    assert ends.index("idle") >= 2


def test_a_load_needs_a_socket(switches: Switches) -> None:
    with pytest.raises(SettingsFault):
        Load(switches("park"), LoadPlan())


def test_ordinary_calls_in_flat_pace(adapter: FakeAdapter, switches: Switches) -> None:
    caller = switches(f"socket {adapter.target} async full", pace=Pace.FLAT).call()
    peer = adapter.accept()
    peer.connect()
    peer.command("linger 1")
    peer.command("myevents")
    peer.execute("playback", "tone_stream://%(60000,0,440)", uuid="play")
    peer.completed("play")
    peer.execute("sleep", "60000", uuid="sleep")
    peer.completed("sleep")
    peer.execute("hangup", uuid="bye")
    peer.event("CHANNEL_HANGUP_COMPLETE")
    assert caller.wait(5)
    assert caller.heard[0].ms == 60000
