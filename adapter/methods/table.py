"""The table of docs/methods.md: every method and parameter, and how far it is supported.

python -m adapter.methods.table > docs/methods.md
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from adapter import methods

HEAD = """# Methods and parameters

Made from the code by `python -m adapter.methods.table`; a test compares the two.

**supported**: as the reference says. **partial**, **ignored**: see the remark. **failed**: the step
fails with a clear result and the script goes on; a package may bring the method
([extending.md](extending.md)).
"""

FAILED, SUPPORTED, PARTIAL, IGNORED = "failed", "supported", "partial", "ignored"


def markdown() -> str:
    """The whole page."""
    sections = (_section(name, module) for name, module in sorted(methods.modules().items()))
    return HEAD + "".join(sections)


def _section(name: str, module: ModuleType) -> str:
    state = SUPPORTED if methods.can_perform(name) else FAILED
    said = "REMARK" if state == SUPPORTED else "MISSING"
    remark = getattr(module, said, "" if state == SUPPORTED else "not made yet")
    reason = f": {remark}" if remark else ""
    head = f"\n## `{name}`\n\n{state}{reason}\n"
    rows = "".join(f"| `{one}` | {how} | {why} |\n" for one, how, why in _rows(module, state))
    return head + (f"\n| parameter | | remark |\n|---|---|---|\n{rows}" if rows else "")


def _rows(module: ModuleType, state: str) -> Iterator[tuple[str, str, str]]:
    limits: dict[str, str] = getattr(module, "LIMITS", {})
    for field, info in module.SPEC.parameters.model_fields.items():
        name = info.alias or field
        remark = limits.get(name, "")
        how, colon, why = remark.partition(": ")
        if state == SUPPORTED and colon and how in (PARTIAL, IGNORED):
            yield name, how, why
        else:
            yield name, state, remark


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201
