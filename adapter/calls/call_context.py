"""What the methods of one call work with, put together once; a step adds what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.calls.waiting import Waiting
from adapter.freeswitch.digits import Digits
from adapter.methods.context import Clients, Context, NoClients
from adapter.recording.call_recordings import CallRecordings

if TYPE_CHECKING:
    from adapter.calls.resources import Resources
    from adapter.calls.step_documents import StepDocuments
    from adapter.calls.warnings import Note
    from adapter.freeswitch.call import Call
    from adapter.identity import CallIdentity


def call_context(
    service: Resources,
    call: Call,
    identity: CallIdentity,
    documents: StepDocuments,
    *,
    note: Note,
    clients: Clients | None = None,
) -> Context:
    """Of no step yet (`Context.in_step`); `note` writes down what happens to the call."""
    return Context(
        shared=service.shared,
        call=call,
        identity=identity,
        recordings=CallRecordings(call, service.archive, identity),
        digits=Digits(call),
        documents=documents,
        waiting=Waiting(service, documents, note).play,
        clients=clients or NoClients(),
    )
