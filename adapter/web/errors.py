"""Errors of the REST commands, in the bodies that their clients read.

Three families answer 422 in three shapes: `/api/calling`, `/api/voice` and `/api/fabric` with
`Invalid`, the others with their own `ApiError`.
"""

from __future__ import annotations

from typing import Any

import falcon

DOCS = "https://developer.signalwire.com/rest/overview/error-codes"


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
