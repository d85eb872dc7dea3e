"""The four scopes of a script, and what `${…}` in a value becomes.

    call     the leg's facts, read-only to the script
    params   of the last execute or transfer, read-only
    vars     what `set` and the methods wrote
    envs     the project's variables, read-only

A prefix chooses the scope; a bare name is looked for in vars, then envs, then call. A value that is
one placeholder keeps the type of what it stands for; inside other text everything becomes text.
What was expanded is never expanded again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from adapter.swml.errors import Code, ExpressionError
from adapter.swml.expressions import (
    MAX_EXPRESSION,
    UNDEFINED,
    WORDS,
    Condition,
    Evaluator,
    Slot,
    literal,
    names_in,
    parse_condition,
)
from adapter.swml.limits import Limits
from adapter.swml.paths import MISSING, Path, follow
from adapter.swml.templates import Placeholder, parse_template
from adapter.swml.values import shortened, size_of, text_of, truth_of

Report = Callable[[Code, str], None]


class Variables:
    """Scopes, lookups and expansion. `report` hears of each expression that failed.

    `work` counts the characters and elements that were handled.
    """

    def __init__(
        self,
        *,
        call: Mapping[str, Any],
        envs: Mapping[str, Any],
        limits: Limits,
        evaluate: Evaluator | None,
    ) -> None:
        self.call = dict(call)
        self.envs = dict(envs)
        self.params: Mapping[str, Any] = {}
        self.vars: dict[str, Any] = {}
        self.report: Report = _ignore
        self._sizes: dict[str, int] = {}
        self._size = 0
        self._limits = limits
        self._evaluate = evaluate
        self._room = limits.value_size
        self.work = 0

    def put(self, name: str, value: Any) -> None:
        """Sets a variable. One that is too large becomes empty, with a warning."""
        size = len(name) + size_of(value, self._limits.value_size)
        self.work += size
        total = self._size - self._sizes.get(name, 0) + size
        if size > self._limits.value_size or total > self._limits.variables_size:
            self.report(Code.INTERNAL_ERROR, f"the value of {name} is too large to keep")
            self.keep(name, "", len(name) + 1)
        else:
            self.keep(name, value, size)

    def keep(self, name: str, value: Any, size: int) -> None:
        """Sets a variable of a known size, however little room there is."""
        self._size += size - self._sizes.get(name, 0)
        self._sizes[name] = size
        self.vars[name] = value

    def drop(self, name: str) -> None:
        """Removes a variable, if there is one."""
        if self.vars.pop(name, MISSING) is not MISSING:
            self._size -= self._sizes.pop(name)

    def lookup(self, path: Path) -> Any:
        """The value at `path`, or MISSING."""
        head = str(path[0])
        scope = self._scope(head)
        if scope is not None:
            # A scope as a value is what it is now: `vars` must not come to hold itself.
            return follow(scope, path) if len(path) > 1 else dict(scope)
        for scope in (self.vars, self.envs, self.call):
            if head in scope:
                return follow(scope[head], path)
        return MISSING

    def _scope(self, name: str) -> Mapping[str, Any] | None:
        if name == "vars":
            return self.vars
        if name == "params":
            return self.params
        if name == "call":
            return self.call
        return self.envs if name == "envs" else None

    def expand(self, value: Any) -> Any:
        """`value` with every placeholder in it replaced, at any depth."""
        self._room = self._limits.value_size
        try:
            return self._expanded(value)
        except _TooLargeError:
            self.report(Code.INTERNAL_ERROR, "a value grew too large when it was expanded")
            return ""

    def _expanded(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value) if "{" in value else value
        if isinstance(value, Mapping):
            return {key: self._expanded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._expanded(item) for item in value]
        return value

    def _text(self, text: str) -> Any:
        parts = parse_template(text)
        if len(parts) == 1:
            part = parts[0]
            return part if isinstance(part, str) else self._charged(self._value(part))
        return "".join(
            part if isinstance(part, str) else text_of(self._charged(self._value(part)))
            for part in parts
        )

    def _charged(self, value: Any) -> Any:
        """`value`, once there is room for it; a missing one is the empty string."""
        if value is MISSING or value is UNDEFINED:
            return ""
        size = size_of(value, self._room)
        self.work += size
        self._room -= size
        if self._room < 0:
            raise _TooLargeError
        return value

    def _value(self, part: Placeholder) -> Any:
        if part.path is not None:
            return self.lookup(part.path)
        try:
            return self._javascript(part.source, {}, lenient=False)
        except ExpressionError as error:
            self.report(Code.JS_EVAL_ERROR, f"{shortened(part.source)}: {error}")
            return ""

    def holds(self, when: Any) -> bool:
        """Whether a condition is true. One that fails is not, and is reported."""
        if not isinstance(when, str):
            return truth_of(when)
        value = self.condition(when)
        return value is not UNDEFINED and truth_of(value)

    def condition(self, text: str) -> Any:
        """The value of bare JavaScript in which placeholders stand for values; "" if it fails."""
        if text in WORDS:
            return WORDS[text]
        condition = parse_condition(text)
        if condition.path is not None:
            value = self.lookup(condition.path)
            if value is not MISSING or not self._has_members(condition.path):
                return UNDEFINED if value is MISSING else value
        if len(condition.slots) == 1 and condition.source == f"({condition.slots[0].name})":
            return self._slot(condition.slots[0])
        return self._condition_by_javascript(text, condition)

    def _condition_by_javascript(self, text: str, condition: Condition) -> Any:
        slots = {slot.name: self._slot(slot) for slot in condition.slots}
        try:
            return self._javascript(condition.source, slots, lenient=True)
        except ExpressionError as error:
            self.report(Code.JS_EVAL_ERROR, f"{shortened(text)}: {error}")
            return ""

    def _slot(self, slot: Slot) -> Any:
        value = self.lookup(slot.path)
        if slot.quoted:
            return text_of(value)
        return UNDEFINED if value is MISSING else literal(value)

    def _has_members(self, path: Path) -> bool:
        """Whether JavaScript knows more about `path` than data says: `name.length`."""
        return len(path) > 1 and isinstance(self.lookup(path[:-1]), str | list)

    def _javascript(self, source: str, slots: Mapping[str, Any], *, lenient: bool) -> Any:
        if len(source) > MAX_EXPRESSION:
            raise ExpressionError(f"shorten it to {MAX_EXPRESSION} characters")
        if self._evaluate is None:
            raise ExpressionError("there is no JavaScript engine here")
        self._check_room(source)
        return self._evaluate(source, self._bindings(source, slots, lenient=lenient))

    def _check_room(self, source: str) -> None:
        """Handing variables to JavaScript takes time that belongs to other calls as well."""
        names = names_in(source)
        used = set(names.bare)
        for scope, members in names.members:
            if scope == "vars":
                used.update(self.vars if members is None else members)
        size = sum(self._sizes.get(name, 0) for name in used)
        self.work += size
        if size > self._limits.expression_size:
            raise ExpressionError("the variables it uses are too large")

    def _bindings(
        self, source: str, slots: Mapping[str, Any], *, lenient: bool
    ) -> Mapping[str, Any]:
        names = names_in(source)
        bound: dict[str, Any] = {}
        for name in names.bare:
            value = slots[name] if name in slots else self.lookup((name,))
            if value is not MISSING:
                bound[name] = value
            elif lenient:
                bound[name] = UNDEFINED
        for name, members in names.members:
            scope = self._scope(name) or {}
            bound[name] = (
                scope
                if members is None
                else {member: scope[member] for member in members if member in scope}
            )
        return bound


class _TooLargeError(Exception):
    """An expansion that went beyond `Limits.value_size`."""


def _ignore(_code: Code, _message: str) -> None:
    """Nobody wants to hear of it yet."""


def parameters_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The params of an execute or transfer: they arrive as text."""
    return {name: text_of(value) for name, value in values.items()}
