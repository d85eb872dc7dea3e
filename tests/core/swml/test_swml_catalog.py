"""Specifications of methods: short forms, what is given, typed parameters, words for errors."""

import json
from typing import Annotated, Literal

import pytest
from pydantic import Field

from adapter.swml.catalog import Catalog, MethodSpec, Shorthand
from adapter.swml.errors import Code, DocumentError, ScriptError
from adapter.swml.loading import INLINE_DEPTH, load
from adapter.swml.parameters import ONE_OR_MANY, TRUE_OR_FALSE, Fixed, Parameters, field_names


class Inner(Parameters):
    """Inside."""

    name: str


class Sample(Parameters):
    """A sample."""

    any_of = ("text", "many")
    text: str | None = None
    many: Annotated[list[str] | None, ONE_OR_MANY] = None
    count: int = Field(3, ge=1, le=9)
    rate: float = 1.5
    flag: bool = False
    kind: Literal["a", "b"] = "a"
    beep: Annotated[Literal["true", "false"], TRUE_OR_FALSE] = "true"
    inner: Inner | None = None
    from_: str | None = Field(None, alias="from")


SPEC = MethodSpec("sample", Sample, Shorthand(scalar="text", sequence="many"), aliases=("other",))


def parsed(**given):
    return SPEC.parse({"text": "x", **given})


def test_an_alias_finds_the_same_method():
    catalog = Catalog([SPEC])
    assert catalog.get("sample") is catalog.get("other") is SPEC
    assert catalog.get("nothing") is None
    assert list(catalog) == [SPEC]


def test_a_name_can_be_taken_only_once():
    with pytest.raises(ValueError, match="other is in the catalog twice"):
        Catalog([SPEC, MethodSpec("other", Sample)])


SHORT = [
    ("x", {"text": "x"}),
    (5, {"text": 5}),
    (["x"], {"many": ["x"]}),
    ({"text": "x"}, {"text": "x"}),
    (None, {}),
    (True, {}),
    ("", {}),
]


@pytest.mark.parametrize(("value", "params"), SHORT)
def test_short_forms(value, params):
    assert SPEC.shorthand.expand(value) == params


def test_no_short_form():
    assert Shorthand().expand("x") is None
    assert Shorthand().expand(["x"]) is None
    assert Shorthand().expand([{"a": 1}, {"b": 2}]) == {"a": 1, "b": 2}
    assert Shorthand(anything="all").expand(None) == {"all": None}


COERCED = [
    ("count", "5", 5),
    ("count", 5.0, 5),
    ("count", "", 3),
    ("count", None, 3),
    ("rate", "2.5", 2.5),
    ("rate", 2, 2.0),
    ("flag", "true", True),
    ("flag", "False", False),
    ("flag", 1, True),
    ("flag", "yes", True),
    ("flag", "", False),
    ("kind", "", "a"),
    ("text", 15551234567, "15551234567"),
    ("text", "", ""),
    ("many", "x", ["x"]),
    ("many", ["x", 5], ["x", "5"]),
    ("beep", True, "true"),
    ("beep", "false", "false"),
    ("inner", {"name": "n"}, Inner(name="n")),
    ("unknown", 1, None),
]


@pytest.mark.parametrize(("name", "given", "value"), COERCED)
def test_values_are_taken_leniently(name, given, value):
    assert getattr(SPEC.parse({"many": ["x"], name: given}), name, None) == value


def test_a_parameter_called_like_a_word_of_python():
    assert parsed(**{"from": "x"}).from_ == "x"
    assert "from" in field_names(Sample)


WRONG = [
    ({"count": 0}, "sample.count: give 1 or more, not 0"),
    ({"count": 10}, "sample.count: give 9 or less, not 10"),
    ({"count": 1.5}, "sample.count: give a whole number, not 1.5"),
    ({"count": "x" * 100}, "sample.count: give a whole number, not '" + "x" * 56 + "..."),
    ({"rate": "fast"}, "sample.rate: give a number, not 'fast'"),
    ({"flag": "maybe"}, "sample.flag: give true or false, not 'maybe'"),
    ({"kind": "c"}, "sample.kind: give 'a' or 'b', not 'c'"),
    ({"text": {}}, "sample.text: give text, not {}"),
    ({"many": 5.5, "text": []}, "sample.text: give text, not []"),
    ({"inner": 5}, "sample.inner: give an object, not 5"),
    ({"inner": {}}, "sample.inner.name: this parameter is required"),
    ({"many": [[]]}, "sample.many[0]: give text, not []"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_errors_say_what_to_give(given, message):
    with pytest.raises(ScriptError) as caught:
        parsed(**given)
    assert caught.value.message == message


def test_nothing_of_what_is_needed():
    with pytest.raises(ScriptError, match="sample: give text or many") as caught:
        SPEC.parse({})
    assert caught.value.code is Code.PARAMETER_MISSING


def test_documents_inside_documents_end(read):
    source = {"sections": {"main": ["hangup"]}}
    for _ in range(INLINE_DEPTH):
        source = {"sections": {"main": [{"execute": {"dest": source}}]}}
    read(json.dumps(source))
    with pytest.raises(DocumentError) as caught:
        read(json.dumps({"sections": {"main": [{"execute": {"dest": source}}]}}))
    assert Code.NESTED_TOO_DEEP in {fault.code for fault in caught.value.faults}


@pytest.mark.parametrize("source", [b"\xff\xfe", b"sections: {main: [\n{play: '\xe9'}]}"])
def test_bytes_that_are_no_text(catalog, source):
    with pytest.raises(DocumentError, match="UTF-8"):
        load(source, catalog)


def test_blocks_are_found_by_path(read):
    document = read("- cond: [{when: a, then: [hangup]}]")
    assert [step.method for step in document.block("main[0].cond[0].then").steps] == ["hangup"]
    with pytest.raises(KeyError):
        document.block("main[1]")


def test_steps_are_counted_across_a_resume(start, read):
    document = read("- set: {a: 1}\n- play: x\n- play: y")
    script = start(document)
    script.next_effect()
    steps = script.steps
    again = type(script).resume(script.state(), lambda _name: document)
    assert again.steps == steps
    assert again.envs == {}


def test_parameters_without_placeholders_are_typed_once():
    fixed = Fixed(text="x")
    assert SPEC.parse(fixed) is SPEC.parse(fixed)
    assert SPEC.parse(dict(fixed)) == SPEC.parse(fixed)
