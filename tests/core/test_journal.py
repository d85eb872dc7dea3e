"""What happened to a call is written down: in order, once, soon, and without secrets."""

from dataclasses import replace

import gevent
import pytest
from msgspec import structs

from adapter import journal as module
from adapter import journal_text
from adapter.freeswitch import commands
from adapter.identity import CallIdentity
from adapter.journal import MOST_EVENTS, Journals, events_of
from adapter.journal_text import COMMAND, HIDDEN, Entry, packed, shown, unpacked
from adapter.store.errors import StoreError
from adapter.store.rows import CallLogFilter, Recording
from adapter.store.store import Store

WHO = CallIdentity("call-1", "fs1", "swml:1", "project-1", "space-1")
CALL = {
    "call_state": "created",
    "type": "phone",
    "direction": "inbound",
    "from": "+15551230000",
    "to": "+15559870000",
}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    yield opened
    opened.close()


@pytest.fixture
def journals(store):
    made = Journals(store)
    yield made
    made.stop()


def names(store, call_id="call-1"):
    return [event.name for event in events_of(store.call_pieces(call_id))]


def eventually(look):
    with gevent.Timeout(5):
        while not (seen := look()):
            gevent.sleep(0.005)
    return seen


def test_a_call_is_known_while_it_runs_and_afterwards(store, journals):
    journal = journals.open(WHO, CALL, resumed=False)
    running = eventually(lambda: store.call_log("call-1"))
    assert (running.state, running.caller, running.ended_at) == ("created", "+15551230000", None)
    journal.state("answered")
    journal.note("swml.play", {"step": "main[0].play", "parameters": {"url": "say:hello"}})
    journal.state("ended", cause="NORMAL_CLEARING")
    journal.close()
    eventually(lambda: store.call_log("call-1").ended_at)
    row = store.call_log("call-1")
    assert (row.state, row.cause) == ("ended", "NORMAL_CLEARING")
    assert row.created_at <= row.answered_at <= row.ended_at
    events = events_of(store.call_pieces("call-1"))
    assert [event.name for event in events] == [
        "calling.call.state",
        "calling.call.state",
        "swml.play",
        "calling.call.state",
    ]
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert events[2].details["parameters"] == {"url": "say:hello"}
    assert events[3].details == {"call_state": "ended", "cause": "NORMAL_CLEARING"}
    assert journals.of("call-1") is None


def test_a_state_is_told_once_and_none_follows_the_end(store, journals):
    journal = journals.open(WHO, CALL, resumed=False)
    for state in ("answered", "answered", "ended", "answered", "ended"):
        journal.state(state)
    journals.flush(journal)
    assert len(names(store)) == 3


def test_a_call_taken_up_elsewhere_keeps_its_beginning(store, journals):
    first = journals.open(WHO, CALL, resumed=False)
    first.state("answered")
    first.close()
    journals.flush(first)
    began = store.call_log("call-1").created_at
    second = Journals(store)
    journal = second.open(WHO, CALL, resumed=True)
    journal.state("ended", cause="USER_BUSY")
    second.stop()
    row = store.call_log("call-1")
    assert (row.created_at, row.state, row.cause) == (began, "ended", "USER_BUSY")
    assert row.answered_at
    assert names(store)[-2:] == ["call.resumed", "calling.call.state"]


def test_a_resumed_call_that_is_not_known_is_known_then(store, journals):
    journals.flush(journals.open(WHO, CALL, resumed=True))
    assert store.call_log("call-1").state == "created"


def test_a_recording_is_noted_in_its_calls_journal_or_without(store, journals):
    row = Recording(
        id="rec-1",
        call_id="call-1",
        node_id="fs1",
        control_id="c1",
        project_id="project-1",
        space_id="space-1",
        event_channel="swml:1",
        state="recording",
        path="rec-1.wav",
        created_at=100.0,
    )
    journal = journals.open(WHO, CALL, resumed=False)
    journals.recording(row)
    journal.close()
    journals.flush(journal)
    journals.recording(structs.replace(row, state="error", error_message="the disk is full"))
    events = events_of(store.call_pieces("call-1"))
    assert [event.details.get("state") for event in events[1:]] == ["recording", "error"]
    assert events[2].level == "error"
    assert events[2].details["error"] == "the disk is full"


class Broken:
    """A store that can be out of order; it writes all the same when it says that it is late."""

    def __init__(self, store):
        self.store = store
        self.order = "refuses"

    def commit(self, *writes):
        if self.order == "refuses":
            raise StoreError("the disk is full")
        self.store.commit(*writes)
        if self.order == "is late":
            raise StoreError("no answer")

    def call_log(self, call_id):
        raise StoreError("the disk is full")


@pytest.mark.parametrize("order", ["refuses", "is late"])
def test_a_broken_store_gets_everything_later_and_once(store, order):
    broken = Broken(store)
    broken.order = order
    journals = Journals(broken)
    journal = journals.open(WHO, CALL, resumed=True)
    journal.note("swml.play")
    gevent.sleep(0.05)
    journal.note("swml.hangup")
    journal.state("ended")
    journal.close()
    broken.order = "works"
    eventually(lambda: (row := store.call_log("call-1")) and row.state == "ended")
    journals.stop()
    assert names(store) == ["call.resumed", "swml.play", "swml.hangup", "calling.call.state"]


