"""JSON-RPC 2.0 as RELAY clients speak it: text in, requests and replies out. Pure.

    client  → {"jsonrpc": "2.0", "id": …, "method": "signalwire.connect", "params": {…}}
            ← {"jsonrpc": "2.0", "id": …, "result": {…}}     or "error": {"code": …, "message": …}
            ← {"jsonrpc": "2.0", "id": …, "method": "signalwire.event", "params": {…}}
            → {"jsonrpc": "2.0", "id": …, "result": {}}      an event's acknowledgement

The outcome of a command is in its result: `code`, as text, of three digits as HTTP's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from adapter.callbacks.outbox import encode

LONGEST_ID = 128

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
AUTHENTICATION_FAILED = -32002
"""The one code that keeps clients from trying again (`JSONRPCErrorCode` of @signalwire/core)."""

Id = str | int | None


@dataclass(frozen=True, slots=True)
class Request:
    """Something that the client asks for; `id` is None where it wants no answer."""

    id: Id
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """The client's answer to something of ours; what it says is of no interest."""

    id: Id


class FrameError(ValueError):
    """What came is not JSON-RPC, or asks for nothing that there is."""

    def __init__(self, code: int, message: str, frame_id: Id = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = frame_id


def parse(text: str) -> Request | Reply:
    """One message; raises FrameError."""
    try:
        frame = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise FrameError(PARSE_ERROR, "This is not JSON.") from error
    if not isinstance(frame, dict):
        raise FrameError(INVALID_REQUEST, "This is not a JSON object.")
    frame_id = _id(frame.get("id"))
    if "method" not in frame:
        if "result" in frame or "error" in frame:
            return Reply(frame_id)
        raise FrameError(INVALID_REQUEST, "There is neither a method nor a result.", frame_id)
    method, params = frame["method"], frame.get("params")
    if not isinstance(method, str):
        raise FrameError(INVALID_REQUEST, "The method is not text.", frame_id)
    if not isinstance(params or {}, dict):
        raise FrameError(INVALID_PARAMS, "params is not an object.", frame_id)
    return Request(frame_id, method, params or {})


def request(frame_id: str, method: str, params: Mapping[str, Any]) -> str:
    """Something that we ask of a client, or tell it."""
    return _encode({"id": frame_id, "method": method, "params": params})


def result(frame_id: Id, outcome: Mapping[str, Any]) -> str:
    """The answer to a request."""
    return _encode({"id": frame_id, "result": outcome})


def error(frame_id: Id, code: int, message: str) -> str:
    """The answer to a request that cannot be understood, or be allowed."""
    return _encode({"id": frame_id, "error": {"code": code, "message": message}})


def text_list(params: Mapping[str, Any], name: str, *, most: int, longest: int) -> list[str]:
    """A list of short texts; raises FrameError."""
    given = params.get(name)
    if not isinstance(given, list) or len(given) > most:
        raise FrameError(INVALID_PARAMS, f"{name} is not a list of at most {most}.")
    if not all(isinstance(one, str) and 0 < len(one) <= longest for one in given):
        raise FrameError(INVALID_PARAMS, f"{name} has what is not a text of 1 to {longest}.")
    return given


def _encode(frame: Mapping[str, Any]) -> str:
    return encode({"jsonrpc": "2.0", **frame}).decode()


def _id(value: Any) -> Id:
    if isinstance(value, str) and len(value) <= LONGEST_ID:
        return value
    if value is None or (isinstance(value, int) and abs(value) < 2**63):
        return value
    raise FrameError(INVALID_REQUEST, f"The id is no number or text of at most {LONGEST_ID}.")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
