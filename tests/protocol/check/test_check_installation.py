"""`check --config`: what the documents use and the installation's switch has not loaded."""

import pytest
import yaml
from typer.testing import CliRunner

from adapter.cli import app
from adapter.simswitch.sim_switch import SimSwitch

STEPS = [
    {"record_call": {"format": "mp3"}},
    {"record": {"format": "mp4"}},
    {"play": "say:hello"},
    {"receive_fax": {}},
    {"tap": "wss://127.0.0.1/"},
    {"join_conference": {"name": "a"}},
    {"connect": {"to": "+15551234567"}},
    {"send_sms": {"to_number": "+1", "from_number": "+2", "body": "x"}},
]


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Check the steps against a switch without these modules; the printed warnings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({"sections": {"main": STEPS}}))

    def run(*missing: str, port: int | None = None, **settings: object):
        with SimSwitch(missing_modules=missing) as switch:
            node = {"host": "127.0.0.1", "port": port or switch.address[1], "password": "ClueCon"}
            (tmp_path / "s.yaml").write_text(yaml.safe_dump({"nodes": [node], **settings}))
            done = CliRunner().invoke(app, ["check", "a.yaml", "--config", "s.yaml"])
        assert done.exit_code == 0, done.output
        lines = [line for line in done.output.splitlines() if " warning: " in line]
        return {line.split(": ")[2]: line for line in lines}, done.output

    return run


def test_what_the_switch_has_not_loaded(check):
    missing = ("mod_shout", "mod_flite", "mod_spandsp", "mod_conference")
    found, _ = check(*missing)
    for number, module in enumerate(("mod_shout", "mod_av", "mod_flite", "mod_spandsp")):
        (line,) = [text for step, text in found.items() if step.startswith(f"main[{number}]")]
        assert f"has not loaded {module}" in line
        assert line.startswith("a.yaml:")
    assert "mod_audio_stream or mod_audio_fork" in found["main[4].tap"]
    assert "mod_conference" in found["main[5].join_conference"]


def test_what_the_settings_do_not_say(check):
    found, _ = check()
    assert "the setting gateway is empty" in found["main[6].connect"]
    assert "the setting sms.url is empty" in found["main[7].send_sms"]


def test_nothing_is_missing(check):
    """But a WebSocket module and mod_av, which this switch never has."""
    settings = {"gateway": "carrier", "sms": {"url": "http://127.0.0.1/"}}
    found, _ = check(**settings)
    assert set(found) == {"main[1].record", "main[4].tap"}


def test_a_switch_that_cannot_be_asked(check):
    found, output = check(port=9)
    assert "the switch 127.0.0.1:9 could not be asked" in output
    assert set(found) == {"main[6].connect", "main[7].send_sms"}


def test_settings_that_cannot_be_read(check, tmp_path):
    done = CliRunner().invoke(app, ["check", "a.yaml", "--config", "absent.yaml"])
    assert done.exit_code == 2
