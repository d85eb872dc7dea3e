"""Is a step's method given parameters that it knows, needs and can use?

Only what the document itself says can be judged at load: a value with a placeholder counts as
given, and is judged when the step runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from adapter.swml.catalog import MethodSpec, described
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.parameters import field_names
from adapter.swml.templates import has_placeholder


def check_parameters(spec: MethodSpec, params: Mapping[str, Any], path: str) -> Iterator[Fault]:
    """What is wrong with the parameters of one step."""
    yield from _unknown(spec, params, path)
    for code, message in spec.given(params):
        yield Fault(code, message, path)
    try:
        spec.parameters.model_validate(params)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            if problem["type"] == "missing" or not is_open(problem["input"]):
                code, name, message = described(problem)
                yield Fault(code, message, f"{path}.{name}" if name else path)


def _unknown(spec: MethodSpec, params: Mapping[str, Any], path: str) -> Iterator[Fault]:
    if spec.parameters.model_config.get("extra") == "allow":
        return
    known = field_names(spec.parameters)
    for name in params:
        if name not in known:
            message = f"{spec.name} has no parameter {name}; it is ignored"
            yield Fault(
                Code.PARAMETER_UNDEFINED, message, f"{path}.{name}", severity=Severity.WARNING
            )


def is_open(value: Any) -> bool:
    """Whether a value has a placeholder in it, at any depth."""
    if isinstance(value, str):
        return has_placeholder(value)
    if isinstance(value, Mapping):
        return any(is_open(item) for item in value.values())
    return isinstance(value, list) and any(is_open(item) for item in value)
