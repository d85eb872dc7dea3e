"""The compose file says what the adapter, the image and the template options understand."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from adapter.config import Settings
from adapter.rendering import SwitchOptions

DOCKER = Path(__file__).parents[3] / "docker"


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


def defaults(environment):
    """The environment as it is when nothing is set outside."""
    return {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in environment.items()}


def instructions(name):
    text = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
    return [
        rest
        for word, _, rest in (line.partition(" ") for line in text.splitlines())
        if word == name
    ]


def test_the_adapters_environment_is_settings(services):
    environment = defaults(services["adapter"]["environment"])
    for line in instructions("ENV"):
        environment |= dict(pair.split("=", 1) for pair in shlex.split(line))
    assert environment.pop("SWML_SWML") == "/documents/hello.yaml"
    settings = Settings.load(None, {}, environment, for_calls=False)
    assert settings.recordings_switch_dir == "/recordings"
    assert settings.public_url == "http://127.0.0.1:8085"


def test_both_see_the_recordings_in_the_same_folder(services):
    for name in ("adapter", "freeswitch"):
        assert "recordings:/recordings" in services[name]["volumes"]


def test_the_switchs_options_are_known_and_local():
    script = (DOCKER / "configure.sh").read_text().replace("\\\n", " ")
    command = next(line for line in script.splitlines() if line.startswith("swml-adapter render"))
    words = shlex.split(command)
    chosen = [words[n + 1] for n, word in enumerate(words) if word == "--set"]
    assert {pair.partition("=")[0] for pair in chosen} <= set(SwitchOptions.model_fields)


def test_only_this_machine_can_call_by_default(services):
    environment = defaults(services["configure"]["environment"])
    assert environment["SIP_IP"] == "127.0.0.1"
    assert yaml.safe_load(environment["CALLS_FROM"]) == ["127.0.0.0/8"]


def test_everything_has_a_health_check(services):
    assert instructions("HEALTHCHECK")
    assert services["freeswitch"]["healthcheck"]["test"]


def test_the_adapter_has_no_rights_to_lose(services):
    adapter = services["adapter"]
    assert adapter["read_only"] is True
    assert adapter["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in adapter["security_opt"]
    assert instructions("USER") == ["adapter"]


def test_the_switchs_image_can_be_chosen(services):
    assert services["freeswitch"]["image"] == "${FREESWITCH_IMAGE:-safarov/freeswitch:latest}"


def test_the_build_gets_all_that_the_wheel_needs():
    allowed = (DOCKER.parent / ".dockerignore").read_text().splitlines()
    copied = {word for line in instructions("COPY") for word in line.split()[:-1]}
    needed = {"pyproject.toml", "README.md", "adapter", "dialplan", "freeswitch-conf"}
    assert needed <= copied
    assert {f"!{name}" for name in needed} <= set(allowed)
