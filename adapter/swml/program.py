"""A checked document in the form that is run: blocks of steps, each with one operation.

Blocks are found by their path (`main`, `main[2].switch.case.1`), so that a position in a program is
a path and an index. Nothing here changes once a document is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """A calling method. `open` parameters are expanded; `branch` is run afterwards."""

    method: str
    fixed: Mapping[str, Any]
    open: Mapping[str, Any]
    branch: str | None
    result_variable: str


@dataclass(frozen=True, slots=True)
class Set:
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unset:
    names: Any


@dataclass(frozen=True, slots=True)
class Eval:
    sources: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    name: str


@dataclass(frozen=True, slots=True)
class Goto:
    label: Any
    when: Any
    max: Any


@dataclass(frozen=True, slots=True)
class Cond:
    """The block of the first entry whose condition holds, else `otherwise`."""

    entries: tuple[tuple[Any, str], ...]
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Switch:
    """The block whose key is the text of `variable`, else `default`."""

    variable: str
    cases: Mapping[str, str]
    default: str | None


@dataclass(frozen=True, slots=True)
class Execute:
    """A subroutine. `dest` is a Document when it is written inside this one.

    `after` are the blocks to run when it is back, the last one first.
    """

    dest: Any
    params: Any
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    dest: Any
    params: Any


@dataclass(frozen=True, slots=True)
class Return:
    value: Any


Operation = Act | Set | Unset | Eval | Label | Goto | Cond | Switch | Execute | Transfer | Return


@dataclass(frozen=True, slots=True)
class Step:
    """One method of one step; `path` names it: `main[2].play`."""

    path: str
    method: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Block:
    """Steps in order. `parent` is the block that holds the step this block belongs to."""

    path: str
    steps: tuple[Step, ...]
    labels: Mapping[str, int]
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """All blocks of a document by path."""

    blocks: Mapping[str, Block]
    sections: tuple[str, ...]
