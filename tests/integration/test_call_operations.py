"""What an operator does about calls that were: look, delete, verify, send again."""

import json
import os
import subprocess
import sys
from typing import Any

from worlds.adapter_process import ROOT, AdapterProcess
from worlds.receiver import Answer
from worlds.rest import Rest
from worlds.steps import SETTLED, STAY, record, sleep
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

COMMAND_DEADLINE = 30.0


def command(adapter: AdapterProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`swml-adapter …` with the settings of an adapter."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("SWML_")}
    return subprocess.run(
        [sys.executable, "-m", "adapter", *arguments],
        env=environ | {"SWML_CONFIG": str(adapter.folder / "settings.yaml")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_DEADLINE,
        check=False,
    )


def rows(adapter: AdapterProcess, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints with `--json`."""
    done = command(adapter, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def metric(adapter: AdapterProcess, name: str) -> float:
    lines = http_get(f"{adapter.url}/metrics").body.decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def own_adapter(world: World) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver)})


def test_a_recording_is_verified_deleted_and_gone(world: World) -> None:
    adapter, inbox = own_adapter(world), world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.3)], adapter=adapter)
    finished = inbox.wait_for("finished")
    recording_id = finished["recording_id"]
    assert command(adapter, "recordings", "verify").returncode == 0
    (shown,) = rows(adapter, "recordings", "show", recording_id)
    assert (shown["id"], shown["size"]) == (recording_id, finished["size"])
    eventually(
        lambda: command(adapter, "recordings", "delete", recording_id, "--yes").returncode == 0,
        what="its last callback out of the way",
    )
    assert http_get(finished["url"]).status == 410
    assert command(adapter, "recordings", "verify").returncode == 0


def test_a_running_recording_is_not_deleted(world: World) -> None:
    adapter, inbox = own_adapter(world), world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], adapter=adapter)
    inbox.wait_for("recording")
    (listed,) = rows(adapter, "recordings", "list")
    done = command(adapter, "recordings", "delete", listed["id"], "--yes", "--force")
    assert done.returncode == 1
    assert "in state recording" in done.stderr
    assert metric(adapter, "swml_recordings_active") == 1
    phone.hang_up()
    world.listen_to(inbox.wait_for("finished"))
    assert metric(adapter, "swml_recordings_active") == 0


def test_a_callback_that_failed_is_sent_again_as_it_was(world: World) -> None:
    adapter, inbox = own_adapter(world), world.inbox()
    inbox.answer_once_each(Answer(200), Answer(404))
    world.run([*SETTLED, record(inbox), sleep(0.2)], adapter=adapter)
    inbox.wait_for("finished")
    eventually(lambda: metric(adapter, "swml_outbox_failed") == 1, what="the failed callback")
    assert metric(adapter, "swml_outbox_depth") == 0
    assert metric(adapter, "swml_esl_command_seconds_count") > 0
    (failed,) = rows(adapter, "callbacks", "list")
    assert (failed["state"], failed["last_status"]) == ("failed", 404)
    assert command(adapter, "callbacks", "retry", failed["id"]).returncode == 0
    # A running adapter looks every 30 s; one that starts looks at once.
    adapter.stop()
    adapter.start()
    first, _, again = eventually(lambda: inbox.hits if len(inbox.hits) == 3 else None)
    assert first.json["params"]["state"] == "recording"
    assert again.headers["Idempotency-Key"] == failed["id"]
    assert again.body == inbox.hits[1].body
    eventually(lambda: metric(adapter, "swml_outbox_failed") == 0, what="an outbox without it")


def test_each_line_of_the_log_says_what_it_is_about(world: World) -> None:
    """The call, the step or the command, and the control_id: while it is done, and later."""
    adapter, report = own_adapter(world), world.report()
    phone = world.call(
        [
            *SETTLED,
            record(control_id="ours"),
            {
                "request": {
                    "url": f"{report.url}?name=asked",
                    "method": "POST",
                    "headers": {"bad name": "x"},
                }
            },
            report.step("told"),
            STAY,
        ],
        adapter=adapter,
    )
    call_id = report.wait_hit("told").json["call"]["call_id"]
    tune = [{"type": "audio", "params": {"url": world.receiver.url + "/nothing-here.wav"}}]
    Rest(adapter.url).do("calling.play", call_id, control_id="tune", play=tune)
    eventually(lambda: _lines(world, adapter, "a sound was not played"), what="the end of the play")
    phone.hang_up()
    eventually(lambda: _lines(world, adapter, "recording finished"), what="its end")
    said = {
        event: {name: _lines(world, adapter, event)[0].get(name) for name in NAMES}
        for event in ("request headers left out", "recording finished", "a sound was not played")
    }
    assert list(said.values()) == [
        {"call_id": call_id, "step": "main[3].request", "command": None, "control_id": None},
        {"call_id": call_id, "step": "main[2].record_call", "command": None, "control_id": "ours"},
        {"call_id": call_id, "step": None, "command": "calling.play", "control_id": "tune"},
    ]


NAMES = ("call_id", "step", "command", "control_id")


def _lines(world: World, adapter: AdapterProcess, event: str) -> list[dict[str, Any]]:
    return [line for line in world.log_events(adapter) if line["event"] == event]
