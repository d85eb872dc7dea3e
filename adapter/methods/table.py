"""The table of docs/methods.md: every method and parameter, and how far it is supported.

python -m adapter.methods.table > docs/methods.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType

from adapter import methods
from adapter.swml.catalog import MethodSpec
from adapter.swml.control import CONTROL

HEAD = """# Methods and parameters

Made from the code by `python -m adapter.methods.table`; a test compares the two.

**supported**: as the reference says. **partial**, **ignored**: see the remark. **failed**: the step
fails with a clear result and the script goes on; a package may bring the method
([extending.md](extending.md)).
"""

FAILED, SUPPORTED, PARTIAL, IGNORED = "failed", "supported", "partial", "ignored"


RESULT = "a switch, or conditions, when it is over"
"""Of the parameter `result`, which belongs to the language and to no model."""

OF_CONTROL = {"meta": "for those who read the document; SWML itself makes nothing of it"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One method, as the page has it."""

    spec: MethodSpec
    state: str = SUPPORTED
    remark: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, module: ModuleType) -> Entry:
        """A calling method's."""
        limits = getattr(module, "LIMITS", {})
        if methods.can_perform(name):
            return cls(module.SPEC, SUPPORTED, getattr(module, "REMARK", ""), limits)
        return cls(module.SPEC, FAILED, getattr(module, "MISSING", "not made yet"), limits)

    def text(self) -> str:
        """Its section."""
        reason = f": {self.remark}" if self.remark else ""
        head = f"\n## `{self.spec.name}`\n\n{self.state}{reason}\n"
        rows = "".join(f"| `{one}` | {how} | {why} |\n" for one, how, why in self.rows())
        return head + (f"\n| parameter | | remark |\n|---|---|---|\n{rows}" if rows else "")

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Its parameters: name, how far, and why."""
        for name in self._names():
            remark = self.limits.get(name, "")
            how, colon, why = remark.partition(": ")
            if self.state == SUPPORTED and colon and how in (PARTIAL, IGNORED):
                yield name, how, why
            else:
                yield name, self.state, remark
        if self.spec.branch:
            yield "result", self.state, RESULT

    def _names(self) -> Iterator[str]:
        whole = self.spec.shorthand.anything
        for name, info in self.spec.parameters.model_fields.items():
            if name != whole:
                alias = info.alias or info.validation_alias
                yield alias if isinstance(alias, str) else name


def entries() -> Iterator[Entry]:
    """Every method that a document may use, in the order of their names."""
    control = [Entry(spec, limits=OF_CONTROL) for spec in CONTROL]
    calling = [Entry.of(name, module) for name, module in methods.modules().items()]
    yield from sorted(control + calling, key=lambda entry: entry.spec.name)


def markdown() -> str:
    """The whole page."""
    return HEAD + "".join(entry.text() for entry in entries())


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201
