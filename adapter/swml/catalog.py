"""The methods a document may use: how each is written and what its parameters are.

The language adds its control methods (`adapter.swml.control`); whoever can act on a call adds the
rest. A document is checked against one catalog, so an unknown method is found before a call runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Fixed, Parameters, merged
from adapter.swml.problems import problems


@dataclass(frozen=True, slots=True)
class Shorthand:
    """Which parameter a value stands for that is not an object.

    `scalar`: `play: "say:x"` is `{url: "say:x"}`. `sequence`: `play: [a, b]` is `{urls: [a, b]}`.
    `anything`: the whole value, objects too (`return: {a: 1}`).
    """

    scalar: str | None = None
    sequence: str | None = None
    anything: str | None = None

    def expand(self, value: Any) -> dict[str, Any] | None:
        """`value` as an object of parameters; None when it cannot be one."""
        if self.anything is not None:
            return {self.anything: value}
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, list):
            return self._of_list(value)
        if value is None or value is True or value == "":
            return {}
        return None if self.scalar is None else {self.scalar: value}

    def _of_list(self, value: list[Any]) -> dict[str, Any] | None:
        if self.sequence is not None:
            return {self.sequence: value}
        combined = merged(value)
        return combined if isinstance(combined, dict) else None


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One SWML method.

    `branch`: the variable that the method's `result` looks at when it names none; None when the
    method takes no `result`. `steps`: parameters with steps for another leg (`connect.confirm`).
    `documents`: parameters that may hold a whole document as text, which is not expanded.
    `verbatim`: parameters whose placeholders belong to somebody else (`ai.SWAIG`).
    `result_variable`: where `failed` goes when the method could not be done.
    """

    name: str
    parameters: type[Parameters]
    shorthand: Shorthand = field(default_factory=Shorthand)
    aliases: tuple[str, ...] = ()
    branch: str | None = None
    steps: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    verbatim: tuple[str, ...] = ()
    result_variable: str = ""

    def __post_init__(self) -> None:
        if not self.result_variable:
            object.__setattr__(self, "result_variable", f"{self.name}_result")

    def parse(self, params: Mapping[str, Any]) -> Parameters:
        """The parameters of one step, typed. Raises ScriptError that says which one is wrong."""
        if not isinstance(params, Fixed):
            return self._parsed(params)
        known: Parameters | None = getattr(params, "typed", None)
        if known is None:
            known = params.typed = self._parsed(params)
        return known

    def _parsed(self, params: Mapping[str, Any]) -> Parameters:
        if self.parameters.one_of or self.parameters.any_of:
            for code, message in self.given(params):
                raise ScriptError(code, message)
        try:
            return self.parameters.model_validate(params)
        except ValidationError as error:
            problem = problems(error, params)[0]
            raise ScriptError(
                problem.code, f"{self.name}.{problem.name}: {problem.message}"
            ) from None

    def given(self, params: Mapping[str, Any]) -> Iterator[tuple[Code, str]]:
        """What is wrong with the choice of parameters, whatever their values."""
        one_of, any_of = self.parameters.one_of, self.parameters.any_of
        chosen = [name for name in one_of if params.get(name) is not None]
        if len(chosen) > 1:
            yield Code.PARAMETER_CONFLICT, f"{self.name}: give only one of {_either(chosen)}"
        if one_of and not chosen:
            yield Code.PARAMETER_MISSING, f"{self.name}: give one of {_either(one_of)}"
        if any_of and not any(params.get(name) is not None for name in any_of):
            yield Code.PARAMETER_MISSING, f"{self.name}: give {_either(any_of)}"


class Catalog:
    """Methods by name. An alias finds the same specification."""

    def __init__(self, specs: Iterable[MethodSpec] = ()) -> None:
        self._specs: dict[str, MethodSpec] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: MethodSpec) -> None:
        """Adds a method; ValueError when a name is taken."""
        for name in (spec.name, *spec.aliases):
            if name in self._specs:
                raise ValueError(f"the method {name} is in the catalog twice")
            self._specs[name] = spec

    def get(self, name: str) -> MethodSpec | None:
        """The method called `name`, by alias too."""
        return self._specs.get(name)

    def names(self) -> Iterable[str]:
        """Every name of a method, aliases included."""
        return self._specs.keys()

    def __iter__(self) -> Iterator[MethodSpec]:
        return iter(dict.fromkeys(self._specs.values()))


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)
