"""An own voice for `say:` texts: a program or a Python function that writes a WAV file.

What was spoken once is kept, so that a greeting is rendered for the first caller only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import gevent
from gevent import subprocess

from adapter.fetched_file import write_whole
from adapter.helpers.errors import HelperError
from adapter.helpers.pool import Helpers
from adapter.sounds.playable import NotPlayable
from adapter.sounds.voices import Wish

_PLACEHOLDER = re.compile(r"\{(voice|language|gender|file|text)\}")


class Renderer:
    """Renders texts into a folder, by a command or by `function` (`package.module:name`).

    The command's parts may hold {voice}, {language}, {gender}, {file} and {text}; it gets the text
    on its standard input as well, and no shell sees any of it. The function is called with the
    keywords text, voice, language, gender and path, in a helper process.
    """

    def __init__(
        self,
        folder: Path,
        helpers: Helpers,
        *,
        command: Sequence[str] = (),
        function: str | None = None,
        seconds: float = 20.0,
    ) -> None:
        self._folder = folder
        self._helpers = helpers
        self._command = command
        self._function = function
        self._seconds = seconds

    def render(self, text: str, voice: str, wish: Wish) -> str:
        """The name in the folder of the text's file; raises `NotPlayable`."""
        if not self._command and not self._function:
            raise NotPlayable("the voice is to be rendered, but speech.render is not set")
        how = [list(self._command), self._function, voice, wish.language, wish.gender, text]
        key = hashlib.sha256(json.dumps(how).encode()).hexdigest()[:32]
        path = self._folder / f"say-{key}.wav"
        if path.is_file():
            os.utime(path)
        else:
            write_whole(path, lambda partial: self._write(partial, text, voice, wish))
        return path.name

    def _write(self, path: Path, text: str, voice: str, wish: Wish) -> None:
        values = {"voice": voice, "language": wish.language, "gender": wish.gender, "text": text}
        try:
            if self._function:
                self._helpers.run(self._function, deadline=self._seconds, path=str(path), **values)
            else:
                self._run({**values, "file": str(path)})
        except (HelperError, OSError, subprocess.SubprocessError) as error:
            raise NotPlayable(f"the text cannot be spoken: {error}") from error
        if not path.is_file() or not path.stat().st_size:
            raise NotPlayable("the text cannot be spoken: the renderer wrote no file")

    def _run(self, values: dict[str, str]) -> None:
        command = [_filled(part, values) for part in self._command]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                with gevent.Timeout(self._seconds, HelperError(f"{command[0]} takes too long")):
                    _, errors = process.communicate(values["text"].encode("utf-8", "replace"))
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            said = errors.decode("utf-8", "replace").strip()[-200:]
            raise HelperError(f"{command[0]} ended with {process.returncode}: {said}")


def _filled(part: str, values: dict[str, str]) -> str:
    """A part of the command. A text that stands alone must not be taken for an option."""
    filled = _PLACEHOLDER.sub(lambda found: values[found[1]], part)
    return f" {filled}" if part == "{text}" and filled.startswith("-") else filled
