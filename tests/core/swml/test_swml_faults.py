"""What a document is refused for, and what is only ignored: code, path and line of each."""

from pathlib import Path

import pytest

from adapter.swml.catalog import Catalog
from adapter.swml.compiler import Compiler
from adapter.swml.errors import Code, DocumentError, Severity
from adapter.swml.loading import load

FAULTS = {
    "nothing": ("", Code.ELEMENT_WRONG_TYPE, "", None),
    "text": ("just text", Code.ELEMENT_WRONG_TYPE, "", 1),
    "a list": ("[hangup]", Code.ELEMENT_WRONG_TYPE, "", 1),
    "broken YAML": ("sections:\n  main: [", Code.PARSE_ERROR, "", 2),
    "broken YAML, indented": ("version: 1.0.0\n  sections: {}", Code.PARSE_ERROR, "", 2),
    "broken JSON": ('{"sections":\n {"main": [}}', Code.PARSE_ERROR, "", 2),
    "JSON with NaN": ('{"sections": {"main": [{"set": {"a": NaN}}]}}', Code.PARSE_ERROR, "", None),
    "half of a character": ("a: \ud800", Code.PARSE_ERROR, "", 1),
    "half of a character in JSON": (
        '{"sections": {"main": [{"play": "\\ud800"}]}}',
        Code.PARSE_ERROR,
        "",
        None,
    ),
    "a control character": ("a: é\nb: é\x00", Code.PARSE_ERROR, "", 2),
    "two documents": ("sections: {main: []}\n---\nx: 1", Code.PARSE_ERROR, "", 2),
    "a tag": ("sections: {main: [!!python/object:os.system x]}", Code.PARSE_ERROR, "", 1),
    "an alias of nothing": ("sections: {main: *x}", Code.PARSE_ERROR, "", 1),
    "an alias of itself": ("sections: &x {main: *x}", Code.PARSE_ERROR, "", 1),
    "a key that is a list": ("? [a]\n: b", Code.PARSE_ERROR, "", 1),
    "another version": (
        "version: 2.0.0\nsections: {main: [hangup]}",
        Code.VERSION_INVALID,
        "version",
        1,
    ),
    "a version that is a number": (
        "version: 1.0\nsections: {main: [hangup]}",
        Code.VERSION_INVALID,
        "version",
        1,
    ),
    "no sections": ("version: 1.0.0", Code.SECTIONS_MISSING, "", 1),
    "sections that are a list": ("sections: []", Code.ELEMENT_WRONG_TYPE, "sections", 1),
    "no main": ("sections:\n  other: [hangup]", Code.MAIN_SECTION_MISSING, "sections", 2),
    "a step that is a number": ("- 5", Code.METHOD_MISSING_NAME, "main[0]", 3),
    "a step that is empty": ("- hangup\n- {}", Code.METHOD_MISSING_NAME, "main[1]", 4),
    "an unknown method": ("- hangup\n- say: x", Code.METHOD_UNDEFINED, "main[1].say", 4),
    "an unknown method alone": ("- say", Code.METHOD_UNDEFINED, "main[0].say", 3),
    "an unknown method in a branch": (
        "- cond:\n  - when: 'true'\n    then:\n    - say: x",
        Code.METHOD_UNDEFINED,
        "main[0].cond[0].then[0].say",
        6,
    ),
    "parameters of a wrong kind": (
        "- record_call: 5",
        Code.ELEMENT_WRONG_TYPE,
        "main[0].record_call",
        3,
    ),
    "neither url nor urls": ("- play: {}", Code.PARAMETER_MISSING, "main[0].play", 3),
    "both url and urls": (
        "- play: {url: a, urls: [b]}",
        Code.PARAMETER_CONFLICT,
        "main[0].play",
        3,
    ),
    "two kinds of destination": (
        "- connect: {to: a, serial: [b]}",
        Code.PARAMETER_CONFLICT,
        "main[0].connect",
        3,
    ),
    "a missing parameter": (
        "- request: {method: GET}",
        Code.PARAMETER_MISSING,
        "main[0].request.url",
        3,
    ),
    "a missing parameter inside": (
        "- connect:\n    serial:\n    - from: x",
        Code.PARAMETER_MISSING,
        "main[0].connect.serial[0].to",
        5,
    ),
    "transfer to nowhere": ("- transfer: {}", Code.PARAMETER_MISSING, "main[0].transfer.dest", 3),
    "not of the list": (
        "- request: {url: 'http://x', method: PATCH}",
        Code.PARAMETER_INVALID,
        "main[0].request.method",
        3,
    ),
    "out of range": (
        "- play: {url: x, volume: 41}",
        Code.PARAMETER_INVALID,
        "main[0].play.volume",
        3,
    ),
    "not a number": (
        "- record_call:\n    max_length: long",
        Code.PARAMETER_INVALID,
        "main[0].record_call.max_length",
        4,
    ),
    "a variable that is none": (
        "- switch: {variable: 'a + b', case: {}}",
        Code.PARAMETER_INVALID,
        "main[0].switch.variable",
        3,
    ),
    "no label there": ("- goto: {label: x}", Code.PARAMETER_INVALID, "main[0].goto.label", 3),
    "a label of another section": (
        "sections:\n  main:\n  - goto: {label: x}\n  other:\n  - label: x",
        Code.PARAMETER_INVALID,
        "main[0].goto.label",
        3,
    ),
    "a label inside a branch": (
        "- cond: [{when: 'true', then: [{label: x}]}]\n- goto: {label: x}",
        Code.PARAMETER_INVALID,
        "main[1].goto.label",
        4,
    ),
    "too many jumps": (
        "- label: x\n- goto: {label: x, max: 101}",
        Code.PARAMETER_INVALID,
        "main[1].goto.max",
        4,
    ),
    "execute of no section": (
        "- execute: nowhere",
        Code.SECTION_UNDEFINED,
        "main[0].execute.dest",
        3,
    ),
    "transfer to no section": (
        "- transfer: {dest: nowhere}",
        Code.SECTION_UNDEFINED,
        "main[0].transfer.dest",
        3,
    ),
    "a fault in a document inside": (
        """- execute: {dest: '{"sections": {"main": ["say"]}}'}""",
        Code.METHOD_UNDEFINED,
        "main[0].execute.dest",
        3,
    ),
    "when without then": (
        "- cond: [{when: 'true'}]",
        Code.PARAMETER_MISSING,
        "main[0].cond[0]",
        3,
    ),
    "then without when": (
        "- cond: [{then: []}]",
        Code.PARAMETER_MISSING,
        "main[0].cond[0]",
        3,
    ),
    "an empty entry": ("- cond: [{}]", Code.PARAMETER_MISSING, "main[0].cond[0]", 3),
    "a result that is text": (
        "- execute: {dest: main, result: x}",
        Code.ELEMENT_WRONG_TYPE,
        "main[0].execute.result",
        3,
    ),
    "return on another leg": (
        "- connect: {to: a, confirm: [{return: 1}]}",
        Code.METHOD_UNDEFINED,
        "main[0].connect.confirm[0].return",
        3,
    ),
    "a key there twice": (
        "- play:\n    url: a\n    url: b",
        Code.ELEMENT_DUPLICATED,
        "main[0].play.url",
        5,
    ),
    "a key there twice in JSON": (
        '{"sections": {"main": [\n{"play": {"url": "a",\n "url": "b"}}]}}',
        Code.ELEMENT_DUPLICATED,
        "main[0].play.url",
        3,
    ),
    "a JSON fault's line": (
        '{\n\t"sections": {\n\t\t"main": [\n\t\t\t{"say": "\\ud83d\\ude00"}]}}',
        Code.METHOD_UNDEFINED,
        "main[0].say",
        4,
    ),
}


