"""`uuid_audio_stream` and `uuid_audio_fork`: a call's sound to a WebSocket, as two modules send it.

Source: amigniter/mod_audio_stream and drachtio/mod_audio_fork (their API functions), which are no
part of FreeSWITCH. They answer before they connect, fire an event of their own for what becomes of
it, and keep their place on the call until `stop`.
"""

import re
from collections.abc import Callable

from adapter.simswitch.fork import Fork
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi, separate
from adapter.simswitch.switch import Switch

OK, ERROR, NOTHING = "+OK Success\n", "-ERR Operation Failed\n", "-ERR no reply\n"

RATES = {"8k": 8000, "16k": 16000}
STREAM_URL = re.compile(r"ws://[A-Za-z0-9.-]+(:[0-9]*)?(/.*)?")
"""What mod_audio_stream takes; the other one tries anything."""


def command(kind: str) -> Callable[[Switch, str], str]:
    """The API command of the module `mod_<kind>`."""

    def run(switch: Switch, argument: str) -> str:
        if f"mod_{kind}" not in switch.settings.modules:
            return f"-ERR uuid_{kind} Command not found!\n"
        words = separate(argument, " ", 6 if kind == "audio_stream" else 7)
        session = switch.session(words[0]) if words else None
        if session is None or len(words) < 2:
            return ERROR
        if words[1] == "start" and len(words) > 4:
            return _start(switch, session, kind, words[2:])
        return _stop(session, kind, words[2:]) if words[1] == "stop" else ERROR

    return run


def _start(switch: Switch, session: Session, kind: str, words: list[str]) -> str:
    url, mix, rate, *more = words
    if mix not in ("mono", "mixed"):
        return NOTHING
    if kind == "audio_stream" and not STREAM_URL.fullmatch(url):
        return ERROR
    bug, first = _named(kind, more)
    samples = RATES.get(rate) or atoi(rate)
    if bug in session.forks or samples % 8000:
        return ERROR
    mixed = mix == "mixed"
    folder = switch.variables["temp_dir"]
    fork = Fork(
        session.channel, kind, bug, url, mixed=mixed, rate=samples, first=first, folder=folder
    )
    session.forks[bug] = fork
    switch.spawn(f"fork of {session.channel.uuid}", _run, switch, session, fork)
    return OK


def _stop(session: Session, kind: str, words: list[str]) -> str:
    bug, _ = _named(kind, words)
    fork = session.forks.get(bug)
    if fork is None or fork.kind != kind:
        return ERROR
    fork.stop()
    del session.forks[bug]
    return OK


def _named(kind: str, words: list[str]) -> tuple[str, str]:
    """The name and the text, of which the text alone begins with a bracket."""
    if kind == "audio_stream":
        return kind, words[0] if words else ""
    if len(words) > 1:
        return words[0], words[1]
    text = words[0] if words else ""
    return (kind, text) if text[:1] in ("{", "[", "") else (text, "")


def _run(switch: Switch, session: Session, fork: Fork) -> None:
    """mod_audio_stream gives its place on the call up where the connection failed."""
    try:
        sock = fork.connected()
    except (OSError, EOFError) as error:
        _give_up(session, fork)
        fork.tell_failed(error)
        return
    if not fork.run(sock, switch.spawn):
        _give_up(session, fork)


def _give_up(session: Session, fork: Fork) -> None:
    if fork.kind == "audio_stream" and session.forks.get(fork.bug) is fork:
        del session.forks[fork.bug]


def load(switch: Switch, argument: str) -> str:
    """`load mod_…`: it is there from now on."""
    modules = switch.settings.modules | {argument}
    switch.settings = switch.settings.with_changes({"modules": modules})
    return "+OK Reloading XML\n+OK\n"


def unload(switch: Switch, argument: str) -> str:
    """`unload mod_…`."""
    modules = switch.settings.modules - {argument}
    switch.settings = switch.settings.with_changes({"modules": modules})
    return "+OK\n"
