"""`swml-adapter check` asks the switch for its modules, and says what a document would miss."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner
from worlds.switches import MAIN
from worlds.world import World, document

from adapter.cli import app

NEEDED = {
    "mod_shout": {"record_call": {"format": "mp3"}},
    "mod_av": {"record_call": {"format": "mp4"}},
    "mod_flite": {"play": {"url": "say:hello"}},
    "mod_spandsp": {"receive_fax": {}},
    "mod_conference": {"join_conference": {"name": "a"}},
    "mod_audio_stream": {"stream": {"url": "wss://127.0.0.1/"}},
}
"""A step for each module that a switch may lack."""


@pytest.fixture
def without_mp3(world: World) -> Iterator[None]:
    world.switch.api("unload mod_shout")
    yield
    world.switch.api("load mod_shout")


def warnings(folder: Path) -> list[str]:
    """What `check` says of each step."""
    files = [str(folder / "a.yaml"), "--config", str(folder / "s.yaml")]
    done = CliRunner().invoke(app, ["check", *files])
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if " warning: " in line]
    return [" ".join(one for one in lines if f"main[{n}]" in one) for n in range(len(NEEDED))]


@pytest.mark.usefixtures("without_mp3")
def test_what_the_switch_has_not_loaded(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(document(list(NEEDED.values())))
    settings = {"nodes": [world.switch.sockets[MAIN].node]}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(settings))
    said = warnings(tmp_path)
    for module, line in zip(NEEDED, said, strict=True):
        loaded = world.switch.api(f"module_exists {module}") == "true"
        assert (f"has not loaded {module}" in line) != loaded, (module, said)
    assert "mod_shout" in said[0]
    world.switch.api("load mod_shout")
    assert not warnings(tmp_path)[0]
