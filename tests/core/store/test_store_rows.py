"""What goes into the store comes out the same."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapter.store.rows import CallPosition, Recording, RecordingFilter
from adapter.store.store import Store
from adapter.store.writes import PutCall, PutCallback, PutDocument, PutRecording

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
moments = st.none() | st.floats(0, 4e9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
recordings = st.builds(
    Recording,
    id=texts,
    call_id=texts,
    node_id=texts,
    control_id=texts,
    project_id=texts,
    space_id=texts,
    event_channel=texts,
    state=texts,
    path=texts,
    created_at=st.floats(0, 4e9),
    format=texts,
    direction=texts,
    stereo=st.booleans(),
    status_url=st.none() | texts,
    reason=st.none() | texts,
    started_at=moments,
    ended_at=moments,
    duration=moments,
    size=st.none() | st.integers(0, 2**62),
    truncated=st.booleans(),
    error_code=st.none() | texts,
    error_message=st.none() | texts,
    deleted_at=moments,
    options=st.dictionaries(texts, json_values, max_size=3),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(recording=recordings)
def test_recording_comes_back_as_it_was(store: Store, recording: Recording) -> None:
    store.commit(PutRecording(recording))
    assert store.recording(recording.id) == recording


def test_recording_is_replaced_by_id(store: Store, a_recording) -> None:
    first = a_recording()
    ended = replace(first, state="finished", ended_at=110.0, size=12)
    store.commit(PutRecording(first))
    store.commit(PutRecording(ended))
    assert store.recordings() == [ended]


def test_later_put_in_one_commit_wins(store: Store, a_recording) -> None:
    store.commit(*(PutRecording(a_recording(size=size)) for size in (1, 2, 3)))
    assert store.recording("rec-1") == a_recording(size=3)


def test_callback_comes_back_with_its_bytes(store: Store, a_callback) -> None:
    callback = a_callback(body=b'{"name":"\xff\x00"}', last_error="x")
    store.commit(PutCallback(callback))
    stored = store.callback("cb-1")
    assert stored is not None
    assert replace(stored, position=0) == callback
    assert stored.position > 0


def test_callback_is_not_replaced(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback(body=b"first", attempts=3)))
    store.commit(PutCallback(a_callback(body=b"second")))
    stored = store.callback("cb-1")
    assert stored is not None
    assert (stored.body, stored.attempts) == (b"first", 3)


def test_call_position_is_replaced(store: Store) -> None:
    def position(step: int, ended_at: float | None = None) -> CallPosition:
        return CallPosition(
            call_id="a",
            session_id="s",
            node_id="n",
            worker="w",
            state={"frames": [{"step": step}]},
            updated_at=1.0,
            ended_at=ended_at,
        )

    store.commit(PutCall(position(1)))
    store.commit(PutCall(position(2, ended_at=5.0)))
    assert store.call("a") == position(2, ended_at=5.0)
    assert store.call("unknown") is None


def test_recordings_are_filtered_and_paged_newest_first(store: Store, a_recording) -> None:
    rows = [
        a_recording("old", created_at=1.0, ended_at=5.0, state="finished", call_id="call-2"),
        a_recording("gone", created_at=2.0, ended_at=6.0, state="finished", deleted_at=9.0),
        a_recording("late", created_at=3.0, ended_at=20.0, state="no_input", project_id="other"),
        a_recording("open", created_at=4.0),
    ]
    store.commit(*map(PutRecording, rows))

    def ids(**wanted: object) -> list[str]:
        return [row.id for row in store.recordings(RecordingFilter(**wanted))]

    assert ids() == ["open", "late", "old"]
    assert ids(deleted=None) == ["open", "late", "gone", "old"]
    assert ids(deleted=True) == ["gone"]
    assert ids(ended=False) == ["open"]
    assert ids(ended=True) == ["late", "old"]
    assert ids(ended_before=10.0, deleted=None) == ["gone", "old"]
    assert ids(states=("finished", "no_input")) == ["late", "old"]
    assert ids(states=()) == []
    assert ids(call_id="call-2") == ["old"]
    assert ids(project_id="other") == ["late"]
    assert ids(created_from=3.0, created_before=4.0) == ["late"]
    assert [row.id for row in store.recordings(limit=1, offset=1)] == ["late"]
    assert store.count_recordings() == 3
    assert store.count_recordings(RecordingFilter(states=("recording",))) == 1


def test_newest_recording_of_a_control_id_is_found(store: Store, a_recording) -> None:
    store.commit(
        PutRecording(a_recording("first", created_at=1.0)),
        PutRecording(a_recording("second", created_at=2.0)),
    )
    found = store.find_recording("call-1", "ctl-1")
    assert found is not None
    assert found.id == "second"
    assert store.find_recording("call-1", "other") is None


def test_text_that_no_database_takes_is_stored_with_replacements(store: Store, a_recording) -> None:
    store.commit(PutRecording(a_recording(control_id="caf\udce9 \0 ok", options={"n": "\udce9"})))
    stored = store.recording("rec-1")
    assert stored is not None
    assert stored.control_id == "caf? ? ok"


def test_document_is_kept_as_it_was_first_and_with_replacements(store: Store) -> None:
    store.commit(PutDocument("abc", "caf\udce9.yaml", "say: \0"))
    store.commit(PutDocument("abc", "other", "other"))
    assert store.document("abc") == ("caf?.yaml", "say: ?")
