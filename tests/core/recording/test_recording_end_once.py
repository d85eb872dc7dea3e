"""Two processes that come upon the same end: it is told once."""

import pytest
from msgspec.structs import replace

from adapter.callbacks.outbox import Outbox
from adapter.identity import CallIdentity
from adapter.recording.archive import Archive
from adapter.recording.options import Options
from adapter.recording.state import State
from adapter.store.held import HeldWrites
from adapter.store.store import Store

CALL = CallIdentity("call", "node", "swml:1", "project", "space")


@pytest.fixture
def archives(tmp_path):
    """Those of two processes on one store."""
    stores = [Store.open(f"sqlite:///{tmp_path}/adapter.db") for _ in range(2)]
    yield [
        Archive(store, HeldWrites(store), Outbox(), tmp_path, str(tmp_path), "http://x", None)
        for store in stores
    ]
    for store in stores:
        store.close()


def test_an_end_is_told_once_whoever_sees_it(archives):
    owner, recovery = archives
    row = owner.new(CALL, Options(control_id="r", status_url="http://127.0.0.1:9/"))
    for state in (State.RECORDING, State.PAUSED, State.RECORDING):
        row = replace(row, state=state)
        owner.announce(row)
    recovery.announce(replace(row, state=State.FINISHED, duration=1.0))
    owner.announce(replace(row, state=State.FINISHED, duration=2.0))
    told = owner.store.callbacks()
    assert len(told) == 4
    assert b'"state":"finished"' in told[-1].body
    assert b'"duration":1.0' in told[-1].body
