"""docs/operations.md names what the code has: metrics, log events, commands."""

import re
from pathlib import Path

import pytest
import typer
from prometheus_client import REGISTRY

import adapter
from adapter import metrics
from adapter.cli import app
from adapter.recording.state import State

ROOT = Path(adapter.__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text()
SOURCE = "".join(path.read_text() for path in sorted((ROOT / "adapter").rglob("*.py")))
STATES = {f"recording {state.replace('_', ' ')}" for state in State}


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def events() -> list[str]:
    rows = [line for line in section("Logs").splitlines() if line.startswith("| `")]
    return [event for row in rows for event in re.findall("`([^`]+)`", row.split("|")[1])]


def examples() -> list[str]:
    lines = [line.split("#")[0] for line in PAGE.splitlines() if line.startswith("    swml-")]
    return [line.strip() for line in lines]


def test_every_metric_is_there_and_no_other():
    assert metrics.render()
    ours = {one.name for one in REGISTRY.collect() if one.name.startswith("swml_")}
    named = set(re.findall(r"`(swml_[a-z_]+?)(?:_total)?(?:\{[a-z,]+\})?`", PAGE))
    assert named == ours


@pytest.mark.parametrize("event", events())
def test_every_event_is_logged_somewhere(event):
    assert f'"{event}"' in SOURCE or event in STATES


def test_the_log_table_is_read():
    assert len(events()) > 30


@pytest.mark.parametrize("example", examples())
def test_every_command_has_these_options(example):
    _, group, name, *rest = example.split()
    command = typer.main.get_command(app).get_command(None, group).commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", " ".join(rest))) <= known


def test_the_commands_are_read():
    assert len(examples()) > 10
