"""What goes out of the interpreter and in: it says an Effect, the call's runner answers a Result.

Two effects are not SWML methods:

    fetch   {url, params, kind: "execute" | "transfer"}: get that document, then answer
            Result(document=…)
    yield   {}: the script has run many steps without waiting for anything; let other calls run,
            then answer Result()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.swml.document import Document
    from adapter.swml.errors import ScriptError

FETCH = "fetch"
YIELD = "yield"

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to be done to the call.

    `params` are expanded and in their long form but not validated: `MethodSpec.parse` does that.
    `path` names the step (`main[2].play`).
    """

    method: str
    params: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    path: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an effect.

    `variables` are merged into `vars`. `document` answers a fetch. With `transfer` the script goes
    on in that document, and does not come back. `error` becomes `script_error`,
    a warning and, unless `variables` says otherwise, `<method>_result: failed`. `ends_script`:
    there is no call any more, so no further step runs.
    """

    variables: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    document: Document | None = None
    transfer: Document | None = None
    error: ScriptError | None = None
    ends_script: bool = False