def test_a_loop_does_not_fill_the_store_but_the_end_is_told(store, journals):
    journal = journals.open(WHO, CALL, resumed=False)
    for _ in range(MOST_EVENTS + 100):
        journal.note("swml.sleep")
    journal.state("ended")
    journals.flush(journal)
    written = names(store)
    assert len(written) == MOST_EVENTS + 2
    assert written[-2:] == ["log.full", "calling.call.state"]


def test_many_calls_are_written_together(store, journals):
    for number in range(450):
        who = replace(WHO, call_id=f"call-{number}")
        journals.open(who, CALL, resumed=False).close()
    journals.stop()
    assert len(store.call_logs(CallLogFilter(project_id="project-1"), limit=1000)) == 450


# --- what may be read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (b"api uuid_answer u1\n\n", "uuid_answer u1"),
        (
            b"sendmsg\ncall-command: execute\nexecute-app-name: playback\nEvent-UUID: e\n"
            b"execute-app-arg: /x.wav\n\n",
            "execute playback /x.wav",
        ),
        (b"sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n", "hangup USER_BUSY"),
        (b"api uuid_send_dtmf u1 4111111111111111\n\n", f"uuid_send_dtmf {HIDDEN}"),
        (
            b"sendmsg\ncall-command: execute\nexecute-app-name: send_dtmf\n"
            b"execute-app-arg: 1234@100\n\n",
            f"execute send_dtmf {HIDDEN}",
        ),
        (
            b"api originate {sip_auth_username=a,sip_auth_password=hush,x=y}sofia/internal/1\n\n",
            f"originate {{sip_auth_username=a,sip_auth_password={HIDDEN},x=y}}sofia/internal/1",
        ),
        (b"api x http://user:hush@host/path?sig=abc\n\n", f"x http://host/path?sig={HIDDEN}"),
        (b"event plain CHANNEL_ANSWER DTMF X\n\n", "event plain CHANNEL_ANSWER DTMF X"),
        (b"api \xff\n\n", "�"),
    ],
)
def test_commands_are_shown_without_protocol_and_secrets(command, text):
    assert told([command], "+OK\n") == {"command": text, "reply": "+OK"}


def test_commands_sent_together_share_an_answer():
    together = told([b"api a\n\n", b"api b\n\n"], "-ERR")
    assert together == {"commands": ["a", "b"], "reply": "-ERR"}


def told(batch, reply):
    (entry,) = unpacked(packed([Entry(1.0, "debug", COMMAND, (batch, reply))]))
    return entry.details


def test_nothing_secret_is_kept_even_where_nobody_reads_it():
    import zlib

    details = {"parameters": {"digits": "4111", "to": "sip:a:hush@h", "password": "hush"}}
    batch = [b"api uuid_send_dtmf u 4111\n\n", b"api x {sip_auth_password=hush}y\n\n"]
    entries = [Entry(1.0, "info", "swml.x", details), Entry(1.0, "debug", COMMAND, (batch, ""))]
    kept = zlib.decompress(packed(entries))
    assert b"4111" not in kept
    assert kept.count(b"hush") == 1  # the SIP address's, which is a name and no password


def test_what_every_call_commands_is_kept_as_it_is_noted(monkeypatch):
    """To look for secrets in them takes as long as a step."""
    monkeypatch.setattr(journal_text, "command_text", None)
    batch = [commands.subscribe(), commands.answer("u1"), commands.hangup("NORMAL_CLEARING")]
    assert packed([Entry(1.0, "debug", COMMAND, (batch, "+OK"))])


@pytest.mark.parametrize("value", ["\udcff", float("nan"), object(), "x\0y"])
def test_what_is_no_json_is_kept_all_the_same(value):
    (entry,) = unpacked(packed([Entry(1.0, "info", "swml.x", {"value": value})]))
    assert "value" in entry.details


def test_values_are_shown_without_secrets_and_cut():
    parameters = {
        "url": "http://user:hush@host/",
        "body": {"card": "4111111111111111"},
        "headers": {"Authorization": "Basic aHVzaA=="},
        "username": "a",
        "password": "hush",
        "digits": "1234",
        "nested": {"token": "hush", "list": [{"secret": "hush"}]},
        "text": "x" * 10_000,
        "many": list(range(1000)),
        "number": 4.5,
        "nothing": None,
    }
    told = shown({"parameters": parameters})["parameters"]
    assert "hush" not in str(told)
    assert "4111" not in str(told)
    assert "1234" not in str(told)
    assert len(told["text"]) < 500
    assert len(told["many"]) < 50
    assert (told["number"], told["nothing"], told["username"]) == (4.5, None, "a")


def test_what_is_endlessly_deep_is_cut():
    deep: dict = {}
    for _ in range(5000):
        deep = {"x": deep}
    assert len(str(shown(deep))) < 100
