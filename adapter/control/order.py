"""What it takes to make a call, whoever wants it made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from adapter.control.states import Watch
from adapter.freeswitch.leg_options import LegOptions
from adapter.store.rows import CallLog

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.freeswitch.call import Call
    from adapter.swml.document import Document

PROJECT_VARIABLE = "swml_project"
"""Channel variable of a call that we made: its project's id, percent-encoded."""

POSITION = "dialled"
"""Where such a call stands in the store before its script has begun: what it is to begin with."""

Hearing = Callable[[str, CallLog], None]
"""Hears of each state until the answer, or the end before it; must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call to make.

    `begins` is JSON: what the call's session begins with after the answer (`Opening.begin_dialled`
    knows `url`, `fallback_url`, `document`, `envs` and `send_digits`). `document` is kept for it.
    """

    project: Project
    to: str
    from_: str
    leg: LegOptions
    timeout: int
    begins: Mapping[str, Any]
    document: Document | None = None
    watch: Watch | None = None
    heard: Hearing = lambda _state, _row: None
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def project_variable(project_id: str) -> dict[str, str]:
    """What is set on a call that we make."""
    return {PROJECT_VARIABLE: quote(project_id, safe="")}


def dialled_by(call: Call) -> str:
    """The id of the project for which we made this call; empty: it came to us."""
    return unquote(call.variable(PROJECT_VARIABLE))
