"""`sip_refer`: hand the call over by SIP REFER (SWML reference, sip_refer)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class SipRefer(Parameters):
    """Ask the other end to call somebody else."""

    to_uri: str = Field(description="SIP URI to refer to")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    username: str | None = Field(None, description="SIP user name")
    password: str | None = Field(None, description="SIP password")


SPEC = MethodSpec("sip_refer", SipRefer, Shorthand(scalar="to_uri"), branch="sip_refer_result")
