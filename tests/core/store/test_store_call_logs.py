"""Calls and what happened in them; lists read page by page."""

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from adapter.store import pages
from adapter.store.rows import CallEvents, CallLog, CallLogFilter, Cursor, Recording
from adapter.store.store import Store
from adapter.store.tables import call_logs
from adapter.store.writes import AddCallEvents, DeleteRecording, PutCallLog, PutRecording

MINE = CallLogFilter(project_id="project-1")


def a_call(call_id: str = "call-1", **changes: object) -> CallLog:
    values: dict[str, object] = {
        "id": call_id,
        "project_id": "project-1",
        "node_id": "node-1",
        "kind": "phone",
        "direction": "inbound",
        "caller": "+15551230000",
        "called": "+15559870000",
        "state": "created",
        "created_at": 100.0,
    }
    return CallLog(**(values | changes))


def ids(rows: list[CallLog] | list[Recording]) -> list[str]:
    return [row.id for row in rows]


def test_an_answered_call_and_one_that_has_ended_stay_so(store: Store) -> None:
    """Whoever dialled it may be late with its news."""
    ringing = a_call(state="ringing")
    answered = replace(ringing, state="answered", answered_at=101.0)
    ended = replace(answered, state="ended", ended_at=102.0)
    store.commit(PutCallLog(ringing), PutCallLog(answered), PutCallLog(ringing))
    assert store.call_log("call-1") == answered
    store.commit(PutCallLog(ended), PutCallLog(answered), PutCallLog(ringing))
    assert store.call_log("call-1") == ended
    store.commit(PutCallLog(a_call("call-2", state="ended", ended_at=1.0)))
    store.commit(PutCallLog(a_call("call-2", state="created")))
    assert store.call_log("call-2").state == "ended"


def test_a_call_comes_back_as_it_was_last_put(store: Store) -> None:
    first = a_call(caller="nobody\0 \udcff")
    ended = replace(
        first, caller="x", state="ended", answered_at=101.0, ended_at=107.5, cause="USER_BUSY"
    )
    store.commit(PutCallLog(first))
    assert store.call_log("call-1") == replace(first, caller="nobody? ?")
    store.commit(PutCallLog(ended))
    assert store.call_log("call-1") == ended
    assert store.call_log("call-2") is None


def test_events_keep_their_order_and_are_there_once(store: Store) -> None:
    pieces = [CallEvents(call_id="call-1", number=n, events=b"%d" % n) for n in (30, 10, 20)]
    store.commit(*map(AddCallEvents, pieces))
    store.commit(AddCallEvents(replace(pieces[0], events=b"again")))
    assert [piece.events for piece in store.call_pieces("call-1")] == [b"10", b"20", b"30"]
    assert store.call_pieces("call-2") == []


def test_calls_are_listed_by_project_and_time(store: Store) -> None:
    store.commit(
        *(PutCallLog(a_call(f"call-{n}", created_at=float(n))) for n in range(5)),
        PutCallLog(a_call("other", project_id="project-2", created_at=2.0)),
    )
    assert ids(store.call_logs(MINE)) == ["call-4", "call-3", "call-2", "call-1", "call-0"]
    some = CallLogFilter(project_id="project-1", created_from=1.0, created_before=3.0)
    assert ids(store.call_logs(some)) == ["call-2", "call-1"]
    assert ids(store.call_logs(CallLogFilter(), limit=1, offset=2)) == ["other"]


def test_pages_follow_one_another_though_rows_come_and_go(store: Store, a_recording) -> None:
    """Rows of one moment too: a page may end between them."""
    made = [a_recording(f"rec-{n}", created_at=100.0 + n // 3) for n in range(7)]
    store.commit(*map(PutRecording, made))
    first = store.recordings(limit=3)
    assert ids(first) == ["rec-6", "rec-5", "rec-4"]
    store.commit(PutRecording(a_recording("rec-9", created_at=109.0)))
    store.commit(*(DeleteRecording(row.id, 200.0) for row in first))
    last = first[-1]
    second = store.recordings(limit=3, cursor=Cursor(last.created_at, last.id))
    assert ids(second) == ["rec-3", "rec-2", "rec-1"]
    newest = second[0]
    before = store.recordings(limit=3, cursor=Cursor(newest.created_at, newest.id, back=True))
    assert ids(before) == ["rec-9"]


def test_kinds_of_calls(store: Store) -> None:
    store.commit(PutCallLog(a_call()), PutCallLog(a_call("call-2", kind="webrtc")))
    assert store.call_kinds(["call-1", "call-2", "call-3"]) == {
        "call-1": "phone",
        "call-2": "webrtc",
    }
    assert store.call_kinds([]) == {}


def test_old_calls_are_forgotten_with_their_events(store: Store) -> None:
    store.commit(
        PutCallLog(a_call("old", created_at=10.0)),
        PutCallLog(a_call("young", created_at=60.0)),
        *(AddCallEvents(CallEvents(call_id=c, number=1, events=b"")) for c in ("old", "young")),
    )
    assert store.forget_call_logs(50.0) == 1
    assert store.call_log("old") is None
    assert store.call_pieces("old") == []
    assert store.call_log("young")
    assert store.call_pieces("young")


@pytest.mark.parametrize("cursor", [None, Cursor(5.0, "x"), Cursor(5.0, "x", back=True)])
def test_a_page_is_read_from_an_index_in_its_order(sqlite_store: Store, cursor) -> None:
    def plan(connection: sa.Connection) -> str:
        captured: list[str] = []

        class Spy:
            def execute(self, query: sa.Select) -> sa.CursorResult:
                text = query.compile(connection, compile_kwargs={"literal_binds": True})
                captured.extend(
                    row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
                )
                return connection.execute(query)

        mine = [call_logs.c.project_id == "project-1"]
        pages.page(Spy(), call_logs, mine, cursor=cursor, limit=9)  # type: ignore[arg-type]
        return "\n".join(captured)

    text = sqlite_store.change(plan)
    assert "call_logs_of_project" in text
    assert "TEMP B-TREE" not in text
