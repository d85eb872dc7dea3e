"""The methods that the language itself performs: their parameters, for the checker and for help."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import ONE_OBJECT, Parameters


class SetVariables(Parameters):
    """`set`: any names and values. A later value may use an earlier one of the same step."""

    model_config = ConfigDict(extra="allow")


class EvalVariables(Parameters):
    """`eval`: names and bare JavaScript."""

    model_config = ConfigDict(extra="allow")


class Unset(Parameters):
    """`unset`: variables to remove."""

    names: str | list[str] = Field(description="Variable, or list of variables, to remove")


class Label(Parameters):
    """`label`: a mark that goto jumps to."""

    label: str = Field(description="Name of this point of the section")


class Goto(Parameters):
    """`goto`: jumps to a label of the same section."""

    label: str = Field(description="Label to jump to")
    when: Any = Field(None, description="Jump only if this JavaScript condition holds")
    max: int = Field(
        100, ge=1, le=100, description="How often to jump; then go on with the next step"
    )


class Cond(Parameters):
    """`cond`: the first entry whose condition holds."""

    entries: list[dict[str, Any]] = Field(description="Entries of when and then, and one else")


class Switch(Parameters):
    """`switch`: the case that equals a variable's text."""

    variable: str = Field(description="Name of the variable to compare")
    case: dict[str, Any] = Field(description="Steps by value")
    default: Any = Field(None, description="Steps when no case matches")


class If(Parameters):
    """`if`: one condition and two branches."""

    condition: Any = Field(description="JavaScript condition")
    then: Any = Field(None, description="Steps when it holds")
    otherwise: Any = Field(None, description="Steps when it does not", validation_alias="else")


class Execute(Parameters):
    """`execute`: runs a section or another document and comes back."""

    dest: str | dict[str, Any] = Field(
        description="Section, URL, or a document as JSON or YAML text"
    )
    params: Annotated[dict[str, Any] | None, ONE_OBJECT] = Field(
        None, description="Parameters, as text in `params`"
    )
    meta: Any = Field(None, description="Ignored")
    on_return: Any = Field(None, description="Steps to run when it is back")
    result: Any = Field(
        None, description="A switch on return_value, or a cond, to run when it is back"
    )


class Transfer(Parameters):
    """`transfer`: goes to a section or another document for good."""

    dest: str | dict[str, Any] = Field(
        description="Section, URL, or a document as JSON or YAML text"
    )
    params: Annotated[dict[str, Any] | None, ONE_OBJECT] = Field(
        None, description="Parameters, as text in `params`"
    )
    meta: Any = Field(None, description="Ignored")


class Return(Parameters):
    """`return`: ends the section and hands a value back."""

    value: Any = Field(None, description="Value for return_value")


CONTROL: tuple[MethodSpec, ...] = (
    MethodSpec("set", SetVariables),
    MethodSpec("eval", EvalVariables),
    MethodSpec("unset", Unset, Shorthand(anything="names")),
    MethodSpec("label", Label, Shorthand(scalar="label")),
    MethodSpec("goto", Goto, Shorthand(scalar="label")),
    MethodSpec("cond", Cond, Shorthand(anything="entries")),
    MethodSpec("switch", Switch),
    MethodSpec("if", If),
    MethodSpec("execute", Execute, Shorthand(scalar="dest")),
    MethodSpec("transfer", Transfer, Shorthand(scalar="dest")),
    MethodSpec("return", Return, Shorthand(anything="value")),
)
"""The control methods' specifications; a Catalog starts with them."""
