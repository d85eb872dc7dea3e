"""`request`: an HTTP request whose answer becomes variables (SWML reference, request).

It has an end in every way: the connection, the whole of it with its redirects, 64 KB, 64 headers.
Addresses in `deny_to` are refused on each hop, after DNS (`adapter.outgoing`). A document's
Authorization header goes with a redirect only where credentials in the URL would.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

import requests
import structlog
from pydantic import Field
from urllib3.exceptions import HTTPError

from adapter.deadline import Clock, Overdue, within
from adapter.documents.redirects import REDIRECTS, Hop
from adapter.methods.context import Context
from adapter.outgoing import AddressRefused, proxies_for, send
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters, folded

log = structlog.get_logger()

ALLOWED_HEADER = re.compile(r"accept|authorization|content-type|range|x-[a-z0-9-]+", re.I)
OWN_HEADERS = {"User-Agent": "swml-freeswitch", "Accept-Encoding": "identity"}
"""A compressed answer could grow beyond any limit."""
MAX_BODY = 64 * 1024
"""Bytes of the answer that become a variable (SWML reference, request)."""
MAX_HEADERS = 64
MAX_REDIRECTS = 5
LONGEST = 120.0
"""Seconds that "no limit" means: a server that never answers must not hold a call for ever."""


LIMITS = {
    "headers": "Accept, Authorization, Content-Type, Range and X-…; others are left out",
    "timeout": f"{LONGEST:.0f} seconds if it is 0",
    "connect_timeout": f"{LONGEST:.0f} seconds if it is 0",
    "save_variables": f"of {MAX_BODY // 1024} KB of body and {MAX_HEADERS} headers",
}


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
    timeout: float = Field(0, ge=0, description="seconds for the whole answer; 0 is two minutes")
    connect_timeout: float = Field(
        0, ge=0, description="seconds to connect, before those of timeout; 0 is among them"
    )
    save_variables: bool = Field(
        False, description="a JSON answer becomes the variables request_response.*"
    )


SPEC = MethodSpec("request", Request)

ONCE = True
"""Its outcome is stored before the next step: it is not sent again if we die."""


def perform(context: Context, params: Request) -> Result:
    """Send it and wait. Any answer is a success; `request_response_code` says which."""
    try:
        return Result(_answered(context.shared.web, params))
    except Overdue:
        why = f"it took longer than {_longest(params):g} s"
    except (requests.RequestException, HTTPError, AddressRefused, OSError, ValueError) as error:
        why = str(error)
    failed = {"request_url": params.url, "request_result": "failed", "return_value": "failed"}
    return Result(failed, error=ScriptError(Code.EXECUTE_FAILED, f"request: {why}"))


def _longest(params: Request) -> float:
    return params.connect_timeout + (params.timeout or LONGEST)


def _answered(web: requests.Session, params: Request) -> dict[str, Any]:
    hop = Hop.first(params.url, params.method)
    with within(_longest(params)) as clock:
        for _ in range(MAX_REDIRECTS + 1):
            with _sent(web, params, hop) as answer:
                location = answer.headers.get("Location")
                if answer.status_code not in REDIRECTS or not location:
                    return _variables(params, answer, _read(answer, clock))
                hop = hop.after(answer.status_code, location)
    raise ValueError(f"it was redirected more than {MAX_REDIRECTS} times")


def _sent(web: requests.Session, params: Request, hop: Hop) -> requests.Response:
    repeated = hop.method == params.method
    goes_along = {"authorization": hop.trusted, "content-type": repeated}
    headers = {
        name: value
        for name, value in _headers(params).items()
        if goes_along.get(name.lower(), True)
    }
    request = web.prepare_request(
        requests.Request(
            hop.method,
            hop.url,
            headers={**OWN_HEADERS, **headers},
            data=_body(params.body) if repeated else None,
            auth=hop.credentials,
        )
    )
    limits = (params.connect_timeout or _longest(params), params.timeout or LONGEST)
    return send(web, request, timeout=limits, proxies=proxies_for(request.url or ""))


def _read(answer: requests.Response, clock: Clock) -> str:
    """The answer's beginning. `read1` returns what is there; a full piece might never come."""
    content = bytearray()
    while len(content) < MAX_BODY and (
        piece := answer.raw.read1(MAX_BODY - len(content), decode_content=True)
    ):
        clock.check()
        content += piece
    return content[:MAX_BODY].decode("utf-8", "replace")


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
