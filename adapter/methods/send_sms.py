"""`send_sms`: send a text or picture message (SWML reference, send_sms)."""

from typing import Annotated

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import ONE_OR_MANY, Parameters


class SendSms(Parameters):
    """Send a message."""

    any_of = ("body", "media")
    to_number: str = Field(description="number to send to, as +15551234567")
    from_number: str = Field(description="number to send from")
    body: str | None = Field(None, description="text")
    media: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="URLs of pictures")
    region: str | None = Field(None, description="where to send it from")
    tags: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="labels for search")
    status_callback: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("send_sms", SendSms)
