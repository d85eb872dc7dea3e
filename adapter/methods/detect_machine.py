"""`detect_machine`: is it a person, a machine or a fax (SWML reference, detect_machine).

document            switch
detect_machine →    uuid_record start        what the party says, heard while it is said
               →    uuid_record stop         once it is known who that is

The words and tones are judged here (`speech.answerer`), on any switch alike: FreeSWITCH has no
classifier of its own, and its tone events do not say which call they are of.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

import structlog
from gevent.event import Event as Flag
from pydantic import Field
from structlog.contextvars import bind_contextvars

from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.greenlets import spawn
from adapter.methods.context import Context
from adapter.speech.activity import Frames
from adapter.speech.answerer import Answerer, Rules, Verdict
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters, folded

log = structlog.get_logger()

LOOK_SECONDS = 0.06
"""How often we listen."""


class DetectMachine(Parameters):
    """Find out who has answered."""

    detect_message_end: bool = Field(False, description="wait for the end of the greeting")
    detectors: str = Field("amd,fax", description="amd, fax, or both")
    end_silence_timeout: float = Field(1, ge=0, description="seconds of silence: speech has ended")
    initial_timeout: float = Field(4.5, ge=0, description="seconds to wait for a voice")
    machine_ready_timeout: float | None = Field(
        None,
        ge=0,
        description="seconds of silence after a greeting; as end_silence_timeout if not given",
    )
    machine_voice_threshold: float = Field(
        1.25, ge=0, description="seconds of voice that make a machine"
    )
    machine_words_threshold: int = Field(6, ge=0, description="words that make a machine")
    timeout: float = Field(30, ge=0, description="seconds for all of it")
    tone: Annotated[Literal["CED", "CNG"], folded(str.upper)] = Field("CED", description="fax tone")
    wait: bool = Field(True, description="wait for the outcome before the next step")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("detect_machine", DetectMachine, result_variable="detect_result")

LIMITS = {
    "machine_words_threshold": "partial: bursts of voice between pauses count as words",
}

REMARK = "told by the rhythm of voice and silence, and by tones; no words are understood"

RESULTS = {
    Verdict.HUMAN: "human",
    Verdict.MACHINE: "machine",
    Verdict.FAX: "fax",
    Verdict.UNKNOWN: "unknown",
}


def perform(context: Context, params: DetectMachine) -> Result:
    """Listen until it is clear, or in the background if the script is not to wait."""
    if not _detectors(params) & {"amd", "fax"}:
        raise ScriptError(Code.PARAMETER_INVALID, "detect_machine: detectors are amd and fax")
    detecting = Detecting(context, params)
    if params.wait:
        return Result(detecting.run())
    detecting.start()
    return Result({"detect_result": "detecting"})


def _detectors(params: DetectMachine) -> set[str]:
    return {name.strip().lower() for name in params.detectors.split(",")}


def _rules(params: DetectMachine) -> Rules:
    detectors = _detectors(params)
    ready = params.machine_ready_timeout
    return Rules(
        person="amd" in detectors,
        tone=params.tone if "fax" in detectors else None,
        initial_timeout=params.initial_timeout,
        end_silence=params.end_silence_timeout,
        voice_threshold=params.machine_voice_threshold,
        words_threshold=params.machine_words_threshold,
        message_end=params.detect_message_end,
        ready_silence=params.end_silence_timeout if ready is None else ready,
        goes_on=not params.wait,
    )


class Detecting:
    """One detection."""

    def __init__(
        self, context: Context, params: DetectMachine, *, control_id: str | None = None
    ) -> None:
        self.over = False
        self._context = context
        self._params = params
        self._capture = context.shared.media.capture(context.call)
        self._answerer = Answerer(_rules(params))
        self._control_id = control_id or str(uuid.uuid4())
        self._began = context.now()
        self._stopped = False
        self._done = Flag()

    def start(self) -> None:
        """Begin in the background. Raises what the switch refuses."""
        self._begin()
        spawn(self._run_alone, name=f"detect_machine of {self._context.call.uuid}")

    def stop(self) -> None:
        """End it; what is not known by now is not told."""
        self._stopped = True

    def settle(self, seconds: float) -> None:
        """Wait for what was started to have said that it is over."""
        self._done.wait(timeout=seconds)

    def run(self) -> dict[str, Any]:
        """Until it is known; returns the variables. Raises `CallGone`."""
        self._begin()
        return self._run()

    def _begin(self) -> None:
        self._context.call.answer()
        self._began = self._context.now()
        self._capture.start(seconds=self._params.timeout)

    def _run(self) -> dict[str, Any]:
        try:
            self._listen()
            self._context.call.raise_if_gone()
        finally:
            self.over = True
            self._tell("finished")
            self._done.set()
            self._drop()
        answerer = self._answerer
        return {
            "detect_result": RESULTS[answerer.verdict or Verdict.UNKNOWN],
            "detect_machine_beep": answerer.beep,
            "detect_ms": round(answerer.seconds * 1000),
        }

    def _run_alone(self) -> None:
        """In a greenlet of its own: only callbacks tell what came of it."""
        bind_contextvars(control_id=self._control_id)
        try:
            self._run()
        except CallGone:
            pass
        except Exception:
            log.exception("detect_machine failed inside the adapter")

    def _listen(self) -> None:
        frames, until = Frames(), self._began + self._params.timeout
        wait: Callable[[float], object] = self._capture.ended.wait
        while not self._answerer.over:
            ended = wait(LOOK_SECONDS)
            for frame in frames.cut(self._capture.more()):
                for verdict in self._answerer.hear(frame):
                    self._tell(verdict)
            if ended or self._stopped or self._context.now() >= until:
                break
        if self._answerer.verdict is None and not self._stopped:
            self._tell(Verdict.UNKNOWN)

    def _tell(self, event: str) -> None:
        params: dict[str, Any] = {"event": str(event)}
        fax = self._answerer.verdict is Verdict.FAX
        if event == Verdict.FAX:
            params["event"] = self._params.tone
        if self._answerer.beep:
            params["beep"] = True
        self._context.tell(
            self._params.status_url,
            "calling.call.detect",
            control_id=self._control_id,
            detect={"type": "fax" if fax else "machine", "params": params},
        )

    def _drop(self) -> None:
        try:
            self._capture.drop()
        except SwitchError as error:
            log.warning("a capture was not ended", reason=str(error))
