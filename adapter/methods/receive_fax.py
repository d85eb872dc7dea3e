"""`receive_fax`: receive a fax (SWML reference, receive_fax)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class ReceiveFax(Parameters):
    """Receive a fax."""

    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("receive_fax", ReceiveFax, Shorthand(scalar="status_url"))

MISSING = "the fax applications of mod_spandsp are not driven yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