@pytest.mark.parametrize(("source", "code", "path", "line"), FAULTS.values(), ids=FAULTS)
def test_a_document_is_refused(read, source, code, path, line):
    with pytest.raises(DocumentError) as caught:
        read(source)
    errors = [fault for fault in caught.value.faults if fault.severity is Severity.ERROR]
    assert [(fault.code, fault.path) for fault in errors] == [(code, path)]
    assert errors[0].line == line


def test_all_faults_are_told_at_once(read):
    with pytest.raises(DocumentError) as caught:
        read(
            "version: 3\nsections:\n  main:\n  - say: x\n  - play: {}\n  - goto: {}\n  - execute: x"
        )
    assert [(fault.code, fault.line) for fault in caught.value.faults] == [
        (Code.VERSION_INVALID, 1),
        (Code.METHOD_UNDEFINED, 4),
        (Code.PARAMETER_MISSING, 5),
        (Code.PARAMETER_MISSING, 6),
        (Code.SECTION_UNDEFINED, 7),
    ]


def test_the_text_of_many_faults_stays_short(read):
    with pytest.raises(DocumentError) as caught:
        read("- say\n" * 1000)
    assert len(caught.value.faults) == 1000
    assert len(str(caught.value)) < 1000
    assert "and 995 more" in str(caught.value)


