"""While digits of a card are typed no recording hears them: `uuid_record … mask`, time goes on.

What is silenced stands in a channel variable before it is: whoever takes the call up after a crash
knows what is to be heard again. The switch itself writes each key into its own log at `info`
(switch_channel.c, switch_channel_queue_dtmf); `sensitive_dtmf` would keep the keys from us as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from adapter.freeswitch.errors import SwitchError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.capture import Capture
    from adapter.recording.call_recordings import CallRecordings

SILENT_VARIABLE = "swml_silent"
"""On a channel: the recordings that are silent for a card's sake."""


@contextmanager
def silence(
    call: Call, recordings: CallRecordings, transcript: Capture | None = None
) -> Iterator[None]:
    """While it lasts, what is typed is in no recording. Raises `SwitchError` before it begins.

    `transcript` is what is recorded to be written down, if it is.
    """
    silent = frozenset(call.variable(SILENT_VARIABLE).split())

    def note(recording_ids: Iterable[str]) -> None:
        call.set_variables({SILENT_VARIABLE: " ".join(recording_ids)})

    if transcript is not None:
        transcript.hush(True)
    try:
        with recordings.hushed(silent, note):
            yield
    finally:
        if transcript is not None and not call.gone:
            with suppress(SwitchError):
                transcript.hush(False)
    if not call.gone:
        note(())
