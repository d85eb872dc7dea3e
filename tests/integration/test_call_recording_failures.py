"""Recordings that cannot be made: the document and the receiver are told why, the call goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.receiver import Receiver
from worlds.sim_switch import SimSwitches
from worlds.steps import SETTLED, play, record, sleep, stop
from worlds.switches import MAIN, OTHER
from worlds.waiting import eventually
from worlds.world import Stage, World, documents_by_number, http_get, project

AFTERWARDS = "ring:0.5:us"
"""What is played to see that the call goes on: it needs no file."""

US_RING = (440, 480)


def fail_to_record(
    world: World, adapter: AdapterProcess | None = None, **parameters: Any
) -> dict[str, Any]:
    """Record in vain; the error that the callback told, once the call was seen to go on."""
    inbox, report = world.inbox(), world.report()
    phone = world.run(
        [
            *SETTLED,
            record(inbox, "fails", **parameters),
            report.step(),
            play(AFTERWARDS),
        ],
        adapter=adapter,
    )
    assert report.wait()["record_call_result"] == "failed"
    assert report.wait()["script_error"]
    assert phone.hear().seconds_of(*US_RING) > 0.3
    params = inbox.wait_for("error")
    assert inbox.states() == ["error"]
    assert params["control_id"] == "fails"
    assert params["error"]["message"]
    error: dict[str, Any] = params["error"]
    told = http_get(f"{(adapter or world.adapter).url}/metrics").body.decode()
    assert f'swml_recording_errors_total{{code="{error["code"]}"}} ' in told, "it is counted"
    return error


def start_adapter(world: World, **settings: Any) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver), **settings})


@pytest.mark.parametrize("folder", ["one that cannot be made", "another one"])
def test_a_switch_that_cannot_write_is_found_out_at_the_start(world: World, folder: str) -> None:
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    seen = str(elsewhere) if folder == "another one" else "/dev/null/recordings"
    with pytest.raises(AssertionError, match="the adapter ended") as ended:
        start_adapter(world, recordings_switch_dir=seen, nodes=[world.switch.sockets[OTHER].node])
    assert "recordings_switch_dir: FreeSWITCH at 127.0.0.1:" in str(ended.value)
    assert seen in str(ended.value)
    assert "give the switch's user the right to write there" in str(ended.value)
    eventually(lambda: list(elsewhere.iterdir()) == [], what="nothing left behind")


def test_a_switch_that_can_write_is_no_obstacle(world: World) -> None:
    adapter = start_adapter(world, nodes=[world.switch.sockets[OTHER].node])
    assert [path for path in adapter.recordings.iterdir() if path.is_file()] == []


def test_a_folder_that_the_switch_cannot_make(world: World) -> None:
    adapter = start_adapter(world, recordings_switch_dir="/dev/null/recordings")
    error = fail_to_record(world, adapter)
    assert error["code"] == "record_refused"
    assert "/dev/null/recordings" in error["message"]


def test_a_folder_that_is_another_one_for_the_switch(world: World) -> None:
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()
    adapter = start_adapter(world, recordings_switch_dir=str(elsewhere))
    inbox, report = world.inbox(), world.report()
    phone = world.run(
        [
            *SETTLED,
            record(inbox, "lost"),
            sleep(0.3),
            stop("lost"),
            report.step(),
            play(AFTERWARDS),
        ],
        adapter=adapter,
    )
    error = inbox.wait_for("error")["error"]
    assert error["code"] == "file_missing"
    assert str(elsewhere) in error["message"]
    assert inbox.states() == ["recording", "error"]
    assert phone.hear().seconds_of(*US_RING) > 0.3
    report.wait()


def test_a_format_whose_module_is_not_loaded(world: World) -> None:
    if not world.switch.real:
        error = fail_to_record(world, format="mp4")
        assert "mod_av" in error["message"]
        warnings = [one for one in world.log_events() if one["event"] == "script warning"]
        assert error["message"] in warnings[-1]["reason"], "the log says what to do, too"
    else:
        world.switch.api("unload mod_shout")
        try:
            error = fail_to_record(world, format="mp3")
        finally:
            world.switch.api("load mod_shout")
        assert "mod_shout" in error["message"]
    assert error["code"] == "format_unavailable"


@pytest.fixture
def old_world(tmp_path: Path) -> Iterator[World]:
    """A simulated FreeSWITCH 1.10.6, which ignores the options of a recording and says +OK."""
    switch = SimSwitches(tmp_path / "switch", {"version": "1.10.6"})
    receiver = Receiver().start()
    settings = {"swml": documents_by_number(receiver), "projects": [project()]}
    adapter = AdapterProcess(tmp_path / "adapter", switch.adapter_ports[MAIN], settings).start()
    made = World(Stage(switch, adapter, receiver, tmp_path), tmp_path / "world")
    yield made
    made.leave()
    adapter.stop()
    receiver.stop()
    switch.stop()


def test_a_switch_that_is_too_old(old_world: World) -> None:
    error = fail_to_record(old_world)
    assert error["code"] == "switch_too_old"
    assert "1.10.6" in error["message"]
    assert "1.10.7" in error["message"]


@pytest.mark.parametrize(
    "parameters",
    [{"format": "flac"}, {"direction": "all"}, {"terminators": "#x"}, {"input_sensitivity": 101}],
    ids=lambda parameters: next(iter(parameters)),
)
def test_a_wrong_parameter_fails_the_step_alone(world: World, parameters: dict[str, Any]) -> None:
    """Values from a variable are seen only while the call runs."""
    ((name, value),) = parameters.items()
    report = world.report()
    phone = world.run(
        [
            *SETTLED,
            {"set": {"value": value}},
            {"record_call": {name: "${value}"}},
            report.step(),
            play(AFTERWARDS),
        ]
    )
    told = report.wait()
    assert told["record_call_result"] == "failed"
    assert "relay_script_method_parameter_invalid_value" in told["script_error"]
    assert phone.hear().seconds_of(*US_RING) > 0.3
