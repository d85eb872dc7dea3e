"""A call of a load: one greenlet, templates, and no time at all.

It speaks the same event socket as an ordinary call and knows what adapters do most: events,
answering, playing, recording, variables, hanging up. Any other application completes and does
nothing; an API command about a call that is not among these answers as for an unknown call.
There is no dialplan: the socket is connected, and the call ends with it.
"""

import time
from collections.abc import Callable

from gevent import socket as sockets

from adapter.simswitch import frames
from adapter.simswitch.causes import cause_named
from adapter.simswitch.channel import ELSEWHERE, SOURCES
from adapter.simswitch.events import Block, render
from adapter.simswitch.frames import Command, CommandReader
from adapter.simswitch.load_templates import Form, Templates, with_uuid
from adapter.simswitch.messages import Message, message_from
from adapter.simswitch.recordings import FlatRecording, recording_headers, recording_variables
from adapter.simswitch.strings import atoi, bracketed, is_true, new_uuid, separate, url_decode
from adapter.simswitch.subscription import Subscription
from adapter.simswitch.switch import Switch

READ_BYTES = 65536
CONNECT_SECONDS = 10.0
CONNECT_ENDING = (
    b"Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n"
)
OK = frames.reply("+OK")


class LoadCall:
    """One call; `run` returns when its socket has closed."""

    def __init__(self, switch: Switch, templates: Templates, address: tuple[str, int]) -> None:
        self.uuid = new_uuid()
        self.first_command_seconds: float | None = None
        self.hung_up = False
        self._switch, self._templates, self._address = switch, templates, address
        self._subscription = Subscription()
        self._linger: int | None = None
        self._variables: dict[str, str] = {}
        self._extra = b""
        self._recordings: dict[str, FlatRecording] = {}
        self._state = "ringing"
        self._forms: dict[str, Form] = {}
        self._out: list[bytes] = []
        self._sock: sockets.socket | None = None

    # --- the socket

    def run(self) -> None:
        """Connects, answers commands, and ends with the connection; raises OSError."""
        began = time.monotonic()
        sock = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
        sock.settimeout(CONNECT_SECONDS)
        try:
            sock.connect(self._address)
            sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
            sock.settimeout(None)
            self._sock = sock
            self._serve(sock, began)
        finally:
            self._sock = None
            sock.close()

    def _serve(self, sock: sockets.socket, began: float) -> None:
        reader = CommandReader()
        while data := sock.recv(READ_BYTES):
            if self.first_command_seconds is None:
                self.first_command_seconds = time.monotonic() - began
            for command in reader.feed(data):
                self._answer(command)
            self._flush(sock)
            if self.hung_up and self._linger is None:
                return
            if self.hung_up and self._linger and self._linger > 0:
                sock.settimeout(self._linger + 1)

    def _flush(self, sock: sockets.socket) -> None:
        data = b"".join(self._out)
        self._out.clear()
        sent = sock.send(data)
        if sent < len(data):
            sock.sendall(data[sent:])

    def end(self) -> None:
        """Hangs up from outside; the adapter is told as long as its socket lives."""
        self._hang_up("NORMAL_CLEARING")
        if self._sock is None:
            return
        self._linger = None
        try:
            self._flush(self._sock)
            self._sock.shutdown(sockets.SHUT_RDWR)
        except OSError:
            return

    # --- commands

    def _answer(self, command: Command) -> None:
        word, _, rest = command.line.partition(" ")
        handler = _COMMANDS.get(word.lower())
        if handler is None:
            self._out.append(frames.reply("-ERR command not found"))
        else:
            handler(self, rest, command)

    def connect(self, _rest: str, _command: Command) -> None:
        head = self._switch.heads.plain("CHANNEL_DATA", SOURCES["CHANNEL_DATA"])
        data = with_uuid(self._templates.connect, self.uuid)
        self._out += [head, data, CONNECT_ENDING]

    def linger(self, rest: str, _command: Command) -> None:
        self._linger = atoi(rest) if rest else -1
        seconds = f" {self._linger} seconds" if rest else ""
        self._out.append(frames.reply(f"+OK will linger{seconds}"))

    def myevents(self, _rest: str, command: Command) -> None:
        self._out.append(frames.reply(self._subscription.myevents(self.uuid, command.line)))

    def event(self, rest: str, _command: Command) -> None:
        self._out.append(frames.reply(self._subscription.event(rest)))

    def nixevent(self, rest: str, _command: Command) -> None:
        self._out.append(frames.reply(self._subscription.nixevent(rest)))

    def filter(self, rest: str, _command: Command) -> None:
        self._out.append(frames.reply(self._subscription.filter(rest)))

    def api(self, rest: str, _command: Command) -> None:
        """The answer goes before the events that the command fires."""
        name, _, argument = rest.partition(" ")
        run = _API.get(name)
        place = len(self._out)
        answer = run(self, argument) if run else self._switch.api(name, argument)
        self._out.insert(place, frames.api_response(answer))

    def sendmsg(self, _rest: str, command: Command) -> None:
        self._out.append(OK)
        message = message_from(command.headers, command.body)
        if self.hung_up:
            return
        if message.command == "hangup":
            self._hang_up(cause_named(message.cause))
        else:
            self._execute(message)

    def exit(self, _rest: str, _command: Command) -> None:
        self._out.append(frames.reply("+OK bye"))
        self._linger, self.hung_up = None, True

    # --- events

    def _enter(self, state: str) -> None:
        self._state = state
        self._forms.clear()

    def _fire(self, name: str, headers: dict[str, str]) -> None:
        if not self._subscription.wants(name):
            return
        kind = "json" if self._subscription.format == "json" else "plain"
        form = self._forms.get(kind)
        if form is None:
            form = self._forms[kind] = self._templates.states[self._state][kind].of(self.uuid)
        source = SOURCES.get(name, ELSEWHERE)
        if kind == "plain":
            head = self._switch.heads.plain(name, source)
            body = b"".join((head, form[name], self._extra, render(headers), b"\n"))
        else:
            own = Block({**self._set_ones(), **headers}).json
            parts = (self._switch.heads.next(name, source).json, form[name], own)
            body = b"{" + b",".join([part for part in parts if part]) + b"}"
        self._out.append(frames.event_frame(body, kind))

    def set(self, name: str, value: str) -> None:
        self._variables[name] = value
        self._extra = render(self._set_ones())

    def _set_ones(self) -> dict[str, str]:
        return {f"variable_{name}": value for name, value in self._variables.items() if value}

    # --- what the call does

    def _execute(self, message: Message) -> None:
        self._variables["current_application"] = message.application
        self.set("current_application_data", message.argument or "")
        about = {"Application": message.application}
        if message.argument:
            about["Application-Data"] = message.argument
        ids = {"Application-UUID": message.event_uuid or new_uuid()}
        self._fire("CHANNEL_EXECUTE", {**about, **ids})
        run = _APPLICATIONS.get(message.application)
        response = (run(self, message.argument) if run else None) or "_none_"
        answer = {**about, "Application-Response": response, **ids}
        self._fire("CHANNEL_EXECUTE_COMPLETE", answer)
        if self.hung_up:
            self._report()

    def answer(self, _argument: str) -> None:
        if self._state == "ringing":
            self._enter("answered")
            self._fire("CHANNEL_ANSWER", {})

    def playback(self, argument: str) -> str:
        path = {"Playback-File-Path": argument}
        self._fire("PLAYBACK_START", path)
        self._fire("PLAYBACK_STOP", {**path, "Playback-Status": "done"})
        return "FILE PLAYED"

    def hangup(self, argument: str) -> None:
        self._hang_up(cause_named(argument) if argument else "NORMAL_CLEARING", report=False)

    def _hang_up(self, cause: str, *, report: bool = True) -> None:
        if self.hung_up:
            return
        self.hung_up = True
        self._enter("hangup")
        self._fire("CHANNEL_HANGUP", {"Hangup-Cause": cause})
        if report:
            self._report()

    def _report(self) -> None:
        for path in list(self._recordings):
            self._stop(path)
        self._enter("reporting")
        self._fire("CHANNEL_HANGUP_COMPLETE", {})
        if self._linger is None:
            self._out.append(frames.disconnect_notice(self.uuid))
        else:
            self._out.append(frames.linger_notice(self.uuid, "sofia/internal/load", self._linger))

    # --- API commands

    def uuid_record(self, argument: str) -> str:
        """start and stop make a file; pause, resume, mask and unmask answer."""
        words = separate(argument, " ", 5)
        if len(words) < 3 or words[0] != self.uuid:
            return "-ERR Cannot locate session!\n"
        action, path = words[1], words[2]
        if action == "start":
            self._start(path, bracketed(url_decode(words[4]))[0] if len(words) > 4 else {})
        elif path not in self._recordings:
            return f"-ERR Cannot {action} record session!\n"
        elif action == "stop":
            self._stop(path)
        return "+OK Success\n"

    def _start(self, path: str, variables: dict[str, str]) -> None:
        channels = 2 if is_true(variables.get("RECORD_STEREO")) else 1
        content = self._switch.flat_content.content(channels)
        made = FlatRecording(path, variables, content, channels, self._switch.disk)
        self._recordings[path] = made
        self._fire("RECORD_START", recording_headers(made))

    def _stop(self, path: str) -> None:
        made = self._recordings.pop(path)
        made.close(call_gone=self.hung_up)
        facts = {f"variable_{name}": value for name, value in recording_variables(made).items()}
        cause = {"Record-Completion-Cause": made.cause or ""}
        self._fire("RECORD_STOP", {**facts, **recording_headers(made), **cause})

    def uuid_setvar(self, argument: str) -> str:
        words = separate(argument, " ", 3)
        if len(words) < 2:
            return "-USAGE: <uuid> <var> [value]\n"
        self.set(words[1], words[2] if len(words) > 2 else "")
        return "+OK\n"

    def uuid_setvar_multi(self, argument: str) -> str:
        for pair in separate(argument.partition(" ")[2], ";", 64):
            self._variables[pair.partition("=")[0]] = pair.partition("=")[2]
        self._extra = render(self._set_ones())
        return "+OK\n"

    def uuid_getvar(self, argument: str) -> str:
        return self._variables.get(argument.partition(" ")[2]) or "_undef_"

    def uuid_exists(self, argument: str) -> str:
        return "true" if argument == self.uuid and not self.hung_up else "false"

    def uuid_answer(self, argument: str) -> str:
        self.answer(argument)
        return "+OK\n"

    def uuid_kill(self, argument: str) -> str:
        self._hang_up(cause_named(argument.partition(" ")[2] or "NORMAL_CLEARING"))
        return "+OK\n"

    def agree(self, _argument: str) -> str:
        return "+OK\n"


