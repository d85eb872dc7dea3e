"""What a call hears while it waits for others: a sound, a document, or the switch's own music.

`wait_url` is a document by one page of the reference and media by another: unless its name says
that it is a sound, it is fetched like a document, with a POST, and what comes decides. A document
is fetched and run again when it has ended, in an interpreter of its own. It may play, pause and
ask the web, and nothing else: the call is not its to connect, or to end the waiting of.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import structlog

from adapter.calls import warnings
from adapter.calls.steps import done, is_among
from adapter.documents.errors import FetchError
from adapter.documents.sources import NoSourceError, remote
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, CommandFailed, UnsafeValue
from adapter.sounds.player import play_sounds
from adapter.swml.effects import YIELD, Effect, Result
from adapter.swml.errors import Code, DocumentError, ScriptError

if TYPE_CHECKING:
    from gevent.event import Event as Flag

    from adapter.calls.resources import Resources
    from adapter.calls.step_documents import StepDocuments
    from adapter.calls.warnings import Note
    from adapter.freeswitch.call import Call
    from adapter.methods.context import Context
    from adapter.swml.interpreter import Interpreter

log = structlog.get_logger()

METHODS = frozenset({"answer", "hangup", "play", "request", "sleep"})
"""What a waiting call's document may do besides control itself."""

SHORTEST_ROUND = 1.0
"""Seconds before what has ended is begun again, so that silence is not asked for without end."""

_MEDIA_NAME = re.compile(
    r"^(say|ring|silence):|\.(wav|mp3|aiff?|gsm|ul|ulaw|ogg|flac)([?#]|$)", re.IGNORECASE
)
_MEDIA_BYTES = re.compile(rb"RIFF|ID3|OggS|fLaC|FORM|\.snd|\xff[\xe0-\xff]")


class Waiting:
    """Plays for one call until somebody says that it is enough."""

    def __init__(self, service: Resources, documents: StepDocuments, note: Note) -> None:
        self._service = service
        self._documents = documents
        self._note = note

    def play(self, context: Context, url: str | None, until: Flag) -> None:
        """Play what `url` names, or the switch's music, until the flag is set or the call gone."""
        try:
            self._play_until(context, url, until)
        except CallGone:
            pass
        except Exception:
            log.exception("what a waiting call hears failed inside the adapter")

    def _play_until(self, context: Context, url: str | None, until: Flag) -> None:
        media = bool(url and _MEDIA_NAME.search(url))
        while not until.is_set():
            began = time.monotonic()
            try:
                if url and not media:
                    media = not self._run_document(context, url, until)
                if url and media and not self._play_media(context, url, until):
                    url = None
                if url is None:
                    self._music(context.call, until)
            except (FetchError, DocumentError, NoSourceError) as error:
                log.warning("a waiting call hears the switch's music", reason=str(error))
                url = None
            rest = began + SHORTEST_ROUND - time.monotonic()
            if rest > 0:
                context.call.sleep(rest, until=until)

    # -- a sound ---------------------------------------------------------------------------------

    def _play_media(self, context: Context, url: str, until: Flag) -> bool:
        """False where it cannot be played: nothing is gained by trying again and again."""
        problems = play_sounds(context.call, context.shared.media.sounds, [url], until=until)
        for problem in problems:
            log.warning("a waiting call hears the switch's music", reason=problem)
        return not problems

    def _music(self, call: Call, until: Flag) -> None:
        """The switch's own (`hold_music` in its vars.xml), silence where it has none."""
        try:
            music = commands.inert(call.api(commands.api("global_getvar", "hold_music")))
            call.execute("playback", music or "silence_stream://-1", until=until)
        except (CommandFailed, UnsafeValue):
            call.sleep(None, until=until)

    # -- a document ------------------------------------------------------------------------------

    def _run_document(self, context: Context, url: str, until: Flag) -> bool:
        """Run the document once; False if it is a sound."""
        script = self._script(url)
        if script is None:
            return False
        while not until.is_set() and (effect := script.next_effect()) is not None:
            script.apply(self._do(context, script, effect, until))
            warnings.report(script, context, self._service.settings.script_status_url, self._note)
        return True

    def _script(self, url: str) -> Interpreter | None:
        place, facts, service = remote(url), self._documents.known, self._service
        documents = self._documents.of_call
        body = service.fetcher.fetch(place, facts, project=documents.project)
        if _MEDIA_BYTES.match(body):
            return None
        return service.interpreter.start(
            documents.read(body, str(place)),
            call=facts.call,
            envs=facts.envs,
            limits=service.limits,
            evaluate=service.evaluate,
        )

    def _do(self, context: Context, script: Interpreter, effect: Effect, until: Flag) -> Result:
        if not is_among(effect, METHODS):
            message = f"{effect.method} cannot be done while the call waits"
            return Result(error=ScriptError(Code.EXECUTE_FAILED, message))
        if effect.method == YIELD:
            context.call.sleep(0)  # raises where the call is gone, or its script called away
        inner = context.in_step(script.steps, script.vars, until=until)
        return done(script, effect, inner, self._documents.of_call)
