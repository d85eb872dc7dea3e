"""`request`: an HTTP request whose answer becomes variables (SWML reference, request)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters, folded


class Request(Parameters):
    """Ask a web server."""

    url: str = Field(description="where to; user and password may stand in it")
    method: Annotated[Literal["GET", "POST", "PUT", "DELETE"], folded(str.upper)] = Field(
        description="HTTP method"
    )
    headers: dict[str, Any] | None = Field(
        None, description="Accept, Authorization, Content-Type, Range and X-*"
    )
    body: Any = Field(None, description="text, or a value that is sent as JSON")
    timeout: float = Field(0, ge=0, description="seconds for the answer; 0 is no limit")
    connect_timeout: float = Field(0, ge=0, description="seconds to connect; 0 is no limit")
    save_variables: bool = Field(
        False, description="a JSON answer becomes the variables request_response.*"
    )


SPEC = MethodSpec("request", Request)
