"""Parameters that are of no use here, found in a document before a call runs it.

What a method's `LIMITS` calls ignored is a warning at the parameter's own path; the step runs as if
it were not there. A value that says what is done anyway (`POST`) asks for nothing and warns of
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapter import methods
from adapter.methods.table import IGNORED
from adapter.swml.catalog import MethodSpec
from adapter.swml.document import Document
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.parameters import Parameters, nested_models
from adapter.swml.program import Act, Step

DONE_ANYWAY = ("POST", "relay", "do-not-trim", "global")
"""Values of such parameters that ask for what is done."""


def ignored(document: Document) -> Iterator[Fault]:
    """A warning for each of them; those of documents within documents are their own."""
    for block in document.program.blocks.values():
        for step in block.steps:
            yield from _in_step(step)


def _in_step(step: Step) -> Iterator[Fault]:
    module = methods.modules().get(step.method)
    limits: Mapping[str, str] = getattr(module, "LIMITS", {})
    why = {
        name: reason
        for name, remark in limits.items()
        for how, _, reason in [remark.partition(": ")]
        if how == IGNORED
    }
    if module is None or not why or not isinstance(step.operation, Act):
        return
    params = {**step.operation.open, **step.operation.fixed}
    for path, name in _named(module.SPEC, params, why):
        message = f"{step.method}.{name} is ignored here: {why[name]}"
        yield Fault(Code.EXECUTE_FAILED, message, f"{step.path}.{path}", severity=Severity.WARNING)


def _named(
    spec: MethodSpec, params: Mapping[str, Any], why: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Where they stand: among the step's parameters, or among those of one of its destinations."""
    nested = nested_models(spec.parameters)
    for name, value in params.items():
        if name in why and value not in DONE_ANYWAY:
            yield name, name
        elif name in nested:
            same = {one for one in why if _is_same(one, spec.parameters, nested[name])}
            for path, inner in _inside(value, name):
                yield from ((f"{path}.{one}", one) for one in inner if one in same)


def _is_same(name: str, one: type[Parameters], other: type[Parameters]) -> bool:
    """Whether two models inherit a parameter: a header's `name` is not a stream's."""
    owners = [
        next((c for c in m.__mro__ if name in vars(c).get("__annotations__", ())), m)
        for m in (one, other)
    ]
    return owners[0] is owners[1]


def _inside(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _inside(item, f"{path}[{index}]")
