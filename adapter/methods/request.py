"""`request`: an HTTP request whose answer becomes variables (SWML reference, request)."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

import requests
import structlog
from pydantic import Field

from adapter.methods.context import Context
from adapter.outgoing import AddressRefused, proxies_for
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters, folded

log = structlog.get_logger()

ALLOWED_HEADER = re.compile(r"accept|authorization|content-type|range|x-[a-z0-9-]+", re.I)
MAX_BODY = 64 * 1024
"""Characters of the answer that become a variable (SWML reference, request)."""
MAX_HEADERS = 64
LONGEST = 120.0
"""Seconds that "no limit" means: a server that never answers must not hold a call for ever."""


class Request(Parameters):
    """Ask a web server."""

    url: str = Field(description="where to; user and password may stand in it")
    method: Annotated[Literal["GET", "POST", "PUT", "DELETE"], folded(str.upper)] = Field(
        description="HTTP method"
    )
    headers: dict[str, Any] | None = Field(
        None, description="Accept, Authorization, Content-Type, Range and X-*"
    )
    body: Any = Field(None, description="text, or a value that is sent as JSON")
    timeout: float = Field(0, ge=0, description="seconds for the answer; 0 is two minutes")
    connect_timeout: float = Field(0, ge=0, description="seconds to connect; 0 is two minutes")
    save_variables: bool = Field(
        False, description="a JSON answer becomes the variables request_response.*"
    )


SPEC = MethodSpec("request", Request)

ONCE = True
"""Its outcome is stored before the next step: it is not sent again if we die."""


def perform(context: Context, params: Request) -> Result:
    """Send it and wait. Any answer is a success; `request_response_code` says which."""
    try:
        with context.web.request(
            params.method,
            params.url,
            headers=_headers(params),
            data=_body(params.body),
            timeout=(params.connect_timeout or LONGEST, params.timeout or LONGEST),
            proxies=proxies_for(params.url),
            stream=True,
        ) as answer:
            body = answer.raw.read(MAX_BODY, decode_content=True).decode("utf-8", "replace")
            return Result(_variables(params, answer, body))
    except (requests.RequestException, AddressRefused, OSError, ValueError) as error:
        failed = {"request_url": params.url, "request_result": "failed", "return_value": "failed"}
        return Result(failed, error=ScriptError(Code.EXECUTE_FAILED, f"request: {error}"))


def _headers(params: Request) -> dict[str, str]:
    given = {name: str(value) for name, value in (params.headers or {}).items()}
    headers = {name: value for name, value in given.items() if ALLOWED_HEADER.fullmatch(name)}
    if left_out := given.keys() - headers.keys():
        log.warning("request headers left out", names=sorted(left_out))
    if params.body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = _content_type(_body(params.body) or b"")
    return headers


def _body(body: Any) -> bytes | None:
    if body is None:
        return None
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _content_type(body: bytes) -> str:
    """By the first character that is no blank, as the reference says."""
    match body.lstrip()[:1]:
        case b"{" | b"[":
            return "application/json"
        case b"<":
            return "application/xml"
    return "application/x-www-form-urlencoded" if b"=" in body else "text/plain"


def _variables(params: Request, answer: requests.Response, body: str) -> dict[str, Any]:
    headers = list(answer.headers.items())[:MAX_HEADERS]
    variables: dict[str, Any] = {
        "request_url": params.url,
        "request_result": "success",
        "return_value": "success",
        "request_response_code": answer.status_code,
        "request_response_headers": {name.lower(): value for name, value in headers},
        "request_response_body": body,
    }
    if params.save_variables:
        try:
            variables["request_response"] = json.loads(body)
        except ValueError:
            log.info("the answer of a request is no JSON", status=answer.status_code)
    return variables
