"""The dialogue of one `pay`: ask step by step, have it charged, say how it went."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.log import about
from adapter.paying import steps
from adapter.paying.cards import Card
from adapter.paying.connector import Answer, Order, ask
from adapter.paying.silence import silence
from adapter.sounds.player import open_media, play_sounds

if TYPE_CHECKING:
    from adapter.methods.context import Context
    from adapter.paying.steps import Prompt, Step
    from adapter.sounds.voices import Wish

log = structlog.get_logger()

PAY_VARIABLE = "swml_pay"
"""On a channel: the step, and which of its transactions is under way. A connector that gets one
twice, since we died before we had its answer, knows it again by its id."""

_SPACE = uuid.UUID("3c1f2a7e-0f0b-4f61-9f0a-6c7d0a1e9b54")

RUNNING = "pay"
"""Where `Context.running` has the dialogue."""

KEYS = frozenset("0123456789")


class Wanted(Protocol):
    """What a document asks for (`methods.pay.Pay`)."""

    @property
    def payment_connector_url(self) -> str: ...
    @property
    def max_attempts(self) -> int: ...
    @property
    def min_postal_code_length(self) -> int: ...
    @property
    def security_code(self) -> bool: ...
    @property
    def status_url(self) -> str | None: ...
    @property
    def timeout(self) -> int: ...
    @property
    def valid_card_types(self) -> str: ...
    @property
    def prompts(self) -> Sequence[Prompt] | None: ...
    @property
    def known_postal_code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `pay_result` and what `pay_payment_results` is made of."""

    result: str
    card: Card = field(default_factory=Card)
    answer: Answer = field(default_factory=Answer)
    error: str = ""
    """A fault of ours, or of the document."""

    @property
    def results(self) -> dict[str, Any]:
        """Redacted, as the reference has it."""
        shown, answer = self.card.shown, self.answer
        found: dict[str, Any] = {
            "payment_token": answer.token_id,
            "payment_confirmation_code": answer.charge_id,
            "payment_card_number": shown["payment_card_number"],
            "payment_card_type": shown["payment_card_type"],
            "payment_card_expiration_date": shown["expiration_date"],
            "payment_card_security_code": shown["security_code"],
            "payment_card_postal_code": shown["payment_card_postal_code"],
            "payment_error": self.error or answer.error_message,
            "payment_error_code": answer.error_code,
        }
        if answer.error_code:
            error = {"code": answer.error_code, "message": answer.error_message}
            found["connector_error"] = error
        return found


class _Canceled(Exception):
    """The caller has pressed `*`."""


class _Stopped(Exception):
    """Somebody outside has ended it."""


