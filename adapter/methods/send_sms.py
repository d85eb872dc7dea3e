"""`send_sms`: send a text or picture message (SWML reference, send_sms).

FreeSWITCH sends no messages to telephone numbers: the settings name a web server that does. It
gets the message as JSON, and any 2xx answer means that it has taken it.
"""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import requests
from pydantic import Field

from adapter.methods.context import Context
from adapter.outgoing import AddressRefused, cause, proxies_for
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters

REMARK = "through the web server that the setting `sms.url` names; fails without one"

LIMITS = {
    "region": "passed on to the gateway",
    "status_callback": "partial: told once (sent or failed), and passed on to the gateway",
}

TIMEOUTS = (3.0, 10.0)
"""Seconds to connect, and for the gateway's answer: the caller waits."""

SINGLE, PART = 160, 153
"""Characters of a message that is one, and of each part of a longer one (GSM 03.38)."""


class SendSms(Parameters):
    """Send a message."""

    any_of = ("body", "media")
    to_number: str = Field(description="number to send to, as +15551234567")
    from_number: str = Field(description="number to send from")
    body: str | None = Field(None, description="text")
    media: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="URLs of pictures")
    region: str | None = Field(None, description="where to send it from")
    tags: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="labels for search")
    status_callback: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("send_sms", SendSms)

ONCE = True
"""A message that was sent is not sent again if we die."""


def perform(context: Context, params: SendSms) -> Result:
    """Hand it to the gateway; the script goes on once that has taken it."""
    message_id = str(uuid.uuid4())
    code, problem = _send(context, params, message_id)
    _tell(context, params, message_id, problem)
    variables: dict[str, Any] = {"send_sms_result": "failed" if problem else "success"}
    if code:
        variables["send_sms_response_code"] = code
    error = ScriptError(Code.EXECUTE_FAILED, f"send_sms: {problem}") if problem else None
    return Result(variables, error=error)


def _send(context: Context, params: SendSms, message_id: str) -> tuple[int, str]:
    """The gateway's answer, and what is wrong."""
    gateway = context.shared.media.settings.sms
    if gateway.url is None:
        return 0, "no gateway sends messages here: set sms.url"
    token = gateway.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    message = {"id": message_id, **params.model_dump(exclude_none=True)}
    try:
        with context.shared.web.post(
            gateway.url,
            json=message,
            headers=headers,
            timeout=TIMEOUTS,
            proxies=proxies_for(gateway.url),
            allow_redirects=False,
            stream=True,
        ) as answer:
            code = answer.status_code
    except (requests.RequestException, AddressRefused, OSError) as error:
        return 0, f"the gateway cannot be reached: {cause(error)}"
    return code, "" if 200 <= code < 300 else f"the gateway answered {code}"


def _tell(context: Context, params: SendSms, message_id: str, problem: str) -> None:
    """The documented payload of messages is flat, and no event of a call."""
    if params.status_callback is None:
        return
    length = len(params.body or "")
    payload = {
        "id": message_id,
        "project_id": context.identity.project_id,
        "status": "failed" if problem else "sent",
        "to": params.to_number,
        "from": params.from_number,
        "body": params.body or "",
        "number_of_segments": 1 if length <= SINGLE else math.ceil(length / PART),
        "timestamp": datetime.fromtimestamp(context.now(), UTC).isoformat(),
        "error_code": "gateway" if problem else None,
        "error_message": problem or None,
    }
    context.send(params.status_callback, payload)
