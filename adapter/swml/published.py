"""What runs here though the published rules refuse it: the lenient forms of a document.

For authors whose documents must run elsewhere too. It is told from the document's values and the
methods' models, so it knows what those know. Not judged: what objects hold that the models take as
they are (`ai`), and single values that a model takes beyond the published ones (`record.direction:
both`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from adapter.swml.catalog import Catalog, MethodSpec
from adapter.swml.checking import is_open
from adapter.swml.errors import Code, Fault
from adapter.swml.problems import problems

_WORDS: Final = {dict: "an object", list: "a list", str: "text", int: "a whole number"}

OLDER: Final = ("if", "eval")
"""Methods of an older schema."""

OURS: Final = ("relay",)
"""Methods that nobody else has."""

FORMS: Final[Mapping[str, tuple[type, ...]]] = {
    "sleep": (dict, int, str),
    "label": (str,),
    "unset": (str, list),
    "cond": (list,),
}
"""Methods that are published with a value that is no object; `return` takes anything."""

LISTS: Final = {
    ("play", "url"): False,
    ("play", "urls"): True,
    ("connect", "serial"): True,
    ("connect", "parallel"): True,
}
"""Whether a parameter that is taken as one value and as several is a list."""

REQUIRED: Final = {"ai": "prompt", "amazon_bedrock": "prompt"}
"""Parameters that a method cannot be without, though we know what to do."""

OTHER_NAMES: Final = {("sleep", "time"): "duration"}
"""Names of parameters that guides use and the reference does not know."""

DESTINATIONS: Final = ("serial", "parallel", "serial_parallel")

SOUNDS: Final = (("play", "urls"), ("prompt", "play"))

BLOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "execute": ("on_return",),
    "switch": ("default",),
    "if": ("then", "else"),
}
"""Parameters that hold steps."""


def unpublished(value: Any, catalog: Catalog) -> list[Fault]:
    """Every form in a document's value that the published rules refuse."""
    sections = value.get("sections") if isinstance(value, Mapping) else None
    judge = _Judge(catalog)
    for name, steps in sections.items() if isinstance(sections, Mapping) else ():
        judge.block(steps, name)
    return judge.faults


class _Judge:
    def __init__(self, catalog: Catalog) -> None:
        self.faults: list[Fault] = []
        self._catalog = catalog

    def block(self, value: Any, path: str) -> None:
        """Steps are a list of objects with one key each."""
        if not isinstance(value, list):
            self._wrong("steps are a list, also of one", path)
        for index, step in enumerate(value if isinstance(value, list) else [value]):
            self._step(step, f"{path}[{index}]" if isinstance(value, list) else path)

    def _wrong(self, message: str, path: str, code: Code = Code.ELEMENT_WRONG_TYPE) -> None:
        self.faults.append(Fault(code, message, path))

    def _step(self, step: Any, path: str) -> None:
        if isinstance(step, str):
            self._wrong(f"write `{step}: {{}}`", path)
        if not isinstance(step, Mapping):
            return
        if len(step) > 1:
            self._wrong("a step is one method", path)
        for name, value in step.items():
            self._method(name, value, f"{path}.{name}")

    def _method(self, name: str, value: Any, path: str) -> None:
        spec = self._catalog.get(name)
        if spec is None or spec.name != name or name in (*OLDER, *OURS):
            self._wrong(f"there is no method {name}", path, Code.METHOD_UNDEFINED)
        if spec is None or name == "return":
            return
        forms = FORMS.get(name, (dict,))
        if not isinstance(value, forms) or isinstance(value, bool):
            self._wrong(f"{name} takes {' or '.join(_WORDS[form] for form in forms)}", path)
        elif isinstance(value, dict):
            params = dict(value)
            self._blocks(spec, params, path)
            self._values(spec, params, path)
        elif isinstance(value, list) and name == "cond":
            self._entries(value, path)

    def _blocks(self, spec: MethodSpec, params: dict[str, Any], path: str) -> None:
        """Judges the steps inside a step, and takes them out of its parameters."""
        for name in BLOCKS.get(spec.name, ()):
            if name in params:
                self.block(params.pop(name), f"{path}.{name}")
        if spec.name == "switch" and isinstance(params.get("case"), Mapping):
            for key, steps in params.pop("case").items():
                self.block(steps, f"{path}.case.{key}")
            params["case"] = {}
        if spec.branch is not None or spec.name == "execute":
            self._result(params.pop("result", []), f"{path}.result")

    def _result(self, value: Any, path: str) -> None:
        if isinstance(value, list):
            self._entries(value, path)
        elif isinstance(value, Mapping) and "case" in value:
            self._method("switch", {"variable": "", **value}, path)
        else:
            self._wrong("result is a switch's object or a cond's list", path)

    def _entries(self, entries: Sequence[Any], path: str) -> None:
        for index, entry in enumerate(entries):
            known = isinstance(entry, Mapping) and bool({"when", "then", "else"} & entry.keys())
            if not known:
                self._wrong("an entry has `when` and `then`, or `else`", f"{path}[{index}]")
                continue
            if not isinstance(entry.get("when", ""), str):
                self._wrong("when is text", f"{path}[{index}].when", Code.PARAMETER_INVALID)
            for name in ("then", "else"):
                if name in entry:
                    self.block(entry[name], f"{path}[{index}].{name}")

    def _values(self, spec: MethodSpec, params: Mapping[str, Any], path: str) -> None:
        if spec.parameters.model_config.get("extra") == "allow":
            return
        required = REQUIRED.get(spec.name)
        if required is not None and required not in params:
            self._wrong(f"{required} is required", path, Code.PARAMETER_MISSING)
        for name, value in params.items():
            if message := _form(spec.name, name, value):
                self._wrong(message, f"{path}.{name}", Code.PARAMETER_INVALID)
        for name, message in _coerced(spec, params):
            self._wrong(message, f"{path}.{name}", Code.PARAMETER_INVALID)


def _form(method: str, name: str, value: Any) -> str:
    """What is wrong with the form of a parameter, whatever its values; empty: nothing."""
    if value is None:
        return "leave it out instead of null"
    if (method, name) in OTHER_NAMES:
        return f"it is called {OTHER_NAMES[method, name]}"
    if (method, name) == ("request", "body") and not isinstance(value, str | Mapping):
        return "give text or an object"
    if method == "connect" and name in DESTINATIONS and _has_bare_destination(value):
        return "write a destination as `{to: …}`"
    wanted = LISTS.get((method, name), isinstance(value, list))
    if wanted != isinstance(value, list) and not is_open(value):
        return "give a list" if wanted else "give one value; several are `urls`"
    if (method, name) in SOUNDS and isinstance(value, list):
        opened = [is_open(item) for item in value]
        if any(opened) and not all(opened):
            return "placeholders and other sounds are not mixed in one list"
    return ""


def _has_bare_destination(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, str) or _has_bare_destination(item) for item in value)
    return False


def _coerced(spec: MethodSpec, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Values that are taken for another type than they have: `"5"` for 5, `"true"` for true."""
    given = {name: value for name, value in params.items() if value is not None}
    try:
        model = spec.parameters.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        for problem in problems(error, given):
            if problem.code is Code.PARAMETER_INVALID and not is_open(problem.value):
                yield problem.name, problem.message
        return
    for name, value in given.items():
        taken = getattr(model, name, value)
        if isinstance(value, str) and isinstance(taken, str) and taken != value:
            yield name, f"write {taken}"
