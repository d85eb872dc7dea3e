"""Where a script goes when a bridge is over: `transfer_after_bridge`."""

from __future__ import annotations

import json
from typing import Any

from adapter.documents.errors import FetchError
from adapter.documents.sources import NoSourceError
from adapter.methods.context import Context
from adapter.swml.destinations import is_document, is_url
from adapter.swml.effects import Result
from adapter.swml.errors import Code, DocumentError, ScriptError


def go_on(
    context: Context, method: str, wanted: str | dict[str, Any] | None, variables: dict[str, Any]
) -> Result:
    """With a document or its URL; without one (shipped examples write "false"), the next step."""
    if wanted in (None, "", "false"):
        return Result(variables)
    try:
        if is_document(wanted):
            text = wanted if isinstance(wanted, str) else json.dumps(wanted)
            return Result(variables, transfer=context.documents.read(text))
        if is_url(wanted):
            return Result(variables, transfer=context.documents.fetch(str(wanted)))
    except DocumentError as error:
        return Result(variables, error=ScriptError(error.code, str(error)))
    except (FetchError, NoSourceError) as error:
        return Result(variables, error=ScriptError(Code.EXECUTE_FAILED, str(error)))
    message = f"{method}.transfer_after_bridge is neither a URL nor a document"
    return Result(variables, error=ScriptError(Code.PARAMETER_INVALID, message))
