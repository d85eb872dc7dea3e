"""Commands to calls that talk on while no process has them: what the switch is asked and told."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from adapter.control.alone import Alone
from adapter.control.commander import Commander
from adapter.control.errors import CallEnded, Invalid, NotPossible, OnItsWay, UnknownCall
from adapter.control.running import RunningCalls
from adapter.freeswitch.errors import CommandFailed, ConnectionLost
from adapter.store.rows import CallLog
from adapter.store.writes import PutCall

CALL = CallLog(
    id="call-1", project_id="one", node_id="fs1", kind="sip", direction="inbound", caller="a",
    called="b", state="answered", created_at=1.0, answered_at=2.0,
)  # fmt: skip
LEG = replace(CALL, id="leg-1", parent_id="call-1")
FIRST, SECOND = (f"signalwire_{one * 32}_{one * 36}" for one in "12")
CLIENTS = f"{FIRST},{SECOND}"
ROOM = "~queue-1c2d3e4f-0000-4000-8000-000000000001"


class Switch:
    """Its calls' variables; keeps what it is told."""

    name = "fs1"

    def __init__(self):
        self.calls = {"call-1": {"signal_bond": "leg-1"}, "leg-1": {"signal_bond": "call-1"}}
        self.rooms, self.told = {}, []
        self.down = False

    def api(self, command):
        if self.down:
            raise ConnectionLost("no connection")
        name, *words = command.decode().strip().removeprefix("api ").split(" ")
        match name, words:
            case "uuid_exists", [call]:
                return str(call in self.calls).lower()
            case "uuid_getvar", [call, variable]:
                return self.calls[call].get(variable, "_undef_")
            case "conference", [room, "list"]:
                return "".join(f"1;sofia/x;{one};a;b;hear\n" for one in self.rooms.get(room, ()))
            case "sched_del", _:
                raise CommandFailed("sched_del", "-ERR No such task")
        self.told.append(" ".join([name, *words]))
        return "+OK"


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def kept():
    return []


@pytest.fixture
def run(switch, kept):
    lines = {"fs1": SimpleNamespace(node=switch)}
    dialler = SimpleNamespace(can_dial=True, line=lines.get, address=lambda _: "127.0.0.1:8084")
    held = SimpleNamespace(commit=lambda *writes: kept.extend(writes))

    def read(text, _name):
        kept.append(text)
        return SimpleNamespace(content_hash="a-hash", name="<command>", source=b"text")

    known = {"call-1": CALL, "leg-1": LEG, "ended": replace(CALL, id="ended", ended_at=9.0)}
    known["theirs"] = replace(CALL, id="theirs", project_id="two")
    alone = Alone(dialler, held, read, known.get)
    calls = Commander(RunningCalls(), known=known.get, alone=alone)
    return lambda name, call_id, project="one", **params: calls.run(project, call_id, name, params)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch):
    monkeypatch.setattr("adapter.control.commander.ON_ITS_WAY_SECONDS", 0)


@pytest.mark.parametrize("by", ["call-1", "leg-1"])
def test_the_leg_comes_to_us_and_the_call_learns_of_it(run, switch, kept, by):
    assert run("calling.disconnect", by)["id"] == by
    parted, variables, transfer = switch.told
    assert parted == "uuid_setvar_multi call-1 swml_parted=leg-1"
    assert variables.startswith("uuid_setvar_multi leg-1 swml_project=one;swml_session=")
    assert "socket_resume=true" in variables
    assert transfer.startswith("uuid_transfer leg-1 m:^:socket:127.0.0.1:8084")
    (position,) = [write.call for write in kept if isinstance(write, PutCall)]
    assert (position.call_id, position.state) == ("leg-1", {"dialled": {"document": "a-hash"}})
    assert '"sleep"' in next(text for text in kept if isinstance(text, str))


def test_the_calls_clients_have_the_leg_too(run, switch, kept):
    switch.calls["call-1"] |= {
        "swml_relay_clients": f"{CLIENTS},no;client",
        "swml_connect": "swml:s/3/tag-1 1 true",
    }
    run("calling.disconnect", "call-1")
    assert f"swml_relay_clients={CLIENTS};" in switch.told[1]
    step = next(text for text in kept if isinstance(text, str))
    assert f'"client": "{FIRST}", "tag": "tag-1"' in step


@pytest.mark.parametrize("call_id", ["call-1", "leg-1"])
def test_it_is_ended(run, switch, call_id):
    run("calling.end", call_id, reason="busy")
    assert switch.told == [f"uuid_kill {call_id} USER_BUSY"]
    with pytest.raises(Invalid):
        run("calling.end", call_id, reason="boredom")


def test_a_room_of_two_is_emptied(run, switch):
    switch.calls["call-1"] = {"swml_conference": f"swml:s/2{ROOM} on-its-own true"}
    with pytest.raises(OnItsWay):  # it has left the room
        run("calling.disconnect", "call-1")
    switch.rooms[ROOM] = ["call-1", "call-2"]
    run("calling.disconnect", "call-1")
    assert switch.told == [f"conference {ROOM} hup all"]


def test_who_talks_with_a_queues_call_of_another_switch_hangs_up_the_way_there(run, switch):
    switch.calls["call-1"]["swml_connect"] = f"swml:s/2{ROOM} 1 true alone"
    run("calling.disconnect", "call-1")
    assert switch.told == ["uuid_kill leg-1 NORMAL_CLEARING"]


def test_a_document_cannot_name_a_room(run, switch):
    switch.calls["call-1"] = {"swml_conference": "swml:s/2/everybody on-its-own true"}
    switch.rooms["everybody"] = ["call-1"]
    with pytest.raises(OnItsWay):
        run("calling.disconnect", "call-1")
    assert switch.told == []


def test_all_else_is_refused(run, switch):
    with pytest.raises(NotPossible, match="give it calling"):
        run("calling.play", "leg-1", play=[])
    with pytest.raises(UnknownCall):
        run("calling.disconnect", "leg-1", project="two")
    with pytest.raises(CallEnded):
        run("calling.disconnect", "ended")
    switch.calls["leg-1"] = {}
    with pytest.raises(OnItsWay):
        run("calling.disconnect", "leg-1")
    del switch.calls["leg-1"]
    with pytest.raises(CallEnded):
        run("calling.disconnect", "leg-1")
    switch.down = True
    with pytest.raises(OnItsWay):
        run("calling.disconnect", "call-1")
    assert switch.told == []


def test_who_talks_with_another_projects_call_does_not_get_it(run, switch, kept):
    switch.calls["call-1"]["signal_bond"] = "theirs"
    switch.calls["theirs"] = {"signal_bond": "call-1"}
    with pytest.raises(NotPossible, match="another project"):
        run("calling.disconnect", "call-1")
    assert (switch.told, kept) == ([], [])
    run("calling.end", "call-1")
    assert switch.told == ["uuid_kill call-1 NORMAL_CLEARING"]


def test_what_cannot_be_sent_is_refused_at_once(run, switch, monkeypatch):
    """The same value would be refused again, however often it is tried."""
    monkeypatch.setattr("adapter.control.commander.ON_ITS_WAY_SECONDS", 10)
    switch.calls["call-1"]["signal_bond"] = "leg-1 evil"
    with pytest.raises(NotPossible, match="leg-1 evil"):
        run("calling.disconnect", "call-1")
    assert len([line for line in switch.told if line.startswith("uuid_setvar")]) == 1
