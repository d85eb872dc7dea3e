"""The outbox: a callback is stored with the change it tells of, before any network.

The body is made here, once. What is stored is what every attempt sends, byte for byte, under the
same Idempotency-Key.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic_core import to_json

from adapter.callbacks import forms
from adapter.callbacks.address import AddressError, Method, origin_of
from adapter.identity import new_id
from adapter.store.rows import Callback, CallbackState
from adapter.store.writes import PutCallback

MAX_BODY_BYTES = 1_048_576
"""Far above any documented payload; a body of this size is a mistake in the document."""


class CallbackTooLargeError(ValueError):
    """The payload is larger than a callback may be; nothing was stored."""


class Outbox:
    """Makes the write that stores a callback; the caller commits it with its own writes.

    `clock` gives Unix seconds. The sender hears of the callback from the store once the commit is
    done, so nothing else has to be called.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def put(
        self,
        stream: str,
        url: str,
        payload: Mapping[str, Any],
        project_id: str,
        *,
        key: str | None = None,
        method: Method = "POST",
    ) -> PutCallback:
        """A callback of `stream` (a recording's or a call's id), to be committed, as JSON.

        With GET there is no body: the event's fields and its `params` are fields of the URL.

        `key` is its id where several may tell the same: the one that is stored first counts.

        An address nothing can be sent to is stored as failed, with the reason, so that it shows
        up where undelivered callbacks are listed. Raises CallbackTooLargeError.
        """
        if method == "GET":
            return self.put_form(
                stream, url, as_fields(payload), project_id, key=key, method=method
            )
        return self._put(stream, url, encode(payload), "application/json", project_id, key)

    def put_form(
        self,
        stream: str,
        url: str,
        fields: Mapping[str, str],
        project_id: str,
        *,
        key: str | None = None,
        method: Method = "POST",
    ) -> PutCallback:
        """The same as a form; with GET its fields follow those that the URL has."""
        form = urlencode(fields, errors="replace")
        if method == "GET":
            return self._put(stream, _with_query(url, form), b"", "", project_id, key)
        return self._put(stream, url, form.encode(), forms.CONTENT_TYPE, project_id, key)

    def _put(
        self,
        stream: str,
        url: str,
        body: bytes,
        content_type: str,
        project_id: str,
        key: str | None,
    ) -> PutCallback:
        now = self._clock()
        origin, fault = _receiver(url)
        return PutCallback(
            Callback(
                id=key or new_id(),
                stream=stream,
                project_id=project_id,
                url=url,
                origin=origin,
                body=body,
                content_type=content_type,
                created_at=now,
                next_attempt_at=now,
                state=CallbackState.FAILED if fault else CallbackState.PENDING,
                last_error=fault,
                finished_at=now if fault else None,
            )
        )


def encode(payload: Any) -> bytes:
    """The body's bytes: compact JSON in UTF-8. Raises CallbackTooLargeError."""
    try:
        body = to_json(payload, inf_nan_mode="null")
    except ValueError:
        # Bytes of the wire that are not UTF-8 arrive as lone surrogates; no receiver accepts those.
        text = json.dumps(_finite(payload), separators=(",", ":"), ensure_ascii=False)
        body = text.encode("utf-8", errors="replace")
    if len(body) > MAX_BODY_BYTES:
        raise CallbackTooLargeError(
            f"a callback of {len(body)} bytes is larger than {MAX_BODY_BYTES}: send less"
        )
    return body


def as_fields(payload: Mapping[str, Any]) -> dict[str, str]:
    """An event as fields of a query: those of `params` beside its own, what is no text as JSON.

    No page says how a callback by GET looks; this is how the forms of the same platform do.
    """
    every = {**payload, **payload.get("params", {})}
    every.pop("params", None)
    return {
        name: value if isinstance(value, str) else encode(value).decode()
        for name, value in every.items()
        if value is not None
    }


def _with_query(url: str, more: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&{more}" if parts.query else more
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _receiver(url: str) -> tuple[str, str | None]:
    try:
        return origin_of(url), None
    except AddressError as error:
        return "", str(error)


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {name: _finite(item) for name, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value
