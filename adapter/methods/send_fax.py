"""`send_fax`: send a fax (SWML reference, send_fax)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class SendFax(Parameters):
    """Send a fax."""

    document: str = Field(description="URL of a PDF")
    header_info: str | None = Field(None, description="text on top of each page")
    identity: str | None = Field(None, description="station; the caller's number if not given")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("send_fax", SendFax, Shorthand(scalar="document"))

MISSING = "the fax applications of mod_spandsp are not driven yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
