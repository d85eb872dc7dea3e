"""send_fax and receive_fax: a page goes from one call to another, and what is received is kept."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from worlds import papers
from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.sounds import speech
from worlds.steps import STAY
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

FAX_SECONDS = 60.0
"""A real fax of one page takes twenty."""


def told(inbox: Inbox, direction: str, kind: str = "finished") -> list[dict[str, Any]]:
    """What was told of faxes that were sent or received."""
    faxes = [event["params"]["fax"] for event in inbox.events]
    return [
        fax["params"]
        for fax in faxes
        if fax["type"] == kind and fax["params"]["direction"] == direction
    ]


def fax_adapter(world: World, **fax: Any) -> Any:
    return world.start_adapter({"swml": documents_by_number(world.receiver), "fax": fax})


def test_a_page_goes_from_one_call_to_another(world: World) -> None:
    """By T.38. The receiver hangs up: else `txfax` waits for a packet that does not come."""
    adapter = fax_adapter(world)
    inbox, report = world.inbox(), world.report()
    page = papers.pdf("A page")
    document = world.receiver.serve("/faxes/page.pdf", page, "application/pdf")
    send = {
        "document": document,
        "header_info": "Head, of 100%; ${system(touch /tmp/faxed)}",
        "identity": "+1 555 0001",
        "status_url": inbox.url,
    }
    numbers = world.join(
        [{"send_fax": send}],
        [{"receive_fax": {"status_url": inbox.url}}, report.step("received"), "hangup"],
        adapter=adapter,
    )
    received = report.wait("received", within=FAX_SECONDS)
    assert_done("receive_fax", received, pages=1)
    assert received["receive_fax_remote_identity"].strip() == "+1 555 0001"
    for direction in ("send", "receive"):
        (finished,) = eventually(partial(told, inbox, direction), within=FAX_SECONDS)
        assert (finished["success"], finished["pages"], finished["result"]) == (True, 1, 0)
        assert [one["number"] for one in told(inbox, direction, "page")] == [1]
    (finished,) = told(inbox, "send")
    assert (finished["document"], finished["identity"]) == (document, "+1 555 0001")
    assert finished["remote_identity"].strip() == received["receive_fax_identity"]
    (finished,) = told(inbox, "receive")
    assert finished["document"] == received["receive_fax_document"]
    reply = http_get(finished["document"])
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
    assert papers.likeness(reply.body, page) > 0.7
    assert papers.likeness(reply.body, papers.pdf("Another page")) < 0.6
    assert files_of(adapter) == {".pdf"}
    if world.switch.real:
        ending = world.switch.wait_ending(numbers[1])
        assert ending["variable_fax_t38_status"] == "negotiated"


def assert_done(method: str, found: dict[str, Any], pages: int) -> None:
    assert found[f"{method}_result"] == "success", found
    assert found[f"{method}_pages"] == pages
    assert (found[f"{method}_result_code"], found[f"{method}_result_text"]) == (0, "OK")


def files_of(adapter: Any) -> set[str]:
    """The kinds of files that are kept."""
    return {path.suffix for path in adapter.recordings.iterdir() if path.is_file()}


def test_a_voice_is_no_fax(world: World) -> None:
    """Both ways, within the time that the settings give it; the script goes on."""
    adapter = fax_adapter(world, answer_timeout=1.5)
    inbox, report = world.inbox(), world.report()
    document = world.receiver.serve("/faxes/unread.pdf", papers.pdf("Unread"), "application/pdf")
    world.call(
        [
            {"receive_fax": {"status_url": inbox.url}},
            report.step("received"),
            {"send_fax": {"document": document, "status_url": inbox.url}},
            report.step("sent"),
        ],
        says=speech(),
        adapter=adapter,
    )
    received, sent = report.wait("received"), report.wait("sent", within=20)
    for method, found in (("receive_fax", received), ("send_fax", sent)):
        assert found[f"{method}_result"] == "failed"
        assert (found[f"{method}_result_code"], found[f"{method}_pages"]) == (2, 0)
        assert "Timed out" in found[f"{method}_result_text"]
    for direction in ("receive", "send"):
        (finished,) = eventually(partial(told, inbox, direction))
        assert not finished["success"]
    assert told(inbox, "receive")[0]["document"] is None
    assert files_of(adapter) == set()


def test_it_is_stopped_by_a_command(world: World) -> None:
    """Long before it would give up itself; the script goes on."""
    inbox, report = world.inbox(), world.report()
    phone = world.call(
        [report.step("before"), {"receive_fax": inbox.url}, report.step("after"), STAY],
        says=speech(),
    )
    call_id = report.wait_hit("before").json["call"]["call_id"]
    rest = Rest(world.adapter.url)
    eventually(lambda: rest.ask("calling.receive_fax.stop", call_id).status == 200, what="a fax")
    found = report.wait("after")
    assert found["receive_fax_result"] == "failed"
    assert found["receive_fax_result_text"] == "it was stopped by a command"
    assert rest.ask("calling.send_fax.stop", call_id, control_id="none").status == 422
    phone.hang_up()


UNREADABLE: Sequence[tuple[str, bytes, str]] = (
    ("page.html", b"<html>not a document", "neither PDF nor TIFF"),
    ("broken.pdf", b"%PDF-1.4 broken", "to_fax"),
    ("long.pdf", b"%PDF-" + bytes(5000), "longer than 4096 bytes"),
)


def test_a_document_that_cannot_be_had(world: World) -> None:
    """Each fails with its reason, and the call is not even answered for it."""
    adapter = fax_adapter(world, max_bytes=4096)
    inbox, report = world.inbox(), world.report()
    steps: list[Any] = []
    for name, body, _ in UNREADABLE:
        url = world.receiver.serve(f"/faxes/{name}", body, "application/pdf")
        steps += [{"send_fax": {"document": url, "status_url": inbox.url}}, report.step(name)]
    steps += [{"send_fax": "http://169.254.169.254/fax.pdf"}, report.step("metadata")]
    steps += [{"send_fax": "file:///etc/passwd"}, report.step("file")]
    phone = world.run(steps, adapter=adapter)
    reasons = {name: reason for name, _, reason in UNREADABLE}
    for name, reason in {**reasons, "metadata": "deny_to", "file": "http(s)"}.items():
        found = report.wait(name)
        assert found["send_fax_result"] == "failed"
        assert reason in found["send_fax_result_text"]
    assert len(eventually(lambda: told(inbox, "send"))) == len(UNREADABLE)
    assert not phone.answered
    assert files_of(adapter) == set()


def test_a_fax_outlives_the_adapter(world: World) -> None:
    """As audio, with a page told before and one after: both ends go on with what became of it."""
    adapter = fax_adapter(world, t38=False)
    inbox, report = world.inbox(), world.report()
    pages = papers.pdf("First", "Second")
    document = world.receiver.serve("/faxes/both.pdf", pages, "application/pdf")
    send = {"document": document, "identity": "+1 555 0002", "status_url": inbox.url}
    numbers = world.join(
        [{"send_fax": send}, report.step("sent"), STAY],
        [{"receive_fax": inbox.url}, report.step("received"), STAY],
        adapter=adapter,
    )
    for direction in ("send", "receive"):
        eventually(partial(told, inbox, direction, "page"), within=FAX_SECONDS)
    adapter.kill()
    adapter.start()
    received = report.wait("received", within=FAX_SECONDS)
    sent = report.wait("sent", within=FAX_SECONDS)
    assert_done("send_fax", sent, pages=2)
    assert_done("receive_fax", received, pages=2)
    assert (sent["send_fax_document"], sent["send_fax_identity"]) == (document, "+1 555 0002")
    assert received["receive_fax_identity"] == sent["send_fax_remote_identity"].strip()
    for direction in ("send", "receive"):
        (finished,) = eventually(partial(told, inbox, direction))
        assert (finished["success"], finished["pages"]) == (True, 2)
        assert [one["number"] for one in told(inbox, direction, "page")] == [1, 2]
    body = http_get(received["receive_fax_document"]).body
    assert papers.count(body) == 2
    assert papers.likeness(body, pages, page=1) > 0.7
    world.switch.hang_up_all()
    ending = world.switch.wait_ending(numbers[1])
    assert ending["variable_socket_resume"] == "true", "the call is as it was before"
    if world.switch.real:
        assert ending["variable_fax_t38_status"] == "off"


def test_a_page_that_came_is_kept(world: World) -> None:
    """The caller is gone after the first page of two: it is there, and is told once."""
    adapter = fax_adapter(world, t38=False)
    inbox = world.inbox()
    pages = papers.pdf("First", "Second")
    document = world.receiver.serve("/faxes/two.pdf", pages, "application/pdf")
    world.join(
        [{"send_fax": document}],
        [{"receive_fax": inbox.url}, "hangup"],
        adapter=adapter,
    )
    eventually(lambda: told(inbox, "receive", "page"), within=FAX_SECONDS, what="a page")
    world.switch.hang_up_all()
    (finished,) = eventually(lambda: told(inbox, "receive"), within=30, what="the end")
    assert (finished["success"], finished["pages"], finished["format"]) == (False, 1, "pdf")
    body = http_get(finished["document"]).body
    assert papers.count(body) == 1
    assert papers.likeness(body, pages) > 0.7
