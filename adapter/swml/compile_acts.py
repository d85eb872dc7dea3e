"""Compiles calling methods: what is expanded and what left alone, `result`, other legs' steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapter.swml import program
from adapter.swml.catalog import MethodSpec
from adapter.swml.checking import is_open
from adapter.swml.compile_control import branch
from adapter.swml.compiler import Compiler
from adapter.swml.destinations import is_document
from adapter.swml.errors import Code
from adapter.swml.parameters import Fixed
from adapter.swml.program import Block

NOT_ON_OTHER_LEG: Final = ("return",)
"""Methods that a whole document is refused for when a `confirm` has them."""


def act(
    compiler: Compiler, spec: MethodSpec, params: dict[str, Any], path: str, block: str
) -> program.Act:
    """A step that acts on the call."""
    after = None
    if spec.branch is not None and "result" in params:
        after = branch(compiler, params.pop("result"), f"{path}.result", spec.branch, block)
    for pattern in spec.steps:
        params = _with_steps_compiled(compiler, params, pattern, path)
    compiler.check(spec, params, path)
    fixed = Fixed()
    opened: dict[str, Any] = {}
    for name, value in params.items():
        (opened if _is_expanded(spec, name, value) else fixed)[name] = value
    return program.Act(spec.name, fixed, opened, after, spec.result_variable)


def _is_expanded(spec: MethodSpec, name: str, value: Any) -> bool:
    """Whether the placeholders in a parameter are this script's, and are replaced now."""
    if name in spec.verbatim or (name in spec.documents and is_document(value)):
        return False
    return is_open(value)


def _with_steps_compiled(compiler: Compiler, value: Any, pattern: str, path: str) -> Any:
    """`value` with the steps that `pattern` (`serial[].confirm`) leads to as `Steps`."""
    if not pattern:
        return _steps(compiler, value, path) if isinstance(value, list | Mapping) else value
    if pattern.startswith("[]"):
        if not isinstance(value, list):
            return value
        rest = pattern[2:].removeprefix(".")
        return [
            _with_steps_compiled(compiler, item, rest, f"{path}[{index}]")
            for index, item in enumerate(value)
        ]
    name, rest = _split(pattern)
    if not isinstance(value, Mapping) or name not in value:
        return value
    return {**value, name: _with_steps_compiled(compiler, value[name], rest, f"{path}.{name}")}


def _steps(compiler: Compiler, value: Any, path: str) -> dict[str, str]:
    compiler.block(value, path, None)
    for place, block in compiler.blocks.items():
        if place == path or place.startswith((f"{path}.", f"{path}[")):
            _check_other_leg(compiler, block)
    return {"block": path}


def _check_other_leg(compiler: Compiler, block: Block) -> None:
    for step in block.steps:
        if step.method in NOT_ON_OTHER_LEG:
            message = f"{step.method} cannot be used on a leg that is being connected"
            compiler.fault(Code.METHOD_UNDEFINED, message, step.path)


def _split(pattern: str) -> tuple[str, str]:
    ends = [at for at in (pattern.find("."), pattern.find("[")) if at >= 0]
    end = min(ends, default=len(pattern))
    return pattern[:end], pattern[end:].removeprefix(".")