_COMMANDS: dict[str, Callable[[LoadCall, str, Command], None]] = {
    "connect": LoadCall.connect,
    "linger": LoadCall.linger,
    "myevents": LoadCall.myevents,
    "event": LoadCall.event,
    "nixevent": LoadCall.nixevent,
    "filter": LoadCall.filter,
    "api": LoadCall.api,
    "sendmsg": LoadCall.sendmsg,
    "exit": LoadCall.exit,
}
_API: dict[str, Callable[[LoadCall, str], str]] = {
    "uuid_record": LoadCall.uuid_record,
    "uuid_setvar": LoadCall.uuid_setvar,
    "uuid_setvar_multi": LoadCall.uuid_setvar_multi,
    "uuid_getvar": LoadCall.uuid_getvar,
    "uuid_exists": LoadCall.uuid_exists,
    "uuid_answer": LoadCall.uuid_answer,
    "uuid_kill": LoadCall.uuid_kill,
    **dict.fromkeys(
        ("uuid_break", "uuid_audio", "uuid_jitterbuffer", "sched_hangup"), LoadCall.agree
    ),
}
_APPLICATIONS: dict[str, Callable[[LoadCall, str], str | None]] = {
    "answer": LoadCall.answer,
    "playback": LoadCall.playback,
    "hangup": LoadCall.hangup,
}
