"""`enter_queue`: wait in a queue until somebody takes the call (SWML reference, enter_queue)."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class EnterQueue(Parameters):
    """Wait for `connect: {to: "queue:<name>"}` of another call."""

    queue_name: str = Field(description="name of the queue, made if there is none")
    transfer_after_bridge: str | dict[str, Any] | None = Field(
        None, description="document, or its URL, to go on with after the bridge"
    )
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    wait_url: str | None = Field(None, description="document or media heard while waiting")
    wait_time: int = Field(3600, ge=1, description="seconds to wait")


SPEC = MethodSpec(
    "enter_queue",
    EnterQueue,
    Shorthand(scalar="queue_name"),
    documents=("transfer_after_bridge",),
    result_variable="queue_result",
)
