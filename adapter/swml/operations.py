"""What each operation of a program does to a running script: one function each, by its type.

An operation either moves the script on or sets `pending`, the effect that others perform.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapter.swml import program
from adapter.swml.destinations import is_document, is_url
from adapter.swml.document import Document
from adapter.swml.effects import FETCH, Effect
from adapter.swml.errors import Code, DocumentError
from adapter.swml.expressions import UNDEFINED
from adapter.swml.loading import load_value
from adapter.swml.paths import MISSING, parse_path
from adapter.swml.script import Script
from adapter.swml.templates import has_placeholder
from adapter.swml.values import shortened, text_of
from adapter.swml.variables import parameters_of


def _act(script: Script, act: program.Act) -> None:
    params = act.fixed
    if act.open:
        expand = script.variables.expand
        params = {**act.fixed, **{name: expand(value) for name, value in act.open.items()}}
    script.pending = Effect(act.method, params, script.path)
    script.branch = () if act.branch is None else (act.branch,)
    script.result_variable = act.result_variable


def _set(script: Script, given: program.Set) -> None:
    for name, value in given.values.items():
        script.variables.put(name, script.variables.expand(value))


def _unset(script: Script, unset: program.Unset) -> None:
    names = script.variables.expand(unset.names)
    for name in names if isinstance(names, list) else [names]:
        script.variables.drop(text_of(name).removeprefix("vars."))


def _eval(script: Script, given: program.Eval) -> None:
    for name, source in given.sources.items():
        value = script.variables.condition(source) if isinstance(source, str) else source
        script.variables.put(name, "" if value is UNDEFINED else value)


def _label(_script: Script, _label: program.Label) -> None:
    """A label is only a place to go to."""


def _goto(script: Script, goto: program.Goto) -> None:
    if goto.when is not None and not script.variables.holds(goto.when):
        return
    jumps = script.frame.jumps
    done = jumps.get(script.path, 0)
    if done >= _most_jumps(script, goto.max):
        return
    label = text_of(script.variables.expand(goto.label))
    if script.frame.jump(label):
        jumps[script.path] = done + 1
    else:
        message = f"there is no label {shortened(label)} in this section"
        script.warn(Code.PARAMETER_INVALID, message)


def _most_jumps(script: Script, given: Any) -> int:
    most = script.limits.jumps
    value = script.variables.expand(given)
    try:
        return min(max(int(value), 1), most)
    except (TypeError, ValueError):
        return most


def _cond(script: Script, cond: program.Cond) -> None:
    chosen = cond.otherwise
    for when, block in cond.entries:
        if script.variables.holds(when):
            chosen = block
            break
    if chosen is not None:
        script.frame.enter(chosen)


def _switch(script: Script, switch: program.Switch) -> None:
    value = text_of(_compared(script, switch.variable))
    chosen = switch.cases.get(value, switch.default)
    if chosen is not None:
        script.frame.enter(chosen)
    else:
        message = f"no case of {switch.variable} matches and there is no default"
        script.warn(Code.NO_MATCHING_CONDITION, message)


def _compared(script: Script, variable: str) -> Any:
    if has_placeholder(variable):
        return script.variables.expand(variable)
    path = parse_path(variable)
    if path is None:
        return ""
    value = script.variables.lookup(path)
    return script.variables.lookup(("params", *path)) if value is MISSING else value


def _execute(script: Script, execute: program.Execute) -> None:
    if len(script.frames) > script.limits.depth:
        message = f"more than {script.limits.depth} executes inside each other"
        script.stop(Code.NESTED_TOO_DEEP, message)
        return
    params = _params(script, execute.params)
    place = _destination(script, execute.dest)
    if isinstance(place, str):
        _fetch(script, place, params, "execute", execute.after)
    elif place is not None:
        script.push(*place, params, execute.after)


def _transfer(script: Script, transfer: program.Transfer) -> None:
    params = _params(script, transfer.params)
    place = _destination(script, transfer.dest)
    if isinstance(place, str):
        _fetch(script, place, params, "transfer", ())
    elif place is not None and script.spend_transfer():
        script.replace(*place, params)


def _return(script: Script, returned: program.Return) -> None:
    script.variables.put("return_value", script.variables.expand(returned.value))
    script.leave(returning=True)


def _fetch(
    script: Script, url: str, params: Mapping[str, Any], kind: str, after: tuple[str, ...]
) -> None:
    if script.spend_transfer():
        fetch = {"url": url, "params": params, "kind": kind}
        script.pending = Effect(FETCH, fetch, script.path)
        script.branch = after
        script.result_variable = ""


def _params(script: Script, given: Any) -> Mapping[str, str]:
    expanded = script.variables.expand(given)
    return parameters_of(expanded) if isinstance(expanded, Mapping) else {}


def _destination(script: Script, dest: Any) -> tuple[Document, str] | str | None:
    """A document and its section, or a URL; None, with a warning, when there is no such place."""
    if isinstance(dest, Document):
        return dest, "main"
    dest = script.variables.expand(dest)
    running = script.frame.document
    if isinstance(dest, str) and dest in running.sections:
        return running, dest
    if is_url(dest):
        return str(dest)
    if is_document(dest):
        return _inline(script, dest)
    script.warn(*_no_such_place(shortened(text_of(dest))))
    return None


def _inline(script: Script, value: Any) -> tuple[Document, str] | None:
    try:
        document = load_value(value, script.frame.document.catalog, name=script.path)
    except DocumentError as error:
        script.warn(error.code, str(error))
        return None
    return document, "main"


def _no_such_place(dest: str) -> tuple[Code, str]:
    if dest.lower().startswith("relay:"):
        return Code.EXECUTE_FAILED, "relay destinations do not exist here"
    if "://" in dest:
        return Code.PARSE_ERROR, f"{dest} is not an http or https URL"
    return Code.SECTION_UNDEFINED, f"there is no section {dest}"


OPERATIONS: Final[Mapping[type, Callable[[Script, Any], None]]] = {
    program.Act: _act,
    program.Set: _set,
    program.Unset: _unset,
    program.Eval: _eval,
    program.Label: _label,
    program.Goto: _goto,
    program.Cond: _cond,
    program.Switch: _switch,
    program.Execute: _execute,
    program.Transfer: _transfer,
    program.Return: _return,
}
