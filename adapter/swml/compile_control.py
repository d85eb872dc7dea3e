"""Compiles the control methods: one function each, by the method's name in CONTROL_METHODS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapter.swml import program
from adapter.swml.catalog import MethodSpec
from adapter.swml.checking import is_open
from adapter.swml.compiler import CompileMethod, Compiler, Params
from adapter.swml.errors import Code
from adapter.swml.parameters import merged
from adapter.swml.paths import parse_path
from adapter.swml.program import Block
from adapter.swml.templates import has_placeholder


def _set(compiler: Compiler, _spec: MethodSpec, params: Params, path: str, _b: str) -> program.Set:
    return program.Set(_writable(compiler, params, path))


def _eval(
    compiler: Compiler, _spec: MethodSpec, params: Params, path: str, _b: str
) -> program.Eval:
    return program.Eval(_writable(compiler, params, path))


def _writable(compiler: Compiler, values: Params, path: str) -> Params:
    """Values by bare variable name."""
    kept: Params = {}
    for name, value in values.items():
        scope, dot, rest = name.partition(".")
        if dot and scope in ("call", "envs", "params"):
            message = f"{scope} cannot be written; this is ignored"
            compiler.warn(Code.PARAMETER_INVALID, message, f"{path}.{name}")
        else:
            kept[rest if dot and scope == "vars" else name] = value
    return kept


def _unset(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, _b: str
) -> program.Unset:
    compiler.check(spec, params, path)
    return program.Unset(params["names"])


def _label(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, _b: str
) -> program.Label:
    compiler.check(spec, params, path)
    return program.Label(str(params.get("label")))


def _goto(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, block: str
) -> program.Goto:
    compiler.check(spec, params, path)
    label = params.get("label")
    if label is not None and not is_open(label):
        compiler.goto(str(label), path, block)
    return program.Goto(label, params.get("when"), params.get("max"))


def _cond(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, block: str
) -> program.Cond:
    entries = params["entries"]
    if isinstance(entries, Mapping):
        entries = [entries]
    compiler.check(spec, {"entries": entries}, path)
    branches: list[tuple[Any, str]] = []
    otherwise: list[str] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            _entry(compiler, entry, f"{path}[{index}]", block, branches, otherwise)
    return program.Cond(tuple(branches), otherwise[0] if otherwise else None)


def _entry(
    compiler: Compiler,
    entry: Mapping[str, Any],
    path: str,
    block: str,
    branches: list[tuple[Any, str]],
    otherwise: list[str],
) -> None:
    _check_entry(compiler, entry, path)
    if entry.get("when") is not None:
        then = compiler.block(entry.get("then"), f"{path}.then", block)
        branches.append((entry["when"], then))
    if "else" in entry:
        if otherwise:
            message = "there is an else already; this one is never run"
            compiler.warn(Code.ELEMENT_DUPLICATED, message, path)
        otherwise.append(compiler.block(entry["else"], f"{path}.else", block))


def _check_entry(compiler: Compiler, entry: Mapping[str, Any], path: str) -> None:
    has_when, has_then = entry.get("when") is not None, "then" in entry
    if not has_when and not has_then and "else" not in entry:
        compiler.fault(Code.PARAMETER_MISSING, "give when and then, or else", path)
    elif has_when != has_then:
        missing, given = ("then", "when") if has_when else ("when", "then")
        compiler.fault(Code.PARAMETER_MISSING, f"{given} needs {missing}", path)
    for name in entry:
        if name not in ("when", "then", "else"):
            message = f"cond has no {name}; it is ignored"
            compiler.warn(Code.PARAMETER_UNDEFINED, message, f"{path}.{name}")


def _if(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, block: str
) -> program.Cond:
    compiler.check(spec, params, path)
    then = compiler.block(params.get("then"), f"{path}.then", block)
    otherwise = None
    if "else" in params:
        otherwise = compiler.block(params["else"], f"{path}.else", block)
    return program.Cond(((params.get("condition"), then),), otherwise)


def _switch(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, block: str
) -> program.Switch:
    compiler.check(spec, params, path)
    variable = str(params.get("variable") or "")
    if variable and not has_placeholder(variable) and parse_path(variable) is None:
        message = f"give the name of a variable, not {variable}"
        compiler.fault(Code.PARAMETER_INVALID, message, f"{path}.variable")
    cases = params.get("case")
    compiled = {
        key: compiler.block(steps, f"{path}.case.{key}", block)
        for key, steps in (cases.items() if isinstance(cases, Mapping) else ())
    }
    default = None
    if "default" in params:
        default = compiler.block(params["default"], f"{path}.default", block)
    return program.Switch(variable, compiled, default)


def _execute(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, block: str
) -> program.Execute:
    after: list[str] = []
    if "result" in params:
        given = branch(compiler, params.pop("result"), f"{path}.result", "return_value", block)
        after = [] if given is None else [given]
    if "on_return" in params:
        after.append(compiler.block(params.pop("on_return"), f"{path}.on_return", block))
    compiler.check(spec, params, path)
    dest = compiler.destination(params.get("dest"), f"{path}.dest")
    return program.Execute(dest, merged(params.get("params")), tuple(after))


def _transfer(
    compiler: Compiler, spec: MethodSpec, params: Params, path: str, _b: str
) -> program.Transfer:
    compiler.check(spec, params, path)
    dest = compiler.destination(params.get("dest"), f"{path}.dest")
    return program.Transfer(dest, merged(params.get("params")))


def _return(_c: Compiler, _spec: MethodSpec, params: Params, _p: str, _b: str) -> program.Return:
    return program.Return(params["value"])


def branch(compiler: Compiler, value: Any, path: str, variable: str, block: str) -> str | None:
    """A method's `result` as a block: an object is a switch on `variable`, an array is a cond.

    It may also be the steps themselves: `{switch: …}`, `[{cond: …}]`.
    """
    if isinstance(value, Mapping) and ("case" in value or "variable" in value):
        step = compiler.step("switch", {"variable": variable, **value}, path, path)
    elif isinstance(value, list) and all(_is_entry(item) for item in value):
        step = compiler.step("cond", value, path, path)
    elif isinstance(value, Mapping | list):
        return compiler.block(value, path, block)
    else:
        message = "result is an object (a switch) or an array (a cond)"
        compiler.fault(Code.ELEMENT_WRONG_TYPE, message, path)
        return None
    compiler.blocks[path] = Block(path, () if step is None else (step,), {}, block)
    return path


def _is_entry(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.keys() & {"when", "then", "else"})


CONTROL_METHODS: Final[Mapping[str, CompileMethod]] = {
    "set": _set,
    "eval": _eval,
    "unset": _unset,
    "label": _label,
    "goto": _goto,
    "cond": _cond,
    "if": _if,
    "switch": _switch,
    "execute": _execute,
    "transfer": _transfer,
    "return": _return,
}
