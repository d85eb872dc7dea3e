"""Two that talk by a connect are taken apart, and who was called is commanded by its own id."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from adapter.connecting.legs import Leg
from adapter.connecting.plan import PlannedLeg
from adapter.connecting.talk import Talk
from adapter.control import commander
from adapter.freeswitch.errors import CommandFailed
from adapter.store.writes import PutCall, PutDocument

DOCUMENT = SimpleNamespace(content_hash="a-hash", name="<command>", source=b"text")


@pytest.fixture
def talk(world):
    """call-1 talks with leg-1."""
    plan = PlannedLeg("leg-1", "sofia/x", {}, timeout=9, state_url="http://h/s", states={"ended"})
    leg = Leg(plan, state="answered", bridged=True)
    world.call.our_place = "127.0.0.1:8084"
    world.control.documents.read = lambda text: world.texts.append(text) or DOCUMENT
    world.texts = []
    talk = Talk(world.call, leg, replace(world.row, id="leg-1", parent_id="call-1"), "")
    world.over = world.running.talks.begin(talk)
    talk.over.set()  # nobody is there to say so
    return talk


@pytest.mark.parametrize("by", ["call-1", "leg-1"])
def test_who_was_called_comes_to_us_with_what_it_begins_with(world, talk, by):
    answer = world.ask("calling.disconnect", by)
    assert (answer.status_code, answer.json["id"]) == (200, by)
    assert talk.leg.parted
    assert not talk.leg.alive
    document, position = [w for w in world.kept if isinstance(w, PutDocument | PutCall)]
    assert document.hash == "a-hash"
    assert position.call.state["dialled"] == {"document": "a-hash"}
    assert position.call.state["status"]["url"] == "http://h/s"
    assert '"sleep": 300000' in world.texts[0]
    variables, hangup, transfer = world.call.done
    assert variables.startswith("uuid_setvar_multi leg-1 swml_project=one;swml_session=")
    assert "socket_resume=true" in variables
    assert hangup == "sched_del leg-1"
    assert transfer.startswith("uuid_transfer leg-1 m:^:socket:127.0.0.1:8084\\sasync\\sfull^")
    assert transfer.endswith(" inline")


def test_it_is_given_a_document_or_ended(world, talk):
    assert world.ask("calling.transfer", "leg-1", dest={"sections": {}}).status_code == 200
    assert world.texts == ['{"sections": {}}']
    assert talk.leg.parted
    assert world.ask("calling.end", "leg-1", reason="busy").status_code == 200
    assert world.call.done[-1] == "uuid_kill leg-1 USER_BUSY"


def test_what_the_switch_refuses_leaves_them_together(world, talk):
    def refuse(*_):
        raise CommandFailed("uuid_transfer", "-ERR No such channel!")

    world.call.api = refuse
    assert world.error("calling.disconnect") == ("cannot_process", None)
    assert not talk.leg.parted


def test_another_project_sees_neither(world, talk):
    for name in ("calling.disconnect", "calling.end", "calling.play"):
        command = {"command": name, "id": talk.leg_id, "params": {}}
        answer = world.send(command, project="two", token="PT-core-tests-control2")
        assert answer.status_code == 404


def test_only_a_call_has_a_script_that_plays(world, talk):
    assert world.error("calling.play", talk.leg_id, play=[]) == ("cannot_process", None)
    assert world.error("update", None, id=talk.leg_id, status_url="http://h/x") == (
        "cannot_process",
        None,
    )


def test_nobody_is_connected(world, talk):
    world.over()
    assert talk.over.is_set()
    assert world.error("calling.disconnect") == ("cannot_process", None)


def test_a_leg_that_no_process_has_is_waited_for(world, talk, monkeypatch):
    """It may be on its way to us; one that rings, or is over, is not."""
    monkeypatch.setattr(commander, "ON_ITS_WAY_SECONDS", 0.1)
    world.over()
    world.known["leg-1"] = talk.row
    answer = world.ask("calling.end", "leg-1")
    assert answer.status_code == 503
    world.known["leg-1"] = replace(talk.row, answered_at=None, state="ringing")
    assert world.error("calling.end", "leg-1") == ("cannot_process", None)
    world.known["leg-1"] = replace(talk.row, ended_at=1715000009.5)
    assert world.error("calling.end", "leg-1") == ("cannot_update_completed", None)
