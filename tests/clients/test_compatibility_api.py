"""`@signalwire/compatibility-api`: recordings of a running call by LaML; signed form callbacks."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from bench import Node, place
from worlds.adapter_process import AdapterProcess
from worlds.receiver import Hit
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually
from worlds.world import PROJECT, SIGNING_KEY, TOKEN, World


def test_a_call_is_recorded_by_laml(world: World, secure: AdapterProcess, node: Node) -> None:
    def ask(*actions: str, **given: Any) -> Any:
        who = {"project": PROJECT, "token": TOKEN, "space": place(secure)}
        return node.run("compatibility.js", actions=actions, **{**who, "call": call_id, **given})

    inbox = world.inbox()
    told = world.receiver.url + f"/laml/{world.new_number('callback')}"
    phone = world.call([*SETTLED, record(inbox), STAY], says=tone(440), adapter=secure)
    call_id = inbox.wait_for("recording")["call_id"]
    how = {
        "recordingChannels": "dual",
        "recordingStatusCallback": told,
        "recordingStatusCallbackEvent": ["in-progress completed"],
    }
    started, listed = ask("start", "list", how=how)
    sid = started["sid"]
    assert (started["callSid"], started["channels"]) == (call_id, 2)
    assert "error" not in listed, listed
    assert sid in [each["sid"] for each in listed]
    assert len(listed) == 2
    eventually(lambda: callbacks(world, told), what="the callback in-progress")
    for status in ("paused", "in-progress"):
        (changed,) = ask("update", sid=sid, how={"status": status})
        assert changed["status"] == status
    stopped, fetched, pages = ask("update", "fetch", "pages", sid=sid, how={"status": "stopped"})
    assert stopped["status"] == fetched["status"] == "completed"
    assert len(pages) == 2
    phone.hang_up()
    hits = eventually(lambda: (all_ := callbacks(world, told))[2:] and all_, what="completed")
    statuses = [fields(hit)["RecordingStatus"] for hit in hits]
    assert statuses == ["in-progress", "in-progress", "completed"]  # it went on after the pause
    assert fields(hits[2])["RecordingSid"] == sid
    assert_signed(node, hits[2], told)
    refused, removed, gone = ask("start", "remove", "fetch", sid=sid)
    assert refused["error"]["code"] == 21220
    assert removed is True
    assert (gone["error"]["status"], gone["error"]["code"]) == (404, 20404)


def test_a_call_is_made_by_laml(world: World, secure: AdapterProcess, node: Node) -> None:
    """Made, found, redirected and ended; documents and states by GET, the states signed."""

    def ask(*actions: str, **given: Any) -> Any:
        who = {"project": PROJECT, "token": TOKEN, "space": place(secure)}
        return node.run("compatibility.js", actions=actions, **{**who, **given})

    told = world.receiver.url + f"/laml/{world.new_number('callback')}?mine=1"
    report, bob = world.report(), world.somebody(says=tone(500), rings=0.3)
    how = {
        "to": bob.uri,
        "from": "+15550001",
        "url": (first := world.write_document("laml-first", [report.step("first"), STAY])),
        "method": "GET",
        "statusCallback": told,
        "statusCallbackMethod": "GET",
        "statusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }
    made, refused = ask("dial", "change", how=how, call="unknown")
    assert (made["status"], made["direction"], made["to"]) == ("queued", "outbound-api", bob.uri)
    assert (refused["error"]["status"], refused["error"]["code"]) == (404, 20404)
    phone = bob.wait_call()
    report.wait("first")
    second = world.write_document("laml-second", [report.step("second"), STAY])
    # Each change of a call is in the log half a second later.
    found = {"call": made["sid"]}
    eventually(lambda: ask("call", **found)[0]["status"] == "in-progress", what="the answer")
    fetched, listed, changed = ask(
        "call",
        "calls",
        "change",
        call=made["sid"],
        to=bob.uri,
        how={"url": second, "method": "GET"},
    )
    assert fetched["status"] == changed["status"] == "in-progress"
    assert [each["sid"] for each in listed] == [made["sid"]]
    report.wait("second")
    for url in (first, second):
        assert [hit.method for hit in callbacks(world, url)] == ["GET"]
    said = "<Response><Say>Goodbye</Say><Pause length='60'/></Response>"
    (spoken,) = ask("change", call=made["sid"], how={"twiml": said})
    assert spoken["status"] == "in-progress"
    eventually(lambda: phone.hear().seconds_audible() > 0.2, what="that it is spoken to")
    ended, again = ask("change", "change", call=made["sid"], how={"status": "completed"})
    assert ended["status"] == "completed"
    assert again["error"]["code"] == 21220
    phone.wait_ended()
    hits = eventually(lambda: (all_ := callbacks(world, told))[3:] and all_, what="completed")
    statuses = [fields(hit)["CallStatus"] for hit in hits]
    assert statuses == ["initiated", "ringing", "in-progress", "completed"]
    assert {fields(hit)["CallSid"] for hit in hits} == {made["sid"]}
    assert {(hit.method, fields(hit)["mine"]) for hit in hits} == {("GET", "1")}
    assert_signed(node, hits[3], world.receiver.url + hits[3].path)


def callbacks(world: World, url: str) -> list[Hit]:
    return world.receiver.hits_of(urlsplit(url).path)


def fields(hit: Hit) -> dict[str, str]:
    query = urlsplit(hit.path).query
    return dict(parse_qsl(query if hit.method == "GET" else hit.body.decode()))


def assert_signed(node: Node, hit: Hit, url: str) -> None:
    """As SignalWire's own validator sees it: with GET the URL has the fields, and no more."""
    given = {"key": SIGNING_KEY, "url": url, "project": PROJECT, "token": TOKEN, "space": "x"}
    signature = header(hit, "X-SignalWire-Signature")
    sent = {} if hit.method == "GET" else fields(hit)
    for params, accepted in ((sent, True), (sent | {"CallSid": "x"}, False)):
        answer = node.run(
            "compatibility.js", actions=["validate"], signature=signature, params=params, **given
        )
        assert answer == [accepted]


def header(hit: Hit, name: str) -> str:
    found = {key.lower(): value for key, value in hit.headers.items()}
    return found[name.lower()]


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_strangers_are_turned_away(world: World, secure: AdapterProcess, node: Node) -> None:
    given = {"actions": ["list"], "call": "x", "space": place(secure)}
    for who in ({"project": PROJECT, "token": "wrong"}, {"project": "nobody", "token": TOKEN}):
        (answer,) = node.run("compatibility.js", **given, **who)
        assert answer["error"]["status"] == 401
