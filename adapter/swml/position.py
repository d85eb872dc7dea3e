"""Where a script stands, as plain data: which sections are being run and the next step of each.

A Frame is one run of a section (or of a whole document's `main`); the last frame is the running
one. Its cursors are the blocks inside each other, the innermost last. Frames turn into JSON and
back with nothing but paths, indexes and the documents' content hashes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.swml.document import Document
from adapter.swml.program import Block, Step


@dataclass(slots=True)
class Cursor:
    """The next step to run in a block."""

    block: Block
    index: int = 0


@dataclass(slots=True)
class Frame:
    """One run of a section. `jumps` counts each goto's jumps by its path.

    `after` are blocks to run in the frame below when this one is back (`on_return`, `result`),
    the last one first.
    """

    document: Document
    params: Mapping[str, Any]
    cursors: list[Cursor]
    after: tuple[str, ...] = ()
    jumps: dict[str, int] = field(default_factory=dict)

    def next_step(self) -> Step | None:
        """The step to run now, moving on; None at the end of the section."""
        cursors = self.cursors
        while cursors:
            cursor = cursors[-1]
            steps = cursor.block.steps
            if cursor.index < len(steps):
                cursor.index += 1
                return steps[cursor.index - 1]
            cursors.pop()
        return None

    def enter(self, path: str) -> None:
        """Goes into a block; the step after the current one follows when it is done."""
        self.cursors.append(Cursor(self.document.block(path)))

    def jump(self, label: str) -> bool:
        """Goes to a label of this block or of one around it; False when there is none."""
        for depth in range(len(self.cursors) - 1, -1, -1):
            cursor = self.cursors[depth]
            index = cursor.block.labels.get(label)
            if index is not None:
                del self.cursors[depth + 1 :]
                cursor.index = index
                return True
        return False

    def to_json(self) -> dict[str, Any]:
        """This frame as JSON-able data."""
        return {
            "document": self.document.content_hash,
            "params": dict(self.params),
            "cursors": [[cursor.block.path, cursor.index] for cursor in self.cursors],
            "after": list(self.after),
            "jumps": dict(self.jumps),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], documents: Callable[[str], Document]) -> "Frame":
        """The frame that `to_json` described."""
        document = documents(data["document"])
        cursors = [Cursor(document.block(path), index) for path, index in data["cursors"]]
        return cls(document, data["params"], cursors, tuple(data["after"]), dict(data["jumps"]))
