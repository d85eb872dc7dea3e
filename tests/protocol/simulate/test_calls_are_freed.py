"""A call that is over leaves nothing for the collector of circles: memory is free at once."""

import gc
import textwrap
import time
from collections import Counter
from pathlib import Path

import gevent
import pytest

from adapter.calls.session import Session
from adapter.config import Settings
from adapter.freeswitch.call import Call
from adapter.freeswitch.connection import Connection
from adapter.methods.context import Context
from adapter.recording.recorder import Recorder
from adapter.service import Service
from adapter.simswitch import Action, Callee, CallPlan, Extension, SimSwitch, SwitchSettings
from adapter.swml.script import Script

OF_A_CALL = (Call, Connection, Context, Recorder, Script, Session)

DOCUMENT = """
    sections:
      main:
        - answer
        - set: {a: b}
        - record_call: {control_id: one, stereo: true, terminators: '#'}
        - record_call: {control_id: two, max_length: 5}
        - play: {url: 'silence:0.1'}
        - prompt: {play: 'silence:0.1', initial_timeout: 0.1}
        - connect: {to: 'sip:bob@127.0.0.1'}
        - stop_record_call: {control_id: one}
"""
DEADLINE = 20.0


@pytest.fixture
def service(tmp_path: Path):
    document = tmp_path / "document.yaml"
    document.write_text(textwrap.dedent(DOCUMENT))
    made = Service(
        Settings.load(
            None,
            {
                "listen": "127.0.0.1:0",
                "http": "127.0.0.1:0",
                "swml": str(document),
                "data_dir": str(tmp_path / "data"),
            },
            environ={},
        )
    )
    made.start()
    yield made
    made.stop()


def left() -> dict[str, int]:
    """What there is of calls that are over, by kind."""
    return dict(Counter(type(o).__name__ for o in gc.get_objects() if isinstance(o, OF_A_CALL)))


def test_nothing_of_a_call_is_left_when_it_is_over(service: Service) -> None:
    target = f"127.0.0.1:{service.settings.listen.port} async full"
    settings = SwitchSettings(
        dialplan=(Extension(".*", (Action("socket", target),)),),
        callees=(Callee(".*", talks=0.2),),
    )
    gc.collect()
    gc.disable()
    try:
        before = left()
        with SimSwitch(settings) as switch:
            for _ in range(3):
                caller = switch.call(CallPlan.from_data({"from": "1", "to": "2"}))
                caller.wait(DEADLINE)
                assert caller.hangup_cause == "NORMAL_CLEARING"
        until = time.monotonic() + DEADLINE
        while (now := left()) != before and time.monotonic() < until:
            gevent.sleep(0.05)
        assert now == before
    finally:
        gc.enable()
