"""The base of every method's parameters: one pydantic model gives types, defaults, ranges, help.

Documents are written by hand and by templates, so values are taken leniently: `"true"` is True,
`"5"` is 5, 5 is `"5"` where text is wanted, null and (where no text is wanted) the empty string
mean "not given", as an unset variable expands to the empty string. Unknown names are ignored here;
the checker reports them.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema


class Parameters(BaseModel):
    """A method's parameters. Field descriptions and defaults are the specification's."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        coerce_numbers_to_str=True,
        protected_namespaces=(),
    )

    one_of: ClassVar[tuple[str, ...]] = ()
    """Exactly one of these must be given (`url` or `urls`)."""
    any_of: ClassVar[tuple[str, ...]] = ()
    """At least one of these must be given (`body` or `media`)."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_not_given(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        blank = _fields_without_text(cls)
        return {
            key: item
            for key, item in value.items()
            if item is not None and not (item == "" and key in blank)
        }


class Fixed(dict[str, Any]):
    """A step's parameters in which nothing is replaced: typed once, the same for every call."""

    __slots__ = ("typed",)
    typed: "Parameters"


class Steps(BaseModel):
    """Steps that are run on another leg: `Interpreter.start(…, block=steps.block)`."""

    model_config = ConfigDict(frozen=True)

    block: str


@cache
def field_names(model: type[Parameters]) -> frozenset[str]:
    """Every name a document may use for the parameters of `model`, aliases included."""
    names = set(model.model_fields)
    for info in model.model_fields.values():
        alias = info.validation_alias
        if isinstance(alias, AliasChoices):
            names.update(choice for choice in alias.choices if isinstance(choice, str))
        elif isinstance(alias, str):
            names.add(alias)
    return frozenset(names)


@cache
def nested_models(model: type[Parameters]) -> dict[str, type[Parameters]]:
    """The parameters that are objects, or lists of objects, with parameters of their own."""
    found = {name: _model_in(info.annotation) for name, info in model.model_fields.items()}
    return {name: inner for name, inner in found.items() if inner is not None}


def _model_in(annotation: Any) -> type[Parameters] | None:
    if isinstance(annotation, type) and issubclass(annotation, Parameters):
        return annotation
    inner = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model is not None), None)


@cache
def _fields_without_text(model: type[Parameters]) -> frozenset[str]:
    named = model.model_fields.items()
    return frozenset(name for name, info in named if not _takes_text(info.annotation))


def _takes_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return any(_takes_text(argument) for argument in get_args(annotation))
    return annotation is str or annotation is Any


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def merged(value: Any) -> Any:
    """A list of objects as one object: `[{a: 1}, {b: 2}]` is `{a: 1, b: 2}`."""
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return {key: item for entry in value for key, item in entry.items()}
    return value


def _true_or_false(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def folded(fold: Callable[[str], str]) -> BeforeValidator:
    """Makes an enumeration indifferent to case: `Annotated[Literal["GET"], folded(str.upper)]`."""
    return BeforeValidator(lambda value: fold(value) if isinstance(value, str) else value)


class _OneOrMany:
    """The validator, and in a JSON Schema the one beside the many."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_one_or_many, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        many = handler(schema)
        branches = many.get("anyOf", [many])
        one = [branch["items"] for branch in branches if "items" in branch]
        return {"anyOf": [*one, *branches]}


ONE_OR_MANY = _OneOrMany()
"""`Annotated[list[str], ONE_OR_MANY]`: one value stands for a list of one."""

ONE_OBJECT = BeforeValidator(merged)
"""An object that documents also write as a list of objects (`params: [{a: 1}, {b: 2}]`)."""

TRUE_OR_FALSE = BeforeValidator(_true_or_false)
"""Text that documents also write as a bare true or false (`beep: true`)."""
