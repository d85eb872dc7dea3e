"""What is wrong with a request: as it is read, or as a REST command.

Commands are refused in the bodies that their clients read. 422 has three shapes: `Invalid` of
`/api/calling`, `/api/voice` and `/api/fabric`, `Unprocessable` of `/api/relay/rest`, and
`LamlError`.
"""

from __future__ import annotations

from typing import Any

import falcon

DOCS = "https://developer.signalwire.com/rest/overview/error-codes"
LAML_DOCS = "https://developer.signalwire.com/compatibility-api/"


class BodyTooLarge(OSError):
    """More came than `http_body_bytes`; raised where the body is read."""


class BrokenBody(OSError):
    """The body ends too early, or its chunks are none; raised where the body is read."""


class ApiError(falcon.HTTPError):
    """An answer whose body the API prescribes."""

    def __init__(self, status: str, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.body = body


class Invalid(ApiError):
    """422: `attribute` (None: the request as a whole) is wrong for the reason `code`."""

    def __init__(self, code: str, message: str, attribute: str | None = None) -> None:
        error = {
            "type": "validation_error",
            "code": code,
            "message": message,
            "attribute": attribute,
            "url": f"{DOCS}#{code}",
        }
        super().__init__(falcon.HTTP_422, {"errors": [error]})


class Unprocessable(ApiError):
    """422 of `/api/relay/rest`."""

    def __init__(self, detail: str, *, title: str = "Unprocessable Entity") -> None:
        error = {"detail": detail, "status": "422", "title": title, "code": "422"}
        super().__init__(falcon.HTTP_422, {"errors": [error]})


class LamlError(ApiError):
    """An error of the LaML API; `code` is of those that its clients know, 20404 for one."""

    def __init__(self, status: int, code: int, message: str) -> None:
        body = {"code": code, "message": message, "more_info": LAML_DOCS, "status": status}
        super().__init__(falcon.code_to_http_status(status), body)


class LamlNotFound(LamlError):
    """404: there is no such thing in this account."""

    def __init__(self) -> None:
        super().__init__(404, 20404, "The requested resource was not found")


class LamlInvalid(LamlError):
    """400: a parameter is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(400, 20001, f"Parameter {name} {problem}")
