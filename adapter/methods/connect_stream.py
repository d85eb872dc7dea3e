"""`connect` to a `stream:`: the call's sound to a WebSocket, and back, for as long as it lasts.

document                  switch
to: stream:wss://…   →    uuid_audio_stream | uuid_audio_fork … start
                     ←    …::disconnect, the hangup, max_duration: it is over
realtime             ←    …::play, ::play_audio: a file     →  playback FILE

How it begins is told by `calling.call.stream`, as of the method `stream`; that it did not, as of
any connect.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from adapter.connecting.outcome import Outcome
from adapter.freeswitch.errors import Interrupted
from adapter.methods.connect_parts import STREAM
from adapter.methods.stream import Stream, started, wanted
from adapter.methods.tap import forks_of
from adapter.outgoing import AddressRefused
from adapter.swml.errors import Code, ScriptError
from adapter.tapping.talkback import Talkback
from adapter.tapping.taps import TapFailed

if TYPE_CHECKING:
    from adapter.methods.called import Wishes
    from adapter.methods.context import Context
    from adapter.tapping.fork import Fork

_OF_STREAM = ("name", "codec", "authorization_bearer_token", "custom_parameters")


def talk(
    context: Context, to: str, wishes: Wishes, *, status_url: str | None, longest: float
) -> Outcome:
    """Returns when it is over; raises `ScriptError` where it could not begin, and `CallGone`."""
    given: dict[str, Any] = {name: wishes[name] for name in _OF_STREAM}
    params = Stream(
        url=to[len(STREAM) :].strip(),
        control_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{context.identity.call_id}/{to}")),
        status_url=status_url,
        status_url_method=wishes["status_url_method"],
        **given,
    )
    forks = forks_of(context)
    if not forks.missed(context.step):
        try:
            fork = started(context, wanted(context, params), params)
        except (TapFailed, AddressRefused, ValueError) as error:
            raise ScriptError(Code.EXECUTE_FAILED, f"connect.to: {error}") from error
        _last(context, fork, realtime=bool(wishes["realtime"]), longest=longest)
    return Outcome(STREAM)


def _last(context: Context, fork: Fork, *, realtime: bool, longest: float) -> None:
    """Until either side has had enough, or its time is up."""
    call, forks = context.call, forks_of(context)
    back = Talkback(call, fork.module, forks.news) if realtime else None
    ends = (context.began or context.now()) + longest
    try:
        while forks.has(fork.control_id) and (left := ends - context.now()) > 0:
            forks.news.clear()
            if not (back and back.play_next(left)):
                call.sleep(left, until=forks.news)
    except Interrupted:
        _end(context, fork)
        raise
    finally:
        if back:
            back.stop()
    _end(context, fork)


def _end(context: Context, fork: Fork) -> None:
    """It may have ended by itself."""
    with contextlib.suppress(TapFailed):
        forks_of(context).stop(fork.control_id)
