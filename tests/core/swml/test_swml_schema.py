"""Our JSON Schema takes what the interpreter takes, and the models follow the published one."""

import csv
import json
import re

import pytest

from adapter.swml.loading import load
from adapter.swml.parameters import field_names
from adapter.swml.reader import read
from adapter.swml.schema import json_schema

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": int | float,
}


def accepts(schema, value, root):
    """Enough of JSON Schema for ours."""
    if "$ref" in schema:
        return accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    tests = (_type, _choices, _range, _object, _array)
    return all(test(schema, value, root) for test in tests)


def _type(schema, value, _root):
    kinds = schema.get("type", list(TYPES))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, TYPES[kind]) for kind in kinds)


def _choices(schema, value, root):
    results = [accepts(one, value, root) for one in schema.get("anyOf", [])]
    exactly = [accepts(one, value, root) for one in schema.get("oneOf", [])]
    enum = "enum" not in schema or value in schema["enum"]
    const = "const" not in schema or value == schema["const"]
    return enum and const and (any(results) or not results) and sum(exactly) == bool(exactly)


def _range(schema, value, _root):
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        return low <= value <= high
    return True


def _object(schema, value, root):
    if not isinstance(value, dict):
        return True
    known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    needed = schema.get("dependentRequired", {})
    return (
        all(name in value for name in schema.get("required", ()))
        and all(other in value for name in needed if name in value for other in needed[name])
        and len(value) >= schema.get("minProperties", 0)
        and all(
            accepts(known[name], item, root)
            if name in known
            else rest is True or (rest is not False and accepts(rest, item, root))
            for name, item in value.items()
        )
    )


def _array(schema, value, root):
    return not isinstance(value, list) or all(
        accepts(schema.get("items", {}), item, root) for item in value
    )


@pytest.fixture(scope="module")
def schema(catalog):
    return json.loads(json.dumps(json_schema(catalog)))


def test_every_reference_leads_somewhere(schema):
    for name in re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)):
        assert name in schema["$defs"]


@pytest.mark.parametrize(
    "step",
    [
        "hangup",
        {"hangup": None},
        {"play": "say:x"},
        {"play": ["say:x"]},
        {"play": {"url": "say:x"}},
        {"play": {"urls": ["say:x"], "volume": "${v}"}},
        {"cond": [{"when": "a", "then": {"play": "x"}}, {"else": []}]},
        {"if": {"condition": "a", "then": "hangup"}},
        {"switch": {"variable": "a", "case": {"1": ["hangup"]}}},
        {"execute": {"dest": "main", "result": {"case": {"1": []}}}},
        {"connect": {"serial": ["+1555", {"to": "x", "confirm": [{"play": "x"}]}]}},
        {"set": {"anything": [1, {"a": None}]}},
        {"return": None},
        {"label": "x", "play": "y"},
        {"stop_call_record": {}},
    ],
)
def test_a_lenient_form_is_accepted(schema, step):
    assert accepts(schema, {"sections": {"main": [step]}}, schema)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"sections": {}},
        {"version": "2.0.0", "sections": {"main": []}},
        {"sections": {"main": ["say"]}},
        {"sections": {"main": [{"say": "x"}]}},
        {"sections": {"main": [{}]}},
        {"sections": {"main": [{"play": {}}]}},
        {"sections": {"main": [{"play": {"url": "a", "urls": ["b"]}}]}},
        {"sections": {"main": [{"play": {"url": "a", "volume": 50}}]}},
        {"sections": {"main": [{"request": {"url": "x"}}]}},
        {"sections": {"main": [{"cond": [{"when": "a"}]}]}},
    ],
)
def test_a_fault_is_refused(schema, document):
    assert not accepts(schema, document, schema)


def test_the_public_documents_are_accepted(shared, schema, catalog):
    with (shared / "corpus" / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        if ".frag." in row["file"] or row["schema_valid"] == "parse-error":
            continue
        text = (shared / "corpus" / row["file"]).read_text("utf-8")
        assert accepts(schema, read(text).value, schema), row["file"]
        load(text, catalog)


@pytest.fixture(scope="module")
def published(shared):
    """The published parameters: {method: {parameter: its schema}}, and the required ones."""
    definitions = json.loads((shared / "SWMLObject.json").read_text("utf-8"))["$defs"]

    def resolved(schema):
        return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def parameters(schema):
        schema = resolved(schema)
        parts = [schema, *map(resolved, schema.get("anyOf", []) + schema.get("oneOf", []))]
        objects = [part for part in parts if "properties" in part] or [{}]
        found = {name: one for part in objects for name, one in part.get("properties", {}).items()}
        return found, set.intersection(*(set(part.get("required", ())) for part in objects))

    methods = [resolved(one) for one in definitions["SWMLMethod"]["anyOf"]]
    return {
        name: parameters(schema)
        for method in methods
        for name, schema in method["properties"].items()
    }


WHOLE = {"set", "unset", "label", "return", "cond"}
"""Methods whose value is not an object of parameters."""


def test_every_published_method_is_known(published, catalog):
    assert len(published) == 43
    assert not [name for name in published if catalog.get(name) is None]


def test_every_published_parameter_is_known(published, catalog):
    missing = {}
    for name, (parameters, _required) in published.items():
        spec = catalog.get(name)
        known = field_names(spec.parameters) | ({"result"} if spec.branch else set())
        unknown = parameters.keys() - known
        if name not in WHOLE and unknown:
            missing[name] = unknown
    assert missing == {}


def test_published_defaults_are_ours(published, catalog):
    differ = {}
    for name, (parameters, _required) in published.items():
        fields = catalog.get(name).parameters.model_fields
        for parameter, schema in parameters.items():
            field = fields.get(parameter)
            if field is None or "default" not in schema:
                continue
            if field.default not in (schema["default"], None):
                differ[f"{name}.{parameter}"] = (schema["default"], field.default)
    assert differ == {}


LENIENT = {"ai": {"prompt"}, "enter_queue": {"transfer_after_bridge"}}
"""Parameters that the schema requires and that documents leave out."""


def test_published_requirements_are_ours(published, catalog):
    differ = {}
    for name, (parameters, required) in published.items():
        if name in WHOLE or not parameters:
            continue
        fields = catalog.get(name).parameters.model_fields
        ours = {info.alias or key for key, info in fields.items() if info.is_required()}
        if ours != required - LENIENT.get(name, set()):
            differ[name] = (required, ours)
    assert differ == {}