WARNINGS = {
    "an unknown element": (
        "sections: {main: [hangup]}\nextra: 1",
        Code.ELEMENT_UNDEFINED,
        "extra",
        2,
    ),
    "an empty section": ("sections:\n  main: []", Code.SECTION_CODE_MISSING, "main", 2),
    "a section of nothing": ("sections:\n  main:", Code.SECTION_CODE_MISSING, "main", 2),
    "an unknown parameter": (
        "- play: {url: x, loop: 3}",
        Code.PARAMETER_UNDEFINED,
        "main[0].play.loop",
        3,
    ),
    "an unknown parameter inside": (
        "- connect: {serial: [{to: x, fsvars: {}}]}",
        Code.PARAMETER_UNDEFINED,
        "main[0].connect.serial[0].fsvars",
        3,
    ),
    "an unknown parameter of cond": (
        "- cond: [{when: 'true', then: [], otherwise: []}]",
        Code.PARAMETER_UNDEFINED,
        "main[0].cond[0].otherwise",
        3,
    ),
    "a second else": (
        "- cond: [{else: [hangup]}, {else: [answer]}]",
        Code.ELEMENT_DUPLICATED,
        "main[0].cond[1]",
        3,
    ),
    "a label twice": ("- label: x\n- label: x", Code.ELEMENT_DUPLICATED, "main[1].label", 4),
    "a scope that cannot be written": (
        "- set: {call.from: x}",
        Code.PARAMETER_INVALID,
        "main[0].set.call.from",
        3,
    ),
    "a relay destination": (
        "- transfer: 'relay:app'",
        Code.EXECUTE_FAILED,
        "main[0].transfer.dest",
        3,
    ),
}


@pytest.mark.parametrize(("source", "code", "path", "line"), WARNINGS.values(), ids=WARNINGS)
def test_a_document_is_taken_with_a_warning(read, source, code, path, line):
    (warning,) = read(source).warnings
    assert (warning.code, warning.path, warning.line) == (code, path, line)
    assert warning.severity is Severity.WARNING


PLACEHOLDERS = [
    "- play: {url: '${x}', volume: '${x}'}",
    "- request: {url: '${x}', method: '${x}', timeout: '%{x}'}",
    "- record_call: {format: '${x}', stereo: '${x}', max_length: '${x}'}",
    "- goto: {label: '${x}', max: '${x}'}",
    "- transfer: '${x}'",
    "- execute: {dest: 'a${x}', params: '${x}'}",
    "- switch: {variable: '%{x}', case: {}}",
    "- connect: {serial: '${x}'}",
    "- connect: {serial: [{to: '${x}', timeout: '${x}', encryption: '${x}'}]}",
]


@pytest.mark.parametrize("source", PLACEHOLDERS)
def test_a_placeholder_is_judged_only_when_it_runs(read, source):
    assert not read(source).warnings


def test_a_message_says_what_to_write(read):
    with pytest.raises(DocumentError) as caught:
        read("- record_call: {format: ogg, stereo: maybe, max_length: long}")
    assert {fault.message for fault in caught.value.faults} == {
        "give 'wav', 'mp3' or 'mp4', not 'ogg'",
        "give true or false, not 'maybe'",
        "give a number, not 'long'",
    }


def test_a_mistake_of_the_checker_is_a_fault_of_no_author(read, monkeypatch):
    def fail(*_):
        raise RuntimeError("our mistake")

    monkeypatch.setattr(Compiler, "step", fail)
    with pytest.raises(DocumentError, match="please report it") as caught:
        read("- hangup")
    assert [fault.code for fault in caught.value.faults] == [Code.PARSE_INTERNAL_ERROR]


NEVER_RAISED = {Code.ELEMENT_INVALID_VALUE}
"""The one element with a list of values is `version`, which has a code of its own."""


def test_every_code_is_raised_somewhere_and_tested():
    """What `raise`s it in the adapter stands in a test of this room as well."""
    root = Path(__file__).parents[3]
    adapter = "".join(path.read_text("utf-8") for path in (root / "adapter").rglob("*.py"))
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for code in Code:
        used = f"Code.{code.name}"
        assert (used in adapter) is (code not in NEVER_RAISED), used
        assert used in tests, used


def test_a_method_known_nowhere_is_found_by_an_empty_catalog():
    with pytest.raises(DocumentError, match="there is no method hangup"):
        load("sections: {main: [hangup]}", Catalog())
