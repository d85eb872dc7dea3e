"""A running script: where it stands, its variables, what it has used up, what went wrong.

Operations (adapter.swml.operations) move it; the Interpreter is what the rest of the adapter sees.
"""

from collections.abc import Mapping
from typing import Any
from weakref import ref

from adapter.swml.document import Document
from adapter.swml.effects import Effect
from adapter.swml.errors import Code, ScriptError
from adapter.swml.limits import Limits
from adapter.swml.position import Cursor, Frame
from adapter.swml.program import Step
from adapter.swml.variables import Report, Variables


class Script:
    """Everything that changes while a script runs.

    `branch` are blocks to run once the pending effect is done, the last one first;
    `result_variable` takes `failed` if it fails. `origin` is the document started or fetched last.
    """

    def __init__(self, origin: Document, variables: Variables, limits: Limits) -> None:
        self.origin = origin
        self.variables = variables
        self.limits = limits
        self.frames: list[Frame] = []
        self.steps = 0
        self.transfers = 0
        self.pending: Effect | None = None
        self.branch: tuple[str, ...] = ()
        self.result_variable = ""
        self.path = ""
        self.error: ScriptError | None = None
        self.warnings: list[ScriptError] = []
        self.warned = 0
        variables.report = _to(self)

    @property
    def frame(self) -> Frame:
        """The section that runs."""
        return self.frames[-1]

    def next_step(self) -> Step | None:
        """The step to run now, moving on; None when the script has ended."""
        while self.frames:
            step = self.frames[-1].next_step()
            if step is not None:
                return step
            self.leave()
        return None

    def push(
        self,
        document: Document,
        block: str,
        params: Mapping[str, Any],
        after: tuple[str, ...] = (),
    ) -> None:
        """Begins a section, to come back here and run `after`."""
        if not document.embedded:
            self.origin = document
        self.frames.append(Frame(document, params, [Cursor(document.block(block))], after))
        self.variables.params = params

    def replace(self, document: Document, block: str, params: Mapping[str, Any]) -> None:
        """Begins a section for good."""
        self.frames.clear()
        self.push(document, block, params)

    def leave(self, *, returning: bool = False) -> None:
        """Ends the running section and goes on in the one below it."""
        frame = self.frames.pop()
        if not returning:
            self.variables.drop("return_value")
        if not self.frames:
            self.end()
            return
        self.variables.params = self.frame.params
        self.enter(frame.after)

    def end(self) -> None:
        """Leaves no step to run."""
        self.frames.clear()
        self.variables.params = {}

    def enter(self, blocks: tuple[str, ...]) -> None:
        """Goes into blocks of the running section, the last one first."""
        for path in blocks:
            self.frame.enter(path)

    def spend_step(self) -> bool:
        """Counts a step; False, and the script has ended, when there were too many.

        Handling long values counts as steps, too: it takes as much time.
        """
        if self.steps >= self.limits.steps:
            self.stop(Code.INTERNAL_ERROR, f"more than {self.limits.steps} steps in one call")
            return False
        self.steps += 1 + self.variables.work // self.limits.step_size
        self.variables.work = 0
        return True

    def spend_transfer(self) -> bool:
        """Counts a transfer; False, and the script has ended, when there were too many."""
        if self.transfers >= self.limits.transfers:
            message = f"more than {self.limits.transfers} transfers in one call"
            self.stop(Code.TOO_MANY_TRANSFERS, message)
            return False
        self.transfers += 1
        return True

    def warn(self, code: Code, message: str, path: str = "") -> None:
        """Notes what went wrong in the current step; the script goes on."""
        self.warned += 1
        if len(self.warnings) < self.limits.warnings:
            self.warnings.append(ScriptError(code, message, path or self.path))
        self.variables.keep("script_error", str(code), len(code))

    def stop(self, code: Code, message: str) -> None:
        """Ends the script because of a limit."""
        self.warn(code, message)
        self.error = ScriptError(code, message, self.path)
        self.end()


def _to(script: Script) -> Report:
    """Reports to a script without keeping it: its values are freed when its call is over."""
    known = ref(script)

    def report(code: Code, message: str) -> None:
        if (script := known()) is not None:
            script.warn(code, message)

    return report
