"""A JSON Schema (draft 2020-12) of the documents that are taken here, for editors and the curious.

Made from the methods' models, so it knows the lenient forms of each method; it asks less than the
published schema, which refuses documents that run.
"""

from typing import Any, Final

from adapter.swml.catalog import Catalog, MethodSpec, Shorthand
from adapter.swml.parameters import Parameters

PLACEHOLDER: Final = {"type": "string", "pattern": r"[$%]\{.*\}"}
_STEPS: Final = {"$ref": "#/$defs/steps"}
_BRANCH: Final = {"$ref": "#/$defs/result"}
_BLOCKS: Final[dict[str, dict[str, Any]]] = {
    "cond": {"entries": {"type": "array", "items": {"$ref": "#/$defs/condition"}}},
    "if": {"then": _STEPS, "else": _STEPS},
    "switch": {"case": {"type": "object", "additionalProperties": _STEPS}, "default": _STEPS},
    "execute": {"on_return": _STEPS, "result": _BRANCH},
}
_CONDITION: Final = {
    "type": "object",
    "properties": {"when": {}, "then": _STEPS, "else": _STEPS},
    "dependentRequired": {"when": ["then"], "then": ["when"]},
}


def json_schema(catalog: Catalog) -> dict[str, Any]:
    """The schema of documents that use the methods of `catalog`."""
    specs = list(catalog)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "SWML calling document",
        "type": "object",
        "required": ["sections"],
        "properties": {
            "version": {"const": "1.0.0"},
            "sections": {
                "type": "object",
                "required": ["main"],
                "additionalProperties": _STEPS,
            },
        },
        "$defs": {
            "steps": {
                "anyOf": [
                    {"type": "array", "items": {"$ref": "#/$defs/step"}},
                    {"$ref": "#/$defs/step"},
                    {"type": "null"},
                ]
            },
            "step": _step(specs),
            "condition": _CONDITION,
            "result": {"anyOf": [_method(catalog.get("switch"), optional=("variable",)), _STEPS]},
            **{spec.name: _method(spec) for spec in specs},
        },
    }


def _step(specs: list[MethodSpec]) -> dict[str, Any]:
    names = {name: spec.name for spec in specs for name in (spec.name, *spec.aliases)}
    return {
        "anyOf": [
            {"type": "string", "enum": sorted(names)},
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {
                    name: {"$ref": f"#/$defs/{target}"} for name, target in names.items()
                },
            },
        ]
    }


def _method(spec: MethodSpec | None, *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if spec is None:
        return {}
    if spec.shorthand.anything is not None:
        whole: dict[str, Any] = _model(spec, optional)["properties"][spec.shorthand.anything]
        return {**whole, "description": _summary(spec.parameters)}
    forms = [_model(spec, optional), *_short_forms(spec.shorthand)]
    if not spec.parameters.one_of and not forms[0].get("required"):
        forms.append({"type": "null"})
    return {"description": _summary(spec.parameters), "anyOf": forms}


def _short_forms(shorthand: Shorthand) -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = []
    if shorthand.scalar is not None:
        forms.append({"type": ["string", "number", "boolean"]})
    if shorthand.sequence is not None:
        forms.append({"type": "array"})
    return forms


def _model(spec: MethodSpec, optional: tuple[str, ...]) -> dict[str, Any]:
    """The object form of a method; a placeholder may stand for any value."""
    schema = _inlined(spec.parameters.model_json_schema(by_alias=True))
    properties = {**schema.get("properties", {}), **_BLOCKS.get(spec.name, {})}
    if spec.branch is not None:
        properties["result"] = _BRANCH
    required = [name for name in schema.get("required", []) if name not in optional]
    return {
        "type": "object",
        "properties": {name: _or_placeholder(part) for name, part in properties.items()},
        **({"required": required} if required else {}),
        **_choice(spec.parameters),
    }


def _choice(model: type[Parameters]) -> dict[str, Any]:
    if model.one_of:
        return {"oneOf": [{"required": [name]} for name in model.one_of]}
    if model.any_of:
        return {"anyOf": [{"required": [name]} for name in model.any_of]}
    return {}


def _or_placeholder(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") in ("boolean", "integer", "number") or "enum" in part:
        about = {key: value for key, value in part.items() if key in ("description", "default")}
        rest = {key: value for key, value in part.items() if key not in about}
        return {**about, "anyOf": [rest, PLACEHOLDER]}
    return part


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A pydantic schema with its own definitions in the places that refer to them."""
    definitions = schema.pop("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            return _STEPS if name == "Steps" else resolve(definitions[name])
        return {key: resolve(item) for key, item in part.items() if not _is_title(key, item)}

    resolved: dict[str, Any] = resolve(schema)
    return resolved


def _is_title(key: str, item: Any) -> bool:
    return key == "title" and isinstance(item, str)


def _summary(model: type[Parameters]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]
