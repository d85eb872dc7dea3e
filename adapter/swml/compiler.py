"""Turns a document's values into a Program and finds everything that is wrong with them.

Every lenient form becomes the one long form here, so nothing that runs or checks a step knows of
another. A fault is noted and the next thing looked at: an author sees all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapter.swml import hints, program
from adapter.swml.catalog import Catalog, MethodSpec
from adapter.swml.checking import check_parameters
from adapter.swml.destinations import is_document, is_url
from adapter.swml.document import Document
from adapter.swml.errors import Code, DocumentError, Fault, Severity
from adapter.swml.parameters import field_names
from adapter.swml.program import Block, Operation, Program, Step
from adapter.swml.templates import has_placeholder
from adapter.swml.values import shortened

VERSIONS: Final = ("1.0.0",)
EDITOR_MARK: Final = ":"
"""First character of keys that an editor leaves in a step (`:l` is a line number)."""

_HELPED: Final = 50
"""Faults for which it is looked what the author meant."""
_SHOWN: Final = 60
"""Characters of a wrong value in a message."""

Params = dict[str, Any]
CompileMethod = Callable[["Compiler", MethodSpec, Params, str, str], Operation]
"""Makes the operation of a step from its parameters, its path and that of its block."""

LoadInline = Callable[[Any, str], Document]


class Compiler:
    """Compiles one document. When `compile` is done, `faults` holds what is wrong with it."""

    def __init__(
        self,
        catalog: Catalog,
        load_inline: LoadInline,
        *,
        control: Mapping[str, CompileMethod],
        others: CompileMethod,
    ) -> None:
        """`control` compiles the control methods, each by its name, `others` those that act."""
        self.catalog = catalog
        self._control = control
        self._others = others
        self.faults: list[Fault] = []
        self.blocks: dict[str, Block] = {}
        self._load_inline = load_inline
        self._sections: tuple[str, ...] = ()
        self._gotos: list[tuple[str, str, str]] = []
        self._dests: list[tuple[str, str]] = []

    def compile(self, value: Any) -> Program:
        """Compiles a whole document."""
        if isinstance(value, Mapping):
            self._check_top(value)
            self._compile_sections(value.get("sections"))
        else:
            message = "a document is an object with `sections`" + hints.not_a_document(value)
            self.fault(Code.ELEMENT_WRONG_TYPE, message, "")
        self._check_gotos()
        self._check_dests()
        return Program(self.blocks, self._sections)

    def fault(self, code: Code, message: str, path: str) -> None:
        """Notes something that forbids the document to run."""
        self.faults.append(Fault(code, message, path))

    def warn(self, code: Code, message: str, path: str) -> None:
        """Notes something that is ignored."""
        self.faults.append(Fault(code, message, path, severity=Severity.WARNING))

    def check(self, spec: MethodSpec, params: Mapping[str, Any], path: str) -> None:
        """Notes what is wrong with the parameters of a step."""
        self.faults.extend(check_parameters(spec, params, path, hint=self._is_helpful))

    @property
    def _is_helpful(self) -> bool:
        """Whether to look for what was meant: a text full of faults would take seconds."""
        return len(self.faults) < _HELPED

    def block(self, value: Any, path: str, parent: str | None) -> str:
        """Compiles steps (a list, one step, or nothing) and returns the block's path."""
        if isinstance(value, list):
            places = ((item, f"{path}[{index}]") for index, item in enumerate(value))
        else:
            places = ((item, path) for item in ([] if value is None else [value]))
        steps = [step for item, place in places for step in self._steps(item, place, path)]
        self.blocks[path] = Block(path, tuple(steps), self._labels(steps), parent)
        return path

    def step(self, name: str, value: Any, path: str, block: str) -> Step | None:
        """Compiles one method; None, with a fault, when there is no such method."""
        spec = self.catalog.get(name)
        if spec is None:
            hint = hints.method(name, self.catalog.names()) if self._is_helpful else ""
            self.fault(Code.METHOD_UNDEFINED, f"there is no method {name}{hint}", path)
            return None
        params = spec.shorthand.expand(value)
        if params is None:
            self.fault(Code.ELEMENT_WRONG_TYPE, f"{name} takes an object of parameters", path)
            return None
        compile_method = self._control.get(spec.name, self._others)
        return Step(path, spec.name, compile_method(self, spec, params, path, block))

    def goto(self, label: str, path: str, block: str) -> None:
        """Notes a jump, to be checked when all labels are known."""
        self._gotos.append((label, path, block))

    def destination(self, dest: Any, path: str) -> Any:
        """Where an execute or transfer goes; a document inside this one is loaded now."""
        if is_document(dest):
            return self._inline(dest, path)
        if isinstance(dest, str) and not has_placeholder(dest):
            self._dests.append((dest, path))
        return dest

    def _inline(self, dest: Any, path: str) -> Document | None:
        try:
            return self._load_inline(dest, path)
        except DocumentError as error:
            for fault in error.faults:
                self.fault(fault.code, f"in the document inside: {fault}", path)
            return None

    def _check_top(self, value: Mapping[str, Any]) -> None:
        for key in value:
            if key not in ("version", "sections"):
                self.warn(Code.ELEMENT_UNDEFINED, f"{key} has no meaning; it is ignored", key)
        if "version" in value and value["version"] not in VERSIONS:
            given = shortened(str(value["version"]), _SHOWN)
            self.fault(Code.VERSION_INVALID, f"write `version: 1.0.0`, not {given}", "version")
        if "sections" not in value:
            self.fault(Code.SECTIONS_MISSING, "add `sections` with a section `main`", "")
        elif not isinstance(value["sections"], Mapping):
            self.fault(Code.ELEMENT_WRONG_TYPE, "sections must be an object", "sections")

    def _compile_sections(self, sections: Any) -> None:
        if not isinstance(sections, Mapping):
            return
        if "main" not in sections:
            self.fault(Code.MAIN_SECTION_MISSING, "add a section `main`", "sections")
        self._sections = tuple(sections)
        for name, steps in sections.items():
            if steps in (None, []):
                self.warn(Code.SECTION_CODE_MISSING, f"the section {name} has no steps", name)
            self.block(steps, name, None)

    def _steps(self, value: Any, path: str, block: str) -> list[Step]:
        """One entry of a block: nearly always one step, but several methods run in key order."""
        if isinstance(value, str):
            value = {value: None}
        if not isinstance(value, Mapping) or not value:
            self.fault(Code.METHOD_MISSING_NAME, "a step is a method: `- play: …`", path)
            return []
        methods = [name for name in value if not name.startswith(EDITOR_MARK)]
        if methods and self._is_outdented(methods, value):
            message = (
                f"{', '.join(methods[1:])}: indent this further than {methods[0]},"
                " of which it is a parameter"
            )
            self.fault(Code.METHOD_MISSING_NAME, message, f"{path}.{methods[1]}")
            return []
        steps = (self.step(name, value[name], f"{path}.{name}", block) for name in methods)
        return [step for step in steps if step is not None]

    def _is_outdented(self, names: list[str], value: Mapping[str, Any]) -> bool:
        """Whether all that follows a method is its parameters, which stand beside it."""
        spec, others = self.catalog.get(names[0]), names[1:]
        if spec is None or value[names[0]] is not None or not others:
            return False
        known = field_names(spec.parameters)
        methods = [name for name in others if self.catalog.get(name) is not None]
        return len(methods) < len(others) and all(name in known for name in others)

    def _labels(self, steps: list[Step]) -> dict[str, int]:
        labels: dict[str, int] = {}
        for index, step in enumerate(steps):
            if isinstance(step.operation, program.Label):
                if step.operation.name in labels:
                    message = f"the label {step.operation.name} is there twice; the first is used"
                    self.warn(Code.ELEMENT_DUPLICATED, message, step.path)
                labels.setdefault(step.operation.name, index)
        return labels

    def _check_gotos(self) -> None:
        for label, path, block in self._gotos:
            at: str | None = block
            while at is not None and label not in self.blocks[at].labels:
                at = self.blocks[at].parent
            if at is None:
                message = f"there is no label {label} in this section"
                self.fault(Code.PARAMETER_INVALID, message, f"{path}.label")

    def _check_dests(self) -> None:
        for dest, path in self._dests:
            if dest in self._sections or is_url(dest):
                continue
            if dest.lower().startswith("relay:"):
                self.warn(Code.EXECUTE_FAILED, "relay destinations do not exist here", path)
            else:
                self.fault(Code.SECTION_UNDEFINED, f"there is no section {dest}", path)
