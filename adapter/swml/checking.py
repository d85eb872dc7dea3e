"""Is a step's method given parameters that it knows, needs and can use?

Only what the document itself says can be judged at load: a value with a placeholder counts as
given, and is judged when the step runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from adapter.swml import hints
from adapter.swml.catalog import MethodSpec
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.parameters import Parameters, field_names, nested_models
from adapter.swml.problems import problems
from adapter.swml.templates import has_placeholder


def check_parameters(
    spec: MethodSpec, params: Mapping[str, Any], path: str, *, hint: bool = True
) -> Iterator[Fault]:
    """What is wrong with the parameters of one step; `hint`: and what was probably meant."""
    yield from _unknown(spec.parameters, params, path, hint=hint)
    for code, message in spec.given(params):
        yield Fault(code, message, path)
    try:
        spec.parameters.model_validate(params)
    except ValidationError as error:
        for problem in problems(error, params):
            if problem.code is Code.PARAMETER_MISSING or not is_open(problem.value):
                place = f"{path}.{problem.name}" if problem.name else path
                yield Fault(problem.code, problem.message, place)


def _unknown(
    model: type[Parameters], values: Mapping[str, Any], path: str, *, hint: bool
) -> Iterator[Fault]:
    if model.model_config.get("extra") == "allow":
        return
    known, nested = field_names(model), nested_models(model)
    for name, value in values.items():
        if name in nested:
            yield from _unknown_inside(nested[name], value, f"{path}.{name}", hint=hint)
        elif name not in known:
            meant = hints.near(name, known) if hint else ""
            message = f"there is no parameter {name}; it is ignored{meant}"
            yield Fault(
                Code.PARAMETER_UNDEFINED, message, f"{path}.{name}", severity=Severity.WARNING
            )


def _unknown_inside(
    model: type[Parameters], value: Any, path: str, *, hint: bool
) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        yield from _unknown(model, value, path, hint=hint)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_inside(model, item, f"{path}[{index}]", hint=hint)


def is_open(value: Any) -> bool:
    """Whether a value has a placeholder in it, at any depth."""
    if isinstance(value, str):
        return has_placeholder(value)
    if isinstance(value, Mapping):
        return any(is_open(item) for item in value.values())
    return isinstance(value, list) and any(is_open(item) for item in value)
