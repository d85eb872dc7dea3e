"""`receive_fax`: receive a fax (SWML reference, receive_fax).

document            switch
receive_fax    →    rxfax <TIFF>            T.38 where the other end takes it, else audio
               →    stopfax                 where there is no fax machine
"""

from __future__ import annotations

from pydantic import Field

from adapter.faxing.faxes import Faxes
from adapter.faxing.transmission import Transmission
from adapter.freeswitch.faxes import Outcome, over
from adapter.methods.context import Context
from adapter.recording.state import State
from adapter.store.rows import FAX, Recording
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

NEEDS = ("mod_spandsp",)
"""Modules of the switch without which it is not performed."""


REMARK = (
    "T.38 and audio by the switch's mod_spandsp; a PDF with the extra `fax`, else the TIFF;"
    " a voice fails after `fax.answer_timeout`"
)


class ReceiveFax(Parameters):
    """Receive a fax."""

    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("receive_fax", ReceiveFax, Shorthand(scalar="status_url"))


def perform(context: Context, params: ReceiveFax) -> Result:
    """Answer and receive; the document is there when this is over, or the reason why not."""
    faxes, call = context.shared.media.faxes, context.call
    call.answer()
    fax = resumed(context) or faxes.new(
        context.identity,
        "receive",
        params.status_url,
        context.control_id,
        step=context.step,
        resume=call.variable("socket_resume"),
        identity=call.channel.get("Caller-Destination-Number"),
    )
    if not State(fax.state).final:
        fax = run("receive_fax", context, Transmission(call, faxes, fax))
    return outcome_of("receive_fax", faxes, fax)


def run(method: str, context: Context, transmission: Transmission, header: str = "") -> Recording:
    """To its end, or until it is stopped from outside (`control.stopping`)."""
    context.running[method] = transmission
    try:
        return transmission.run(header=header)
    finally:
        del context.running[method]


def resumed(context: Context) -> Recording | None:
    """This step's fax, where it began before the call came to us.

    The switch went on with it alone, and the call comes when it is over; where the switch knows of
    none, it never began, and may now.
    """
    faxes, call = context.shared.media.faxes, context.call
    fax = faxes.of_step(call.uuid, context.step)
    if fax is None:
        return None
    call.api(over(call.uuid, fax.options[FAX].get("resume", "")))
    if State(fax.state).final:
        return fax
    known = Outcome.of_channel(call.channel, faxes.archive.switch_path(fax))
    return faxes.finish(fax, known) if known else fax


def outcome_of(method: str, faxes: Faxes, fax: Recording) -> Result:
    """What the script learns."""
    facts = fax.options[FAX]
    failed = ScriptError(Code.EXECUTE_FAILED, f"{method}: {facts.get('text')}")
    return Result(faxes.results(method, fax), error=None if facts.get("success") else failed)
