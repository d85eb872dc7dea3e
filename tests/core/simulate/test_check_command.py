"""`check`, `graph` and `schema`: what they print, and their exit codes."""

import json

import pytest
from typer.testing import CliRunner

from adapter.cli import app

GOOD = "sections:\n  main:\n    - play: {url: 'say:x'}\n"
LENIENT = "sections:\n  main:\n    - answer\n    - play: {url: 'say:x', colour: red}\n"
BAD = "sections:\n  main:\n    - answer: {}\n    - play: {url: 'say:x', volume: loud}\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command where the documents are."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("lenient", LENIENT), ("bad", BAD)):
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "bad.json").write_text('{"sections": {\n"main": [\n{"nope": 1}]}}')
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_a_good_document(run):
    done = run("check", "good.yaml")
    assert (done.exit_code, done.output) == (0, "good.yaml: ok\n")


def test_a_fault_has_its_line(run):
    done = run("check", "bad.yaml", "good.yaml")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "bad.yaml:4: error: main[1].play.volume: give a number, not 'loud'"
        " [relay_script_method_parameter_invalid_value]",
        "     4 |     - play: {url: 'say:x', volume: loud}",
        "good.yaml: ok",
    ]


def test_json_documents_have_lines_as_well(run):
    done = run("check", "bad.json")
    assert "bad.json:3: error: main[0].nope" in done.output
    assert '     3 | {"nope": 1}]}}' in done.output


def test_warnings_do_not_fail(run):
    done = run("check", "lenient.yaml")
    assert done.exit_code == 0
    assert "warning: main[1].play.colour" in done.output


DOUBTFUL = """\
sections:
  main:
    - cond:
        - {when: pin = 1, then: [hangup]}
        - {when: pin == 1 and vip, then: [hangup]}
        - {when: 'pin ==', then: [hangup]}
    - play: {urls: ['say:${call.from and', 'say:${}', 'say:${foo(}', 'say:$5 ${call.to.trim()}']}
    - prompt: {play: [welcome, 'ring:1:atlantis', 'ring:us', 'say:${a}', '${b}']}
    - set: {user.name: Ann}
    - unset: user.name
    - eval: {b: 'if (a) 1', c: 'a?.b ?? 1'}
    - prompt:
        play: say:Press # to begin
        terminators: #
        max_digits: 4   # a comment
    - connect: {to: '+1', transfer_after_bridge: '{"sections": {"main": [{"play": "say:${"}]}}'}
"""


def test_what_is_hardly_meant_is_a_warning(run, tmp_path):
    (tmp_path / "doubtful.yaml").write_text(DOUBTFUL)
    done = run("check", "doubtful.yaml")
    assert done.exit_code == 0
    told = [line.partition(" warning: ")[2] for line in done.output.splitlines()[::2]]
    assert [line.partition(" [rel")[0].partition(" of at,")[0] for line in told] == [
        "main[0].cond[0].when: = sets a value; compare with ==",
        "main[0].cond[1].when: `pin == 1 and vip` is no JavaScript expression:"
        " SyntaxError: Unexpected identifier 'and'; write &&, || and !",
        "main[0].cond[2].when: `pin ==` is no JavaScript expression:"
        " something is missing at its end",
        "main[1].play.urls[0]: nothing closes the ${ here: this is taken as text",
        "main[1].play.urls[1]: ${} is empty: name a variable in it",
        "main[1].play.urls[2]: `foo(` is no JavaScript expression: something is missing at its end",
        "main[2].prompt.play[0]: 'welcome' is no sound: write say:TEXT, silence:SECONDS,"
        " ring:[SECONDS:]COUNTRY or an http(s) address",
        "main[2].prompt.play[1]: ring:1:atlantis names no country",
        "main[3].set.user.name: user.name is no name of a variable: no placeholder finds it."
        " Write the whole of user",
        "main[4].unset: user.name is no name of a variable: no placeholder finds it."
        " Write the whole of user",
        "main[5].eval.b: `if (a) 1` is no JavaScript expression:"
        " SyntaxError: unexpected token in expression: 'if'",
        *["document: # begins a comment here: put the text in quotes if it belongs to it"] * 2,
    ]


def test_what_cannot_be_done_here_is_a_warning(run, tmp_path):
    steps = "    - answer: {}\n    - ai: {prompt: x}\n"
    (tmp_path / "ai.yaml").write_text(f"sections:\n  main:\n{steps}")
    done = run("check", "ai.yaml")
    assert done.exit_code == 0
    told = "ai.yaml:4: warning: main[1].ai: ai is not performed here: an AI agent needs"
    assert told in done.output
    assert "install a package that brings it" in done.output


def test_strict_refuses_what_is_lenient_or_ignored(run):
    done = run("check", "--strict", "lenient.yaml")
    assert done.exit_code == 1
    assert "lenient.yaml:3: error: main[0]: write `answer: {}`" in done.output
    assert "lenient.yaml:4: error: main[1].play.colour" in done.output
    assert run("check", "--strict", "good.yaml").exit_code == 0


def test_as_json(run):
    done = run("check", "--json", "bad.yaml", "absent.yaml")
    assert done.exit_code == 1
    bad, absent = json.loads(done.stdout)
    assert (bad["file"], bad["runs"]) == ("bad.yaml", False)
    assert bad["faults"] == [
        {
            "severity": "error",
            "code": "relay_script_method_parameter_invalid_value",
            "path": "main[1].play.volume",
            "line": 4,
            "text": "    - play: {url: 'say:x', volume: loud}",
            "message": "give a number, not 'loud'",
        }
    ]
    assert absent == {
        "file": "absent.yaml",
        "runs": False,
        "error": "No such file or directory",
        "faults": [],
    }


def test_what_cannot_be_read_is_a_fault_also_when_strict(run, tmp_path):
    (tmp_path / "broken.json").write_text('{"sections": [}')
    (tmp_path / "latin.yaml").write_bytes(b"sections: {main: [{play: 'say:\xe9'}]}")
    for name in ("broken.json", "latin.yaml"):
        done = run("check", "--strict", name)
        assert done.exit_code == 1, done.output
        assert "relay_script_parse_error" in done.output


@pytest.mark.parametrize("command", ["check", "graph", "simulate"])
def test_a_document_does_nothing_to_the_terminal(run, tmp_path, command):
    key, text = "\\e]0;owned\\x07\\u202e", "say:\\e[2J\\e[31m"
    (tmp_path / "evil.yaml").write_text(f'sections: {{main: [{{"{key}": 1}}]}}')
    (tmp_path / "said.yaml").write_text(
        f'sections: {{main: [{{play: {{url: "{text}", "{key}": 1}}}}]}}'
    )
    for name in ("evil.yaml", "said.yaml"):
        output = run(command, name).output
        assert output
        assert all(c.isprintable() or c == "\n" for c in output), repr(output)


def test_a_graph(run):
    assert run("graph", "good.yaml").output.startswith("flowchart TD\n")
    assert run("graph", "good.yaml", "--as", "dot").output.startswith("digraph swml {\n")


def test_no_graph_of_what_does_not_load(run):
    done = run("graph", "bad.yaml")
    assert done.exit_code == 1
    assert "main[1].play.volume" in done.output
    assert run("graph", "absent.yaml").exit_code == 2


def test_the_schema_is_json(run):
    done = run("schema")
    assert done.exit_code == 0
    assert "record_call" in json.loads(done.output)["$defs"]
