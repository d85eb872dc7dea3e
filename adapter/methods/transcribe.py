"""`transcribe`: write down the call in the background (SWML reference, transcribe).

Both sides are recorded for our own ears until `transcribe_stop` or the end of the call; then the
recogniser of the settings reads the whole in another process.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from pydantic import Field
from structlog.contextvars import bind_contextvars

from adapter.callbacks.payloads import call_event
from adapter.freeswitch.capture import Capture
from adapter.freeswitch.errors import CallGone
from adapter.greenlets import spawn
from adapter.methods.context import Context
from adapter.speech.recognition import NoRecogniser
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

log = structlog.get_logger()

LONGEST_CALL = 4 * 3600.0
"""Seconds (answer.max_duration)."""

CLIENTS_EVENT = "calling.call.transcribe"

REMARK = "from a recording of both sides, by the recogniser of the settings"

LIMITS = {
    "status_url": "the text comes after the end; a call that is taken up after a crash of the"
    " adapter has none"
}


class Transcribe(Parameters):
    """Start to write down what is said."""

    status_url: str | None = Field(None, description="where the text is POSTed")


SPEC = MethodSpec("transcribe", Transcribe, Shorthand(scalar="status_url"))


def perform(context: Context, params: Transcribe) -> Result:
    """One at a time; a second one fails."""
    return begin(context, params, control_id=str(uuid.uuid4()))


def begin(context: Context, params: Transcribe, *, control_id: str) -> Result:
    """The same under a name that somebody gave."""
    running = context.running.get("transcribe")
    if running is not None and not running.ended.is_set():
        raise ScriptError(Code.EXECUTE_FAILED, "transcribe: the call is being written down already")
    context.call.answer()
    capture = context.shared.media.capture(context.call)
    capture.start(seconds=LONGEST_CALL, both=True)
    context.running["transcribe"] = capture
    spawn(
        _write_down, context, params, capture, control_id, name=f"transcript of {context.call.uuid}"
    )
    return Result({"transcribe_result": "success", "transcribe_control_id": control_id})


def _write_down(context: Context, params: Transcribe, capture: Capture, control_id: str) -> None:
    bind_contextvars(control_id=control_id)
    capture.ended.wait()
    try:
        text = context.shared.media.recogniser.recognise(capture.path, seconds=LONGEST_CALL)["text"]
        _tell(context, params, "completed", id=control_id, text=text)
        _tell_clients(context, control_id, text=text)
    except NoRecogniser as error:
        log.warning("a call was not written down", reason=str(error))
        _tell(context, params, "failed", id=control_id)
        _tell_clients(context, control_id, error={"message": str(error)})
    except Exception:
        log.exception("transcribe failed inside the adapter")
    finally:
        try:
            capture.drop()
        except CallGone:
            capture.path.unlink(missing_ok=True)


def _tell(context: Context, params: Transcribe, outcome: str, **details: Any) -> None:
    """Unlike all others, these events name no channel."""
    if params.status_url is None:
        return
    identity = context.identity
    payload = call_event(
        f"calling.transcript.{outcome}",
        identity,
        context.now(),
        segment_id=identity.call_id,
        **details,
    )
    del payload["event_channel"]
    context.send(params.status_url, payload)


def _tell_clients(context: Context, control_id: str, **details: Any) -> None:
    """What RELAY's clients wait for: to them it is `finished`, whatever came of it."""
    context.tell(None, CLIENTS_EVENT, control_id=control_id, state="finished", **details)
