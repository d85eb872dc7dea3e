"""The inbound event socket, the API, and simulated callers driven through it."""

import json
from collections.abc import Callable

import pytest
from gevent import socket
from sim_peer import Peer

from adapter.simswitch import CallPlan, SimProcess, SimSwitch

Switches = Callable[..., SimSwitch]


def dial(switch: SimSwitch, password: str = "ClueCon") -> Peer:
    peer = Peer(socket.create_connection(switch.address, timeout=10))
    frame = peer.frame()
    assert frame is not None
    assert frame.head == b"Content-Type: auth/request"
    assert peer.command(f"auth {password}") == "+OK accepted"
    return peer


def test_a_wrong_password_is_refused(switches: Switches) -> None:
    peer = Peer(socket.create_connection(switches().address, timeout=10))
    peer.frame()
    assert peer.command("auth wrong") == "-ERR invalid"
    assert b"disconnect-notice" in peer.rest()[-1].head


def test_nothing_works_before_the_password(switches: Switches) -> None:
    peer = Peer(socket.create_connection(switches().address, timeout=10))
    peer.frame()
    assert peer.command("api status") == "-ERR command not found"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("nosuch", "-ERR nosuch Command not found!\n"),
        ("uuid_exists x", "false"),
        ("uuid_kill x", "-ERR No such channel!\n"),
        ("uuid_break x", "-ERR No such channel!\n"),
        ("uuid_setvar x a b", "-ERR No such channel!\n"),
        ("uuid_broadcast x y", "-ERR invalid uuid\n"),
        ("uuid_audio x", "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"),
        ("sched_hangup +100 nope", "-ERR No such channel!\n"),
        ("module_exists mod_sofia", "true"),
        ("module_exists", "-ERR no reply\n"),
        ("global_getvar hostname", "simswitch"),
        ("reloadxml", "+OK [Success]\n"),
        ("echo hi", "hi"),
        ("hupall", "+OK hangup all channels with cause MANAGER_REQUEST\n"),
        ("show channels as json", '{"row_count":0}'),
        ("show channels", "\n0 total.\n"),
    ],
)
def test_api_answers(switches: Switches, command: str, answer: str) -> None:
    assert dial(switches()).api(command) == answer


def test_a_listener_hears_every_call(switches: Switches) -> None:
    switch = switches("answer", "hangup USER_BUSY")
    peer = dial(switch)
    assert peer.command("event plain CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE").startswith("+OK")
    callers = [switch.call() for _ in range(2)]
    for caller in callers:
        complete = peer.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=caller.uuid)
        assert complete.get("Hangup-Cause") == "USER_BUSY"


def test_what_is_known_of_a_call(switches: Switches) -> None:
    switch = switches("park")
    caller = switch.call(CallPlan.from_data({"from": "+1555", "to": "77"}))
    peer = dial(switch)
    peer.uuid = caller.uuid
    peer.command("myevents " + caller.uuid)
    peer.event("CHANNEL_PARK") if not switch.sessions()[0].controlled else None
    assert peer.api("uuid_setvar UUID a 'b c'  d") == "+OK\n"
    assert peer.api("uuid_getvar UUID a") == "b c  d"
    assert peer.api("uuid_setvar_multi UUID x=1;y=2") == "+OK\n"
    assert peer.api("uuid_getvar UUID y") == "2"
    assert peer.api("uuid_getvar UUID nope") == "_undef_"
    assert peer.api("uuid_getvar UUID caller_id_number") == "+1555"
    assert "variable_a: b%20c%20%20d\n" in peer.api("uuid_dump UUID")
    assert json.loads(peer.api("uuid_dump UUID json"))["variable_x"] == "1"
    (row,) = json.loads(peer.api("show channels as json"))["rows"]
    assert (row["uuid"], row["dest"], row["cid_num"]) == (caller.uuid, "77", "+1555")
    assert peer.command(f"sendmsg {caller.uuid}\ncall-command: hangup") == "+OK"
    assert caller.wait(5)


def test_a_message_for_nobody(switches: Switches) -> None:
    peer = dial(switches())
    assert peer.command("sendmsg\ncall-command: hangup") == "-ERR invalid session id []"
    assert peer.command("linger") == "-ERR not controlling a session"


def test_originate_runs_an_application(switches: Switches) -> None:
    switch = switches()
    peer = dial(switch)
    peer.command("event plain CHANNEL_HANGUP_COMPLETE")
    answer = peer.api("originate {a=b}sofia/internal/1@h &playback(tone_stream://%(40,0,440))")
    caller = switch.callers[answer.split()[1]]
    assert caller.wait(5)
    assert caller.heard[0].ms == 40
    assert peer.event("CHANNEL_HANGUP_COMPLETE").get("variable_a") == "b"


def test_originate_runs_actions_of_its_own(switches: Switches) -> None:
    switch = switches()
    peer = dial(switch)
    peer.command("event plain CHANNEL_HANGUP_COMPLETE")
    actions = "'m:^:set:a=b,c^socket:127.0.0.1:1 async full^ sleep:20^set:d=e'"
    peer.api(f"originate sofia/internal/1@h {actions} inline")
    ended = peer.event("CHANNEL_HANGUP_COMPLETE")
    assert (ended.get("variable_a"), ended.get("variable_d")) == ("b,c", "e")
    assert ended.get("Caller-Destination-Number") == "1"


def test_a_caller_does_its_steps(switches: Switches) -> None:
    switch = switches("answer", "playback tone_stream://%(60000,0,440)", "sleep 60000")
    plan = {"steps": [{"on": "PLAYBACK_START", "digits": "*"}, {"on": "DTMF", "hangup": True}]}
    caller = switch.call(CallPlan.from_data(plan))
    assert caller.wait(5)
    assert caller.hangup_cause == "NORMAL_CLEARING"
    assert caller.heard[0].ms < 5000


def test_a_schedule_of_hangups(switches: Switches) -> None:
    switch = switches("answer", "sched_hangup +1 ALLOTTED_TIMEOUT", "park")
    caller = switch.call()
    assert caller.wait(5)
    assert caller.hangup_cause == "ALLOTTED_TIMEOUT"


def test_a_switch_in_its_own_process() -> None:
    with SimProcess(pace="flat", adapter="127.0.0.1:1") as process, process.client() as client:
        uuid = client.call(from_="1", to="2", steps=[])
        facts = client.wait(uuid, 10)
        assert facts["ended"]
        assert facts["transfers"] > 100
        assert client.violations() == []
        assert client.sim("stats")["placed"] == 1
