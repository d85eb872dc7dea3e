"""`dial`: a call that we make, what it runs, and what is told of it."""

import json
from typing import Any

import pytest
from worlds.receiver import Inbox
from worlds.rest import CALLS, Rest
from worlds.sounds import tone
from worlds.steps import STAY, record
from worlds.switches import DEAD_GATEWAY, OTHER
from worlds.waiting import eventually
from worlds.world import PROJECT, World, document, http_get, project

STATES = ["queued", "initiated", "created", "ringing", "answered", "ending", "ended"]
FROM = "+15550001"
MEGABYTE = 1024 * 1024


def told(inbox: Inbox) -> list[str]:
    return [event["params"]["call_state"] for event in inbox.events]


def params_of(inbox: Inbox, state: str) -> dict[str, Any]:
    return next(e["params"] for e in inbox.events if e["params"]["call_state"] == state)


def test_who_answers_hears_the_document(world: World) -> None:
    """A document in the command, with variables; every state is told, the leg is a call like any
    other: recorded, played to, commanded, logged, ended."""
    inbox, recorded, report = world.inbox(), world.inbox(), world.report()
    bob = world.somebody(says=tone(500), rings=0.3)
    rest = Rest(world.adapter.url)
    swml = document(
        [
            record(recorded, "r1", stereo=True),
            {"play": {"url": world.sound(tone(700, seconds=0.5))}},
            report.step(),
            {"set": {"greeting": "%{envs.greeting} ${call.direction} ${call.call_state}"}},
            report.step("set"),
            STAY,
        ]
    )
    leg = rest.do(
        "dial",
        **{"from": FROM},
        to=bob.uri,
        swml=swml,
        custom_variables={"greeting": "O'Brien; ${system(x)}"},
        status_url=inbox.url,
        status_events=STATES,
        timeout=20,
    ).body
    assert (leg["direction"], leg["status"], leg["from"], leg["to"]) == (
        "outbound-api",
        "created",
        FROM,
        bob.uri,
    )
    phone = bob.wait_call()
    assert phone.caller == FROM
    phone.wait_heard(700, seconds=0.3)
    call = report.wait_hit().json["call"]
    assert call["call_id"] == leg["id"]
    assert (call["direction"], call["from"], call["to"]) == ("outbound", FROM, bob.uri)
    assert report.wait("set")["greeting"] == "O'Brien; ${system(x)} outbound answered"
    eventually(lambda: told(inbox) == STATES[:5], what="the states until the answer")
    rest.do("calling.end", leg["id"])
    phone.wait_ended()
    audio = world.listen_to(recorded.wait_for("finished"))
    assert audio.channels == 2
    eventually(lambda: told(inbox) == STATES, what="every state")
    ended = params_of(inbox, "ended")
    assert (ended["end_reason"], ended["call_id"]) == ("hangup", leg["id"])
    assert ended["device"]["params"] == {"from": FROM, "to": bob.uri}
    assert len({event["event_channel"] for event in inbox.events}) == 1
    over = rest.ask("calling.end", leg["id"])
    assert (over.status, *over.error) == (422, "cannot_update_completed", None)


