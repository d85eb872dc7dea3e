"""The helper process: reads expressions on its socket, writes what they come to.

Run as a program, with nothing of the adapter imported, so that it starts in some 15 ms:

    python -I -S worker.py <directory of _quickjs> <memory> <result> <seconds>

Frames are a length in four bytes, most significant first, and UTF-8 text. A request is the JSON
array [source, names, values, zones] (zones.py; they may be left out). A reply begins
with `v` (a value as JSON), `u` (undefined) or `e` (an error). The first reply, before any
request, is empty: the helper is ready.

A process and not a thread, because QuickJS cannot interrupt a built-in function: whoever waits for
a reply kills the process. Once started it can open nothing: no file, no connection.
"""

from __future__ import annotations

import os
import resource
import sys

TYPE_CHECKING = False  # typing alone would take longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SOCKET = 0
CACHED = 512
"""Compiled expressions kept."""
CHUNK = 65_536


def main() -> None:
    quickjs_at, memory, result, seconds = sys.argv[1:5]
    sys.path.insert(0, quickjs_at)
    make = maker(int(memory), int(result), float(seconds))
    _close_the_doors()
    try:  # noqa: SIM105  (contextlib is not worth its import time)
        _serve(make)
    except ConnectionError:
        pass


def maker(memory: int, result: int, seconds: float) -> Callable[[], Callable[[str], str]]:
    """Makes contexts; each answers requests, and is of no more use once it has raised an error."""
    import _quickjs  # type: ignore[import-not-found]

    realm, dates = _script("realm.js"), _script("dates.js")

    def context() -> Any:
        made = _quickjs.Context()
        made.set_memory_limit(memory)
        zones = made.eval(dates)(made.globalThis)
        evaluate = made.eval(realm)(made.globalThis, CACHED, result, zones)
        made.set_time_limit(seconds)
        return evaluate

    return context


def _script(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123  (pathlib would double the start-up time)
        return file.read()


def _serve(context: Callable[[], Callable[[str], str]]) -> None:
    evaluate = context()
    _write("")
    while (request := _read()) is not None:
        try:  # out of memory or out of time, realm.js cannot catch its own error
            reply = evaluate(request)
        except Exception as error:
            reply = f"e{error}"
            evaluate = context()
        _write(reply)


def _close_the_doors() -> None:
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _read() -> str | None:
    data = os.read(SOCKET, CHUNK)
    if not data:
        return None
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        more = os.read(SOCKET, CHUNK)
        if not more:
            return None
        data += more
    return data[4:].decode()


def _write(text: str) -> None:
    data = text.encode("utf-8", "replace")
    data = len(data).to_bytes(4, "big") + data
    while data:
        data = data[os.write(SOCKET, data) :]


if __name__ == "__main__":
    main()
