"""`swml-adapter simulate`: its options, its output and its exit codes."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from adapter.cli import app

IVR = """\
- prompt: {play: 'say:Welcome to %{envs.company}', max_digits: 1}
- switch: {variable: prompt_value, case: {'1': [{play: {url: 'say:sales'}}]}, default: [hangup]}
"""


@pytest.fixture
def run(document, tmp_path, monkeypatch):
    """Simulate a document with these options, where it is."""
    monkeypatch.chdir(tmp_path)

    def invoke(text, *options):
        return CliRunner().invoke(app, ["simulate", document(text).name, *options])

    return invoke


def test_what_is_printed(run):
    done = run(IVR, "--digits", "1", "--env", "company=ACME", "--from", "+1", "--to", "+2")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "    0.00 call from +1 to +2"
    assert any(line.endswith("playback tts://flite|kal|Welcome to ACME") for line in lines)
    assert any(line.endswith("caller    presses 1") for line in lines)
    assert any("main[1].switch.case.1[0].play url: say:sales" in line for line in lines)
    assert lines[-1].endswith("end the script ran to its end")


def test_what_who_is_called_does_must_be_known(run):
    done = run("- connect: {to: '+1'}\n", "--called", "+1=busy", "--called", "asleep")
    assert done.exit_code == 2
    assert "--called asleep: write answers, busy, declined, no_answer" in done.output


def test_a_stored_trace_is_the_same_next_time(run, tmp_path):
    options = ("--digits", "1", "--env", "company=ACME")
    assert run(IVR, *options, "--write", "trace.txt").exit_code == 0
    assert "say:sales" in (tmp_path / "trace.txt").read_text()
    assert run(IVR, *options, "--expect", "trace.txt").exit_code == 0


def test_a_difference_is_shown(run):
    assert run(IVR, "--digits", "1", "--write", "trace.txt").exit_code == 0
    done = run(IVR, "--digits", "2", "--expect", "trace.txt")
    assert done.exit_code == 1
    assert "--- trace.txt" in done.output
    assert "-  caller    presses 1\n+  caller    presses 2\n" in done.output
    assert "-main[1].switch.case.1[0].play url: say:sales\n" in done.output


def test_json(run):
    done = run(IVR, "--digits", "1", "--json")
    data = json.loads(done.stdout)
    assert (done.exit_code, data["exit_code"], data["stopped"]) == (0, 0, None)
    kinds = [entry["kind"] for entry in data["trace"]]
    assert kinds[0] == "call"
    assert kinds[-1] == "end"
    prompt = next(entry for entry in data["trace"] if entry.get("method") == "prompt")
    assert prompt["params"] == {"play": "say:Welcome to ", "max_digits": 1}


def test_a_document_that_is_refused(run):
    done = run("- nope: 1\n")
    assert done.exit_code == 3
    assert "main[0].nope, line 3: there is no method nope" in done.stderr
    refused = run("- nope: 1\n", "--json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout)["exit_code"] == 3


def test_a_script_that_is_stopped(run):
    assert run("main:\n  - execute: {dest: main}\n").exit_code == 4


def test_strict_fails_with_a_step(run, tmp_path):
    (tmp_path / "stubs.yaml").write_text("[]")
    step = "- request: {url: 'https://example.com/', method: GET}\n"
    assert run(step, "--http", "stubs.yaml").exit_code == 0
    assert run(step, "--http", "stubs.yaml", "--strict").exit_code == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--env", "x"), "write NAME=VALUE"),
        (("--http", "absent.yaml"), "absent.yaml: No such file"),
        (("--expect", "absent.txt"), "--write absent.txt stores one"),
        (("--write", "absent/trace.txt"), "absent/trace.txt: No such file"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_usage(run, options, said):
    done = run("- hangup: {}\n", *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_file_that_is_not_there(run):
    run("- hangup: {}\n")
    done = CliRunner().invoke(app, ["simulate", "absent.yaml"])
    assert (done.exit_code, done.stderr) == (2, "absent.yaml: No such file or directory\n")


def test_the_program_itself(document):
    """In a process of its own, where gevent has taken over the standard library."""
    steps = "- set: {a: '%{1 + 1}'}\n- sleep: 3600000\n- record: {initial_timeout: 2}\n"
    done = subprocess.run(
        [sys.executable, "-m", "adapter", "simulate", str(document(steps)), "--speech", "hello"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a = 2" in done.stdout
    assert "says hello" in done.stdout
    assert done.stdout.endswith("end the script ran to its end\n")
