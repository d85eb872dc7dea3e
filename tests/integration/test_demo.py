"""`swml-adapter demo`, as a user runs it: on the simulated switch, and with `--real`."""

import os
import subprocess
import sys

import pytest
from worlds.adapter_process import ROOT
from worlds.real_switch import find_binary

DEADLINE = 100.0

SHOWN = (
    "main[0].record_call",
    "api uuid_record",
    "recording  finished (stopped)",
    "callback   record_call recording",
    "callback   record_call finished",
    "script     finished",
    "dBFS",
)


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("SWML_")}
    return subprocess.run(
        [sys.executable, "-m", "adapter", "demo", *arguments],
        env=environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def assert_shows_all(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert [text for text in SHOWN if text not in done.stdout] == []
    assert "missing" not in done.stdout


def test_it_shows_a_recorded_call_on_the_simulated_switch() -> None:
    assert_shows_all(demo())


@pytest.mark.real
def test_it_shows_a_recorded_call_on_a_real_switch() -> None:
    if find_binary() is None:
        pytest.skip("no FreeSWITCH: none in FREESWITCH_BIN, PATH or the usual folders")
    done = demo("--real")
    assert_shows_all(done)
    assert "FreeSWITCH 1." in done.stdout


def test_without_a_switch_it_says_where_one_is_looked_for() -> None:
    done = demo("--real", FREESWITCH_BIN="/nowhere/freeswitch")
    assert done.returncode == 2
    assert "FREESWITCH_BIN" in done.stderr