def test_a_number_goes_out_by_the_gateway_and_fetches_its_document(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    number = f"1556{world.new_number('n')[2:]:0>7}"
    bob = world.somebody(number=f"+{number}", says=tone(500))
    url = world.write_document("dialled", [report.step(), {"hangup": {}}])
    leg = (
        Rest(world.adapter.url)
        .do(
            "dial",
            **{"from": FROM},
            to=f"+1 ({number[1:4]}) {number[4:]}",
            url=f"{world.receiver.url}/documents/none",
            fallback_url=url,
            status_url=inbox.url,
            custom_variables={"a": {"b": 1}},
        )
        .body
    )
    assert leg["type"] == "relay_pstn_call"
    phone = bob.wait_call()
    phone.wait_ended()
    body = report.wait_hit().json
    assert (body["call"]["type"], body["call"]["from_number"]) == ("phone", FROM)
    assert body["envs"]["a"] == {"b": 1}
    eventually(lambda: told(inbox) == ["ended"], what="the end, and nothing else")
    assert phone.answered


@pytest.mark.parametrize(
    ("answering", "reason"),
    [
        ({"status": 486}, "busy"),
        ({"status": 603}, "decline"),
        ({"status": 503}, "error"),
        ({"answers": False}, "noAnswer"),
    ],
    ids=["busy", "declined", "unavailable", "rings on"],
)
def test_who_does_not_answer_is_told_of(
    world: World, answering: dict[str, Any], reason: str
) -> None:
    inbox = world.inbox()
    somebody = world.somebody(**answering)
    rest = Rest(world.adapter.url)
    leg = rest.do(
        "dial",
        **{"from": FROM},
        to=somebody.uri,
        swml=document(["answer"]),
        status_url=inbox.url,
        status_events=["answered", "ending", "ended"],
        timeout=1,
    ).body
    eventually(lambda: told(inbox) == ["ending", "ended"], what="its end")
    assert params_of(inbox, "ended")["end_reason"] == reason
    over = rest.ask("calling.end", leg["id"])
    assert (over.status, *over.error) == (422, "cannot_update_completed", None)


def test_a_ringing_call_is_canceled(world: World) -> None:
    """It can be ended and told of elsewhere, but nothing else; another project does not see it."""
    first, inbox = world.inbox(), world.inbox()
    somebody = world.somebody(answers=False)
    rest = Rest(world.adapter.url)
    dialled = {"to": somebody.uri, "swml": document(["answer"]), "from": FROM}
    leg = rest.do("dial", **dialled, status_url=first.url, status_events=["ringing", "ended"]).body
    eventually(lambda: told(first) == ["ringing"], what="that it rings")
    for command, params, error in (
        ("calling.play", {"play": [{"type": "silence", "duration": 1}]}, "cannot_process"),
        ("calling.transfer", {"dest": "sip:a@h"}, "cannot_process"),
        ("update", {"swml": document(["answer"])}, "cannot_redirect_not_in_progress"),
        ("update", {"status": "completed"}, "call_update_failed"),
    ):
        named = {"id": leg["id"], **params} if command == "update" else params
        answer = rest.ask(command, None if command == "update" else leg["id"], **named)
        assert (answer.status, answer.error[0]) == (422, error), command
    rest.do("update", id=leg["id"], status_url=inbox.url)
    assert rest.do("update", id=leg["id"], status="canceled").body["status"] == "ended"
    eventually(lambda: told(inbox) == ["ended"], what="its end")
    assert params_of(inbox, "ended")["end_reason"] == "cancel"
    assert told(first) == ["ringing"]
    eventually(lambda: world.switch.channels() == 0, what="no leg")


def test_what_cannot_be_dialled_is_refused_or_ends(world: World) -> None:
    adapter = world.start_adapter(
        {"gateway": DEAD_GATEWAY, "nodes": [world.switch.sockets[OTHER].node]}
    )
    nowhere = world.start_adapter({"listen": "127.0.0.1:0"})
    rest, inbox = Rest(adapter.url), world.inbox()
    good = {"from": FROM, "to": "+15551234567", "swml": document(["answer"])}
    for changes, error in (
        ({"to": None}, ("missing_required_parameter", "to")),
        ({"from": None}, ("missing_required_parameter", "from")),
        ({"swml": None}, ("missing_required_parameter", "url")),
        ({"swml": {"sections": {}}}, ("invalid_parameter", "swml")),
        ({"url": "http://h/"}, ("invalid_parameter", "swml")),
        ({"swml": None, "url": "file:///etc/passwd"}, ("invalid_parameter", "url")),
        ({"status_url": "gopher://h"}, ("invalid_parameter", "status_url")),
        ({"status_events": ["bored"]}, ("invalid_parameter", "status_events[0]")),
        ({"timeout": 601}, ("invalid_parameter", "timeout")),
        ({"to": "loopback/9999"}, ("invalid_parameter", "to")),
        ({"to": "sofia/gateway/other/1"}, ("invalid_parameter", "to")),
        ({"to": "sip:a@h;fs_path=sip:evil"}, ("invalid_parameter", "to")),
        ({"to": "sip:a@h,loopback/1"}, ("invalid_parameter", "to")),
        ({"from": "1;[x=y]"}, ("invalid_parameter", "from")),
    ):
        params = {name: value for name, value in (good | changes).items() if value is not None}
        answer = rest.ask("dial", **params)
        assert (answer.status, *answer.error) == (422, *error), changes
    assert rest.post("/api/calling/calls", b'{"command": "dial", "params": {').status == 400
    none = Rest(nowhere.url).ask("dial", **good)
    assert (none.status, *none.error) == (422, "cannot_process", None)
    leg = rest.do("dial", **good, status_url=inbox.url, status_events=STATES).body
    eventually(lambda: "ended" in told(inbox), what="its end")
    assert params_of(inbox, "ended")["end_reason"] == "error"
    log = rest.get(f"/api/voice/logs/{leg['id']}")
    assert (log["status"], log["duration"]) == ("ended", 0)


def test_an_answered_call_goes_on_when_the_adapter_is_killed(world: World) -> None:
    """While it rang, too: who comes back gets it. Its end is told by whoever had it last."""
    inbox, recorded, report = world.inbox(), world.inbox(), world.report()
    adapter = world.start_adapter(
        {"projects": [project()], "nodes": [world.switch.sockets[OTHER].node]}
    )
    bob = world.somebody(says=tone(500), rings=1.0)
    steps = [{"set": {"a": 1}}, record(recorded, "r1"), report.step("${a}"), STAY]
    leg = Rest(adapter.url).do(
        "dial",
        **{"from": FROM},
        to=bob.uri,
        swml=json.loads(json.dumps({"sections": {"main": steps}})),
        status_url=inbox.url,
        status_events=["ringing", "answered", "ended"],
    )
    eventually(lambda: told(inbox) == ["ringing"], what="that it rings")
    adapter.kill()
    phone = bob.wait_call()
    phone.wait_answered()
    adapter.start()
    recorded.wait_for("recording")
    eventually(lambda: told(inbox) == ["ringing", "answered"], what="the answer")
    adapter.kill()
    adapter.start()
    eventually(lambda: world.took_up(adapter), what="the call to be taken up")
    phone.hang_up()
    eventually(lambda: told(inbox) == ["ringing", "answered", "ended"], what="the end")
    assert params_of(inbox, "ended")["call_id"] == leg.body["id"]
    assert recorded.wait_for("finished")["duration"] > 0


def test_a_call_that_ends_while_no_adapter_runs_is_known(world: World) -> None:
    """Its end is written down, and told, as soon as one is back."""
    inbox = world.inbox()
    adapter = world.start_adapter(
        {"projects": [project()], "nodes": [world.switch.sockets[OTHER].node]}
    )
    bob = world.somebody(says=tone(500))
    rest = Rest(adapter.url)
    told_of = {"status_url": inbox.url, "status_events": ["answered", "ended"]}
    leg = rest.do("dial", **{"from": FROM}, to=bob.uri, swml=document([STAY]), **told_of).body
    phone = bob.wait_call()
    eventually(lambda: told(inbox) == ["answered"], what="the answer")
    log = f"/api/voice/logs/{leg['id']}"
    eventually(lambda: rest.get(log)["status"] == "answered", what="the answer in the log")
    adapter.kill()
    phone.hang_up()
    eventually(lambda: world.switch.channels() == 0, what="no leg")
    adapter.start()
    eventually(lambda: told(inbox) == ["answered", "ended"], within=25, what="the end")
    assert params_of(inbox, "ended")["end_reason"] == "hangup"
    assert rest.get(log)["status"] == "ended"
    over = rest.ask("calling.end", leg["id"])
    assert (over.status, *over.error) == (422, "cannot_update_completed", None)


def test_any_worker_dials_and_any_takes_the_call(world: World) -> None:
    """With two of them each gets some requests and some calls; commands find a call that rings."""
    adapter = world.start_adapter(
        {"projects": [project()], "nodes": [world.switch.sockets[OTHER].node]},
        arguments=("--workers", "2"),
    )
    rest, inbox, silent = Rest(adapter.url), world.inbox(), world.somebody(answers=False)
    swml, states = document([STAY]), ["ringing", "answered", "ended"]
    somebody = [world.somebody(says=tone(500)) for _ in range(3)]
    for called in somebody:
        leg = rest.do(
            "dial",
            **{"from": FROM},
            to=called.uri,
            swml=swml,
            status_url=inbox.url,
            status_events=states,
        )
        mine = leg.body["id"]
        eventually(lambda mine=mine: of(inbox, mine) == states[:2], what="the answer")
        rest.do("calling.end", mine)
        eventually(lambda mine=mine: of(inbox, mine) == states, what="the end")
    for _ in range(3):
        told_of = {"status_url": inbox.url, "status_events": states}
        mine = rest.do("dial", **{"from": FROM}, to=silent.uri, swml=swml, **told_of).body["id"]
        eventually(lambda mine=mine: of(inbox, mine) == ["ringing"], what="that it rings")
        assert rest.do("update", id=mine, status="canceled").body["status"] == "ended"
        eventually(lambda mine=mine: of(inbox, mine) == ["ringing", "ended"], what="the end")


def of(inbox: Inbox, call_id: str) -> list[str]:
    """The states of one call."""
    mine = [e["params"] for e in inbox.events if e["params"]["call_id"] == call_id]
    return [params["call_state"] for params in mine]


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_a_document_of_almost_a_megabyte_is_dialled_with_and_a_larger_body_is_refused(
    world: World,
) -> None:
    """By the Calling API and by LaML; whatever is refused, nobody's phone rings for it."""
    report, rest = world.report(), Rest(world.adapter.url)
    laml = f"/api/laml/2010-04-01/Accounts/{PROJECT}/Calls.json"

    def body(path: str, to: str, swml: str) -> bytes:
        if path == laml:
            return json.dumps({"To": to, "From": FROM, "Twiml": swml}).encode()
        params = {"to": to, "from": FROM, "swml": swml}
        return json.dumps({"command": "dial", "params": params}).encode()

    for path in (CALLS, laml):
        bob = world.somebody()
        sized = document([report.step(path), STAY]) + "# " + "x" * (MEGABYTE - 4000)
        made = rest.post(path, body(path, bob.uri, sized))
        assert made.status in (200, 201), made
        phone = bob.wait_call()
        report.wait(path)
        rest.do("calling.end", made.body.get("id") or made.body["sid"])
        phone.wait_ended()
        refused = rest.post(path, body(path, bob.uri, sized + "x" * 8000))
        assert (refused.status, refused.body["error"]) == (413, "Content Too Large")
        broken = rest.post(path, b'{"command":' + b"[" * (MEGABYTE - 100))
        assert broken.status == 400, broken
    assert http_get(f"{world.adapter.url}/health").status == 200
