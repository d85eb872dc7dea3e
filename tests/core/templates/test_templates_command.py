import pytest
import typer
import yaml
from typer.testing import CliRunner

from adapter.cli.render import render


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `render` in an empty folder with a clean environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWML_CONFIG", raising=False)
    app = typer.Typer()
    app.command()(render)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_a_dialplan_for_the_settings(run, tmp_path):
    (tmp_path / "s.yaml").write_text("listen: 0.0.0.0:9000\nrecordings_dir: /rec")
    done = run("dialplan", "--out", "out", "--config", "s.yaml", "--set", "path=sales")
    assert done.exit_code == 0, done.output
    assert 'data="127.0.0.1:9000/sales async full"' in (tmp_path / "out" / "swml.xml").read_text()
    assert "ReadWritePaths=-/rec" in (tmp_path / "out" / "swml-adapter.service").read_text()


def test_a_switch_says_what_the_settings_need(run, tmp_path):
    modules = tmp_path / "mod"
    modules.mkdir()
    for name in ["commands", "dptools", "dialplan_xml", "event_socket", "sofia"]:
        (modules / f"mod_{name}.so").touch()
    done = run("freeswitch-conf", "--out", "out", "--set", f"modules_dir={modules}")
    assert done.exit_code == 0, done.output
    nodes = yaml.safe_load(done.output[done.output.index("nodes:") :])["nodes"]
    text = (tmp_path / "out" / "autoload_configs" / "event_socket.conf.xml").read_text()
    assert f'value="{nodes[0]["password"]}"' in text
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({"nodes": nodes}))
    again = run(
        "freeswitch-conf", "--out", "o2", "--config", "s.yaml", "--set", f"modules_dir={modules}"
    )
    assert nodes[0]["password"] in again.output


def test_lists(run, tmp_path):
    done = run("dialplan", "--out", "out", "--set", "adapters=[a:1, b:2]")
    assert done.exit_code == 0, done.output
    assert 'data="a:1|b:2 async full"' in (tmp_path / "out" / "swml.xml").read_text()


@pytest.mark.parametrize("what", ["dialplan", "freeswitch-conf"])
def test_the_options_are_listed(run, what):
    done = run(what, "--options")
    assert done.exit_code == 0
    assert "adapters" in done.output
    assert "127.0.0.1:8084" in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "out", "--set", "rounds=no"], "rounds: "),
        (["--out", "out", "--set", "round=1"], "round: is not an option"),
        (["--out", "out", "--set", "rounds"], "not NAME=VALUE"),
        (["--out", "out", "--config", "none.yaml"], "none.yaml: cannot be read"),
        (["--out", "/dev/null/x"], "choose another folder"),
        ([], "--out FOLDER"),
    ],
)
def test_mistakes(run, tmp_path, arguments, words):
    done = run("dialplan", *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "out").exists()
