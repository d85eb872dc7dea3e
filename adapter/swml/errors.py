"""What can be wrong with a script: the `relay_script_*` codes and the errors that carry them.

    ScriptError        one thing wrong with one step while a call runs (also kept as a warning)
    DocumentError      a document that may not run; carries every Fault found in it
    ExpressionError    JavaScript that failed; raised by an Evaluator, never seen by a call

Codes are those of the SWML error page for calling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_SAID_FAULTS = 5
_SAID_OF_A_FAULT = 300
"""How much of its faults the text of a DocumentError tells."""


class Code(StrEnum):
    """`script_error` codes of calling documents."""

    PARSE_ERROR = "relay_script_parse_error"
    PARSE_INTERNAL_ERROR = "relay_script_parse_internal_error"
    VERSION_INVALID = "relay_script_version_invalid"
    SECTIONS_MISSING = "relay_script_sections_missing"
    MAIN_SECTION_MISSING = "relay_script_main_section_missing"
    SECTION_CODE_MISSING = "relay_script_section_code_missing"
    SECTION_UNDEFINED = "relay_script_section_parameter_undefined"
    ELEMENT_UNDEFINED = "relay_script_element_undefined"
    ELEMENT_WRONG_TYPE = "relay_script_element_wrong_type"
    ELEMENT_INVALID_VALUE = "relay_script_element_invalid_value"
    ELEMENT_DUPLICATED = "relay_script_element_duplicated"
    METHOD_MISSING_NAME = "relay_script_method_missing_name"
    METHOD_UNDEFINED = "relay_script_method_undefined"
    PARAMETER_MISSING = "relay_script_method_parameter_missing"
    PARAMETER_INVALID = "relay_script_method_parameter_invalid_value"
    PARAMETER_UNDEFINED = "relay_script_method_parameter_undefined"
    PARAMETER_CONFLICT = "relay_script_method_parameter_conflict"
    NO_MATCHING_CONDITION = "relay_script_method_no_matching_condition"
    EXECUTE_FAILED = "relay_script_method_execute_failed"
    JS_EVAL_ERROR = "relay_script_js_eval_error"
    NESTED_TOO_DEEP = "relay_script_nested_too_deep"
    TOO_MANY_TRANSFERS = "relay_script_too_many_transfers"
    INTERNAL_ERROR = "relay_script_internal_error"


class Severity(StrEnum):
    """Whether a document may run in spite of a fault."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document, at `path` (`main[2].play.volume`); lines count from 1."""

    code: Code
    message: str
    path: str = ""
    line: int | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = ", ".join(
            part for part in (self.path, f"line {self.line}" if self.line else "") if part
        )
        return (
            f"{where}: {self.message} ({self.code})" if where else f"{self.message} ({self.code})"
        )


class DocumentError(Exception):
    """A document that may not run. `faults` holds all of its faults, in document order."""

    def __init__(self, faults: Sequence[Fault], name: str = "<document>") -> None:
        self.faults = list(faults)
        self.name = name
        said = [str(fault)[:_SAID_OF_A_FAULT] for fault in self.faults[:_SAID_FAULTS]]
        if len(self.faults) > _SAID_FAULTS:
            said.append(f"and {len(self.faults) - _SAID_FAULTS} more")
        super().__init__(f"{name}: " + "; ".join(said))

    @property
    def code(self) -> Code:
        """The code of the first fault that keeps the document from running."""
        serious = (fault.code for fault in self.faults if fault.severity is Severity.ERROR)
        return next(serious, Code.PARSE_ERROR)


class ScriptError(Exception):
    """What went wrong in a step of a running script.

    A method raises it or hands it back in a `Result`; the interpreter puts `code` into the
    variable `script_error`, keeps it as a warning, and goes on with the next step.
    """

    def __init__(self, code: Code, message: str, path: str = "") -> None:
        self.code = code
        self.message = message
        self.path = path
        super().__init__(f"{path}: {message} ({code})" if path else f"{message} ({code})")


class ExpressionError(Exception):
    """JavaScript that could not be evaluated: syntax, a thrown error, too long, out of memory."""
