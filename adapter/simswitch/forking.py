"""`uuid_audio_stream` and `uuid_audio_fork`: a call's sound to a WebSocket, as two modules send it.

Source: amigniter/mod_audio_stream and drachtio/mod_audio_fork (their `start_capture`), which are no
part of FreeSWITCH. They answer before they connect, fire an event of their own for what becomes of
it, and keep their place on the call until `stop`.
"""

from collections.abc import Callable

from adapter.simswitch.fork import Fork
from adapter.simswitch.session import Session
from adapter.simswitch.strings import separate
from adapter.simswitch.switch import Switch

OK, ERROR = "+OK Success\n", "-ERR Operation Failed\n"


def command(kind: str) -> Callable[[Switch, str], str]:
    """The API command of the module `mod_<kind>`."""

    def run(switch: Switch, argument: str) -> str:
        if f"mod_{kind}" not in switch.settings.modules:
            return f"-ERR uuid_{kind} Command not found!\n"
        words = separate(argument, " ", 6)
        session = switch.session(words[0]) if words else None
        if session is None or len(words) < 2:
            return ERROR
        if words[1] == "start" and len(words) > 3:
            return _start(switch, session, kind, words[2:])
        if words[1] == "stop" and session.fork is not None and session.fork.kind == kind:
            session.fork.stop()
            session.fork = None
            return OK
        return ERROR

    return run


def _start(switch: Switch, session: Session, kind: str, words: list[str]) -> str:
    url, mix, *more = words
    if session.fork is not None or mix not in ("mono", "mixed"):
        return ERROR
    first = more[1] if len(more) > 1 else ""
    session.fork = Fork(session.channel, kind, url, mixed=mix == "mixed", first=first)
    switch.spawn(f"fork of {session.channel.uuid}", _run, switch, session, session.fork)
    return OK


def _run(switch: Switch, session: Session, fork: Fork) -> None:
    """mod_audio_stream gives its place on the call up where the connection failed."""
    try:
        sock = fork.connected()
    except (OSError, EOFError) as error:
        if fork.kind == "audio_stream":
            session.fork = None
        fork.tell_failed(error)
        return
    fork.run(sock, switch.spawn)


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
