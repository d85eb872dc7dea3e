"""Rows of faxes: how they end, what is told, what is kept."""

import json
import shutil
from types import SimpleNamespace

import pytest
from msgspec import structs
from worlds import papers

from adapter.callbacks.outbox import Outbox
from adapter.config import Fax
from adapter.faxing import pages
from adapter.faxing.faxes import Faxes
from adapter.freeswitch.faxes import Outcome
from adapter.helpers.errors import HelperError
from adapter.identity import CallIdentity
from adapter.recording.archive import Archive
from adapter.recording.recovery import Recovery
from adapter.recording.state import State
from adapter.store.held import HeldWrites
from adapter.store.rows import FAX, RecordingFilter
from adapter.store.store import Store

CALL = CallIdentity("call", "node", "swml:1", "project", "space")


class Helpers:
    """Runs what helpers do here, or fails as they do."""

    fault = ""

    def run(self, function: str, *, deadline: float, **arguments: object):
        if self.fault:
            raise HelperError(self.fault)
        return getattr(pages, function.partition(":")[2])(**arguments)


@pytest.fixture
def faxes(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    folder = tmp_path / "recordings"
    folder.mkdir()
    archive = Archive(
        store, HeldWrites(store), Outbox(), folder, "/switch", "http://x", "a secret of 16+"
    )
    yield Faxes(archive, Helpers(), SimpleNamespace(), Fax())
    store.close()


@pytest.fixture
def received(faxes, tmp_path):
    """A fax of which two pages have come."""
    fax = faxes.new(CALL, "receive", "http://127.0.0.1:9/", step=3, identity="+1555")
    fax = structs.replace(fax, state=State.RECORDING, created_at=fax.created_at - 3600)
    faxes.archive.put(fax)
    (tmp_path / "two.pdf").write_bytes(papers.pdf("One", "Two"))
    pages.to_fax(str(tmp_path / "two.pdf"), str(faxes.archive.path(fax)), 9)
    return fax


def told(faxes):
    """The last callback's fax."""
    event = json.loads(faxes.archive.store.callbacks()[-1].body)
    assert event["event_type"] == "calling.call.fax"
    return event["params"]["fax"]["params"]


def kept(faxes):
    return sorted(path.suffix for path in faxes.archive.folder.iterdir())


def test_a_fax_that_came_is_a_pdf(faxes, received):
    outcome = Outcome(True, 0, "OK", 2, "+1556")
    fax = faxes.finish(received, outcome)
    assert (fax.state, fax.format, fax.error_code) == ("finished", "pdf", None)
    assert kept(faxes) == [".pdf"]
    assert told(faxes) == {
        "direction": "receive",
        "identity": "+1555",
        "remote_identity": "+1556",
        "document": faxes.archive.url(fax),
        "pages": 2,
        "success": True,
        "result": 0,
        "result_text": "OK",
        "format": "pdf",
    }
    found = faxes.results("receive_fax", fax)
    assert found["receive_fax_document"].startswith("http://x/api/v1/recordings/")
    assert found["receive_fax_document"].partition("?sig=")[2]
    assert (found["receive_fax_result"], found["receive_fax_pages"]) == ("success", 2)


def test_it_is_among_faxes_and_not_among_recordings(faxes, received):
    store = faxes.archive.store
    faxes.finish(received, Outcome(True, 0, "OK", 2))
    assert store.recordings(RecordingFilter()) == []
    (row,) = store.recordings(RecordingFilter(faxes=True))
    assert faxes.archive.of_call("call") == []
    assert (faxes.of_step("call", 3), faxes.of_step("call", 4)) == (row, None)


def test_without_the_extra_it_stays_a_tiff(faxes, received):
    faxes.helpers.fault = "to_pdf: No module named 'PIL'"
    fax = faxes.finish(received, Outcome(True, 0, "OK", 2))
    assert (fax.format, told(faxes)["format"]) == ("tiff", "tiff")
    assert kept(faxes) == [".tif"]


def test_nobody_saw_the_end(faxes, received):
    """The adapter died, and then the call: what is there is told, each page and the end once."""
    faxes.tell_page(received, 1)
    recovery = Recovery(faxes.archive, faxes.finish)
    recovery._suspects[received.id] = -1e9
    node = SimpleNamespace(name="node", up=True, api=lambda _: "park\n")
    recovery._nodes = [node]
    recovery.sweep()
    recovery.sweep()
    events = [json.loads(one.body)["params"]["fax"] for one in faxes.archive.store.callbacks()]
    assert [event["type"] for event in events] == ["page", "page", "finished"]
    assert [event["params"]["number"] for event in events[:2]] == [1, 2]
    assert not events[2]["params"]["success"]
    assert (told(faxes)["pages"], told(faxes)["result"]) == (2, None)
    assert kept(faxes) == [".pdf"]


def test_the_switch_still_receives_it(faxes, received):
    recovery = Recovery(faxes.archive, faxes.finish)
    recovery._suspects[received.id] = -1e9
    recovery._nodes = [SimpleNamespace(name="node", up=True, api=lambda _: "rxfax\n")]
    recovery.sweep()
    assert faxes.archive.store.callbacks() == []


def test_nothing_came(faxes, received):
    faxes.archive.path(received).unlink()
    fax = faxes.finish(received, Outcome(False, 2, "Timed out"))
    assert (fax.state, fax.error_message) == ("error", "Timed out")
    assert told(faxes)["document"] is None
    assert kept(faxes) == []


def test_what_was_sent_leaves_nothing(faxes, received, tmp_path):
    fax = faxes.new(CALL, "send", "http://127.0.0.1:9/", step=1, identity="i", document="http://d/")
    shutil.copy(faxes.archive.path(received), faxes.archive.path(fax))
    fax = faxes.finish(fax, Outcome(True, 0, "OK", 2))
    assert fax.deleted_at is not None
    assert told(faxes)["document"] == "http://d/"
    assert [path.stem for path in faxes.archive.folder.iterdir()] == [received.id]


def test_pages_are_told_in_order(faxes, received):
    for number in (1, 2):
        faxes.tell_page(received, number)
    bodies = [json.loads(one.body)["params"]["fax"] for one in faxes.archive.store.callbacks()]
    assert [body["params"]["number"] for body in bodies] == [1, 2]
    assert {body["type"] for body in bodies} == {"page"}


def test_a_channel_knows_of_its_last_fax_alone():
    channel = {
        "variable_fax_filename": "/switch/a.tif",
        "variable_fax_success": "0",
        "variable_fax_result_code": "49",
        "variable_fax_document_transferred_pages": "1",
    }
    known = SimpleNamespace(get=lambda name, default="": channel.get(name, default))
    assert Outcome.of_channel(known, "/switch/b.tif") is None
    outcome = Outcome.of_channel(known, "/switch/a.tif")
    assert (outcome.success, outcome.code, outcome.pages) == (False, 49, 1)


def test_a_row_keeps_what_is_known(faxes, received):
    fax = faxes.finish(received, Outcome(False, 49, "The call dropped prematurely", 1, "r"))
    assert fax.options[FAX]["code"] == 49
    assert fax.state == "finished", "two pages are a document"
    assert fax.error_message == "The call dropped prematurely"