class _TooOften(Exception):
    """A step has failed as often as it may."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Dialogue:
    """One payment."""

    def __init__(self, context: Context, wanted: Wanted, *, wish: Wish, order: Order) -> None:
        self._context = context
        self._wanted = wanted
        self._wish = wish
        self._order = order
        self.control_id = context.control_id or str(uuid.uuid4())
        self._card = Card()
        self._error = ""
        self._round = 1
        self._ended_itself = False
        """Whether the last input needed no `#`: one that comes nevertheless belongs to it."""
        self._stopped = Flag()

    def stop(self) -> None:
        """End it; a card that is being charged is charged."""
        self._stopped.set()
        self._context.digits.interrupt()

    def run(self) -> Ended:
        """Raises `CallGone` alone."""
        self._context.running[RUNNING] = self
        try:
            open_media(self._context.call)
            self._context.digits.forget()
            with about(control_id=self.control_id):
                return self._pay()
        except _Canceled:
            return self._end("caller-interrupted-with-star", steps.CANCELED)
        except _Stopped:
            self._stopped.clear()
            return self._end("relay-pay-stop", steps.CANCELED)
        except _TooOften as often:
            self._error = often.error
            return self._end("too-many-failed-attempts", steps.FAILED)
        except CallGone:
            if not self._context.call.lost:
                self._tell(steps.CANCELED)
            raise
        except SwitchError as error:
            return Ended("internal-error", error=str(error))
        finally:
            del self._context.running[RUNNING]
            self._context.digits.forget()

    def _pay(self) -> Ended:
        while True:
            self._card = Card()
            self._collect()
            answer = self._charge()
            if answer.paid:
                self._error = ""
                return self._end("success", steps.COMPLETED, answer)
            self._error = steps.DECLINED
            if self._round >= self._wanted.max_attempts:
                return self._end("payment-connector-error", steps.FAILED, answer)
            self._round += 1

    def _end(self, result: str, step: str, answer: Answer | None = None) -> Ended:
        self._tell(step)
        self._say(step, self._round)
        return Ended(result, self._card, answer or Answer())

    # -- what is asked ---------------------------------------------------------------------------

    def _collect(self) -> None:
        card, wanted = self._card, self._wanted
        today = datetime.fromtimestamp(self._context.now(), UTC).date()
        context = self._context
        transcript = context.running.get("transcribe")
        with silence(context.call, context.recordings, transcript):
            self._ask(steps.number(wanted.valid_card_types.lower().split()))
            self._ask(steps.expiry(today))
            if wanted.security_code:
                self._ask(steps.code(card))
        known = wanted.known_postal_code
        if known is None:
            self._ask(steps.postal(wanted.min_postal_code_length))
        else:
            card.postal_code = known

    def _ask(self, step: Step) -> None:
        """Until it is right; raises `_TooOften`, `_Canceled`."""
        attempt = self._round
        while True:
            self._tell(step.name)
            self._say_until_a_key(step.name, attempt)
            if self._ended_itself and self._context.digits.first == "#":
                # It ended the input before, which had ended itself: nobody has heard what is next.
                self._context.digits.take(0)
                self._ended_itself = False
                self._say_until_a_key(step.name, attempt)
            typed, fault = self._typed(step)
            if not fault:
                step.put(self._card, typed)
                self._error = ""
                return
            self._error, attempt = fault, attempt + 1
            if attempt > self._wanted.max_attempts:
                raise _TooOften(fault)

    def _typed(self, step: Step) -> tuple[str, str]:
        """What was typed, and what is wrong with it."""
        typed = ""
        late_end, self._ended_itself = self._ended_itself, False
        while (key := self._key()) is not None:
            if key == "*":
                raise _Canceled
            if key == "#" and not (late_end and not typed):
                return typed, step.fault(typed)
            late_end = False
            if key in KEYS:
                typed += key
                if step.complete(typed):
                    self._ended_itself = True
                    return typed, step.fault(typed)
        return typed, step.fault(typed) if typed else steps.TIMEOUT

    def _key(self) -> str | None:
        """The next one, if it comes in time; raises `_Stopped`."""
        if not self._stopped.is_set():
            key = self._context.digits.take(self._wanted.timeout)
        if self._stopped.is_set():
            raise _Stopped
        return key

    # -- the connector ---------------------------------------------------------------------------

    def _charge(self) -> Answer:
        self._tell(steps.PROCESSING)
        self._say(steps.PROCESSING, self._round)
        self._context.call.raise_if_gone()
        if self._stopped.is_set():
            raise _Stopped
        name = f"{self._context.identity.event_channel}/{self._context.step}"
        number = self._transaction(name)
        # In the channel before it is sent: whoever does this step again sends it by the same id.
        self._note(name, number)
        order = replace(self._order, transaction_id=str(uuid.uuid5(_SPACE, f"{name}/{number}")))
        url = self._wanted.payment_connector_url
        answer = ask(self._context.shared.web, url, order, self._card)
        self._stopped.clear()  # too late: what became of it is said to its end
        if not answer.paid:
            log.info("a payment was declined", code=answer.error_code)
            self._note(name, number + 1)
        return answer

    def _transaction(self, name: str) -> int:
        known, _, number = self._context.call.variable(PAY_VARIABLE).partition(" ")
        first = int(number) if known == name and number.isdigit() else 1
        return first + self._round - 1

    def _note(self, name: str, number: int) -> None:
        call = self._context.call
        call.api(commands.set_variables(call.uuid, {PAY_VARIABLE: f"{name} {number}"}))

    # -- what is said and told -------------------------------------------------------------------

    def _say_until_a_key(self, step: str, attempt: int) -> None:
        with self._context.digits.interrupting() as pressed:
            self._say(step, attempt, until=pressed)

    def _say(self, step: str, attempt: int, *, until: Flag | None = None) -> None:
        context, prompts = self._context, self._wanted.prompts or ()
        sounds = steps.said(
            prompts, step, attempt=attempt, card_type=self._card.type, error=self._error
        )
        asks = step in (steps.NUMBER, steps.EXPIRY, steps.CODE, steps.POSTAL)
        problems = play_sounds(
            context.call,
            context.shared.media.sounds,
            sounds,
            wish=self._wish,
            enough=lambda: (asks and context.digits.waiting) or self._stopped.is_set(),
            until=until or self._stopped,
        )
        for problem in problems:
            log.warning("pay cannot say what it wants", step=step, reason=problem)

    def _tell(self, step: str) -> None:
        url = self._wanted.status_url
        params: dict[str, Any] = {
            "status_url": url,
            "status_url_method": "POST",
            "for": step,
            "error_type": self._error,
            "payment_method": self._order.method,
            **self._card.shown,
            "control_id": self.control_id,
        }
        self._context.tell(url, "calling.call.pay", **params)
