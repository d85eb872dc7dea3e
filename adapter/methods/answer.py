"""`answer`: answer the call and limit its length (SWML reference, answer)."""

from __future__ import annotations

import re

from pydantic import Field

from adapter.freeswitch import commands
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

_CODECS = re.compile(r"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*")


class Answer(Parameters):
    """Answer an inbound call."""

    max_duration: int = Field(14400, ge=1, description="seconds after which the call is ended")
    codecs: str | None = Field(None, description="codecs to accept, separated by commas")
    username: str | None = Field(None, description="SIP user name (ignored: a profile's matter)")
    password: str | None = Field(None, description="SIP password (ignored: a profile's matter)")


LIMITS = {
    "max_duration": "kept by the switch in whole seconds, whether the adapter lives or not",
    "codecs": "before the answer and before early media only",
    "username": "ignored: whether callers must log in is the SIP profile's matter",
    "password": "ignored: whether callers must log in is the SIP profile's matter",
}

SPEC = MethodSpec("answer", Answer, Shorthand(scalar="max_duration"))

SILENT = True


def perform(context: Context, params: Answer) -> Result:
    """Choose codecs, answer, and let the switch itself end the call in time."""
    call = context.call
    if params.codecs and not call.answered:
        if not _CODECS.fullmatch(params.codecs):
            raise ScriptError(Code.PARAMETER_INVALID, "codecs: names separated by commas")
        codecs = re.sub(r"\s", "", params.codecs)
        call.set_variables({"absolute_codec_string": codecs})
    call.answer(commands.schedule_hangup(call.uuid, params.max_duration, "ALLOTTED_TIMEOUT"))
    return Result({"answer_result": "success"})
