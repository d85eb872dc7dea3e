"""Strict checking: what only we take is told, and no published document is refused."""

import csv
import json

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from swml_forms import FORMS, as_document

from adapter.cli.check import _faults, _strict
from adapter.swml.published import unpublished
from adapter.swml.reader import read


@pytest.fixture
def judge(catalog):
    """The faults of steps, as `path: message`."""

    def faults(*steps, **sections):
        value = {"sections": {"main": list(steps), **sections}}
        return [f"{fault.path}: {fault.message}" for fault in unpublished(value, catalog)]

    return faults


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("answer", "main[0]: write `answer: {}`"),
        ({"answer": None}, "main[0].answer: answer takes an object"),
        ({"play": "say:x"}, "main[0].play: play takes an object"),
        ({"play": {"url": ["say:x"]}}, "main[0].play.url: give one value; several are `urls`"),
        ({"play": {"urls": "say:x"}}, "main[0].play.urls: give a list"),
        (
            {"play": {"urls": ["say:x", "${y}"]}},
            "main[0].play.urls: placeholders and other sounds are not mixed in one list",
        ),
        ({"play": {"url": "say:x", "volume": "5"}}, "main[0].play.volume: give a number, not '5'"),
        ({"sleep": {"time": 500}}, "main[0].sleep.time: it is called duration"),
        (
            {"connect": {"serial": ["+15551112222"]}},
            "main[0].connect.serial: write a destination as",
        ),
        (
            {"connect": {"serial_parallel": [["+15551112222"]]}},
            "main[0].connect.serial_parallel: write a destination as",
        ),
        (
            {"request": {"url": "x", "method": "POST", "body": [1]}},
            "main[0].request.body: give text or an object",
        ),
        ({"label": {"label": "x"}}, "main[0].label: label takes text"),
        ({"sleep": "x", "hangup": {}}, "main[0]: a step is one method"),
        ({"sleep": True}, "main[0].sleep: sleep takes an object or a whole number or text"),
        ({"eval": {"x": "1"}}, "main[0].eval: there is no method eval"),
        ({"relay": {"topic": "office"}}, "main[0].relay: there is no method relay"),
        ({"stop_call_record": {}}, "main[0].stop_call_record: there is no method stop_call_record"),
        ({"request": {"url": "x", "method": "get"}}, "main[0].request.method: write GET"),
        ({"record_call": {"stereo": "true"}}, "main[0].record_call.stereo: give true or false"),
        ({"record_call": {"beep": None}}, "main[0].record_call.beep: leave it out"),
        ({"ai": {"params": {}}}, "main[0].ai: prompt is required"),
        ({"cond": {"when": "x", "then": []}}, "main[0].cond: cond takes a list"),
        ({"cond": [{"then": "hangup"}]}, "main[0].cond[0].then: steps are a list"),
        ({"cond": [[]]}, "main[0].cond[0]: an entry has `when` and `then`, or `else`"),
        ({"cond": [{"when": True, "then": []}]}, "main[0].cond[0].when: when is text"),
        (
            {"switch": {"variable": "x", "case": {"1": [{"play": "say:x"}]}}},
            "main[0].switch.case.1[0].play: play takes an object",
        ),
        (
            {"switch": {"variable": "x", "case": {}, "default": {"hangup": {}}}},
            "main[0].switch.default: steps are a list",
        ),
        (
            {"execute": {"dest": "main", "on_return": ["hangup"]}},
            "main[0].execute.on_return[0]: write `hangup: {}`",
        ),
        (
            {"execute": {"dest": "main", "result": [{"else": ["hangup"]}]}},
            "main[0].execute.result[0].else[0]: write `hangup: {}`",
        ),
        (
            {"connect": {"to": "x", "result": [{"cond": []}]}},
            "main[0].connect.result[0]: an entry has",
        ),
    ],
)
def test_lenient_forms_are_told(judge, step, fault):
    assert any(found.startswith(fault) for found in judge(step)), judge(step)


@pytest.mark.parametrize(
    "step",
    [
        {"answer": {}},
        {"return": None},
        {"return": {"a": 1}},
        {"sleep": 500},
        {"sleep": "${x}"},
        {"unset": ["a", "b"]},
        {"play": {"url": "say:x", "volume": "${loud}"}},
        {"play": {"urls": ["${x}", "${y}"]}},
        {"prompt": {"play": "say:x"}},
        {"prompt": {"play": ["say:x"]}},
        {"set": {"a": None, "b": [1]}},
        {"cond": [{"when": "x", "then": [], "else": []}]},
        {"execute": {"dest": "main", "result": {"case": {"1": []}}}},
    ],
)
def test_published_forms_are_fine(judge, step):
    assert judge(step) == []


def test_a_section_is_a_list(judge):
    assert judge(other={"hangup": {}}) == ["other: steps are a list, also of one"]


@pytest.mark.parametrize("value", [None, [], "x", {}, {"sections": 5}, {"sections": {"main": 5}}])
def test_what_is_no_document_is_no_error(catalog, value):
    assert isinstance(unpublished(value, catalog), list)


@pytest.fixture(scope="module")
def published(shared):
    """The published schema's own verdict on a value."""
    schema = json.loads((shared / "SWMLObject.json").read_text("utf-8"))
    registry = Registry().with_resource("SWMLObject.json", Resource.from_contents(schema))
    return Draft202012Validator(schema, registry=registry).is_valid


def is_judged_fine(text):
    """The verdict of `swml-adapter check --strict`."""
    source = text.encode()
    return not _strict(source, _faults(source, "document"))


INSIDE_AI = ("033-", "036-", "073-")
"""Documents that are refused for what stands inside `ai`, which we do not judge."""


def test_public_documents_are_judged_as_the_published_schema_judges_them(shared, published):
    with (shared / "corpus" / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    judged = {True: 0, False: 0}
    for row in rows:
        if row["schema_valid"] == "parse-error" or row["file"].startswith(INSIDE_AI):
            continue
        text = (shared / "corpus" / row["file"]).read_text("utf-8")
        value = read(text).value
        if ".frag." in row["file"]:
            value = {"sections": {"main": value if isinstance(value, list) else [value]}}
            text = json.dumps(value)
        fine = is_judged_fine(text)
        assert fine == published(value) == (row["schema_valid"] == "yes"), row["file"]
        judged[fine] += 1
    assert judged[True] > 100
    assert judged[False] > 5


@pytest.mark.parametrize("source", [source for source, _ in FORMS.values()], ids=FORMS)
def test_lenient_forms_are_judged_as_the_published_schema_judges_them(published, source):
    text = as_document(source).lstrip("\ufeff")
    assert is_judged_fine(text) == published(read(text).value)
