"""A script taken up in a process that knows nothing of it. Run as a program, it is a line server.

The server has loaded the code and nothing else. Every request is handled by a fork of it that ends
with its answer: no document, no cache and no variable of an earlier request is in its memory, and
its hashes are seeded otherwise than those of who asks.

    [{"texts": […], "stops": [[mood, number, state], …]}, …]  ->  [[[seen, state], …], …]

takes up each story at each of its stops, where an effect is pending, applies the effect's answer,
and goes to the next effect.
"""

import gc
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from swml_world import LIMITS, answer, javascript, seen, whole_catalog

from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import load

Story = dict[str, Any]
"""Texts of its document and of those on the web; stops: the world's mood, the number of effects
before, the script's state."""

CATALOG = whole_catalog()


class FreshProcesses:
    """Asks the server."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        path = os.pathsep.join([str(here), str(here.parents[2])])
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "4711"},
        )

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()

    def go_on(self, stories: list[Story]) -> list[list[Any]]:
        """For each story, what is seen at the effect after each of its stops, and the state."""
        self._server.stdin.write(json.dumps(stories, allow_nan=False) + "\n")
        self._server.stdin.flush()
        reply = json.loads(self._server.stdout.readline())
        assert isinstance(reply, list), reply
        return reply


def _go_on(story: Story) -> list[list[Any]]:
    documents = [load(text, CATALOG) for text in story["texts"]]
    known = {document.content_hash: document for document in documents}
    evaluate, after = javascript(), []
    for mood, number, state in story["stops"]:
        script = Interpreter.resume(state, known.__getitem__, limits=LIMITS, evaluate=evaluate)
        effect = script.next_effect()
        script.apply(answer(effect, number, mood, documents[1:]))
        effect = script.next_effect()
        after.append([seen(script, effect), script.state()])
    return after


def _answer_in_a_fork(line: str) -> None:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        reply: Any = [_go_on(story) for story in json.loads(line)]
    except BaseException:
        reply = traceback.format_exc()
    os.write(1, (json.dumps(reply, allow_nan=False) + "\n").encode())
    os._exit(0)


def main() -> None:
    """Answer each line in a process of its own."""
    gc.freeze()
    for line in sys.stdin:
        _answer_in_a_fork(line)


if __name__ == "__main__":
    main()
