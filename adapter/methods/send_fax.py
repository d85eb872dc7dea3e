"""`send_fax`: send a fax (SWML reference, send_fax).

document            here                    switch
send_fax       →    GET the PDF, pages →    txfax <TIFF>     T.38 where the other end takes it
               →                            stopfax          where there is no fax machine
"""

from __future__ import annotations

from pydantic import Field

from adapter.faxing.documents import NoDocument
from adapter.faxing.transmission import Transmission
from adapter.freeswitch.faxes import Outcome
from adapter.methods.context import Context
from adapter.methods.receive_fax import NEEDS as NEEDS
from adapter.methods.receive_fax import outcome_of, resumed, run
from adapter.recording.state import State
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters

REMARK = "T.38 and audio by the switch's mod_spandsp; a voice fails after `fax.answer_timeout`"

LIMITS = {
    "document": "PDF, and TIFF as well; needs the extra `fax`, see the setting `fax` for its limits"
}


class SendFax(Parameters):
    """Send a fax."""

    document: str = Field(description="URL of a PDF")
    header_info: str | None = Field(None, description="text on top of each page")
    identity: str | None = Field(None, description="station; the caller's number if not given")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("send_fax", SendFax, Shorthand(scalar="document"))


def perform(context: Context, params: SendFax) -> Result:
    """Fetch, make pages, answer, send; over when the last page is confirmed, or it failed."""
    faxes, call = context.shared.media.faxes, context.call
    fax = resumed(context) or faxes.new(
        context.identity,
        "send",
        params.status_url,
        context.control_id,
        step=context.step,
        resume=call.variable("socket_resume"),
        identity=params.identity or call.channel.get("Caller-Caller-ID-Number"),
        document=params.document,
    )
    if State(fax.state).final:
        return outcome_of("send_fax", faxes, fax)
    try:
        faxes.prepare(fax, params.document)
    except NoDocument as error:
        fax = faxes.finish(fax, Outcome(text=str(error)))
        return outcome_of("send_fax", faxes, fax)
    call.answer()
    transmission = Transmission(call, faxes, fax)
    fax = run("send_fax", context, transmission, params.header_info or "")
    return outcome_of("send_fax", faxes, fax)
