"""Every command that this program sends to a switch, and the only place that quotes a value.

Nothing from outside reaches the switch as code. What it would act on:

- CR, LF and NUL end a header or a command (mod_event_socket.c, `read_packet`): refused.
- `${…}` in an *application's* argument is expanded, API calls in it included
  (switch_channel.c, `switch_channel_expand_variables_check`): `${system(…)}` is a shell.
  A backslash is no defence, since `set` and others expand twice: refused, or, in text that is
  spoken, taken apart. API arguments are not expanded.
- Blanks split the arguments of an API call, and `{a=b,c=d}`, `,`, `|`, `!`, `@@`, `://`
  and `^^x` carry meaning in what some of them take: each builder below says what it accepts.

Builders are pure and return the bytes of a whole command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from adapter.freeswitch.errors import UnsafeValue

_LINE_ENDS = re.compile(r"[\r\n\0]")
_WORD = re.compile(r"[^\s\x00-\x1f\x7f{}\[\],|'\"\\^$!]+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")  # what `quote` leaves as it is
_SEPARATING = re.compile(r"[;'\\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

SUBSCRIBED = (
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_UNBRIDGE",
    "DTMF",
    "RECORD_STOP",
)
"""What is read of a call. Each event costs 6 to 7 kB on the wire."""


LONGEST_LINE = 4096
"""Bytes of an argument that is sent as a header; a longer one is the message's body. The switch
reads headers byte by byte (mod_event_socket.c, `read_packet`)."""


def line(text: str) -> str:
    """`text` if it is one line; raises `UnsafeValue` else."""
    if _LINE_ENDS.search(text):
        raise UnsafeValue(f"a line break or NUL cannot be sent to the switch: {text[:60]!r}")
    return text


def inert(text: str) -> str:
    """`text` if the switch would expand nothing in it; raises `UnsafeValue` else."""
    if "${" in line(text):
        raise UnsafeValue(f"the switch would expand '${{' here: {text[:60]!r}")
    return text


def word(text: str) -> str:
    """`text` if every API takes it as one plain argument; raises `UnsafeValue` else."""
    if not _WORD.fullmatch(text):
        raise UnsafeValue(f"this is no plain word for the switch: {text[:60]!r}")
    return text


def speakable(text: str) -> str:
    """`text` as one line that an engine reads aloud and the switch leaves alone.

    In `playback`'s argument an offset follows `@@` (mod_dptools.c, `playback_function`), and `|`
    separates in `speak`'s; a blank takes these and an expansion apart without being heard.
    """
    plain = _CONTROL.sub(" ", text).replace("|", " ").replace("${", "$ {")
    return plain.replace("@", "@ ").strip() if "@@" in plain else plain.strip()


def speech_file(engine: str, voice: str, text: str) -> str:
    """Speech as a file that is made while it plays (mod_dptools.c, `tts_file_open`).

    `playback say:` and `speak` end with a part of a frame, and a recording of what the party hears
    waits for the rest of it, deaf until the next sound (switch_core_media_bug.c,
    `switch_core_media_bug_read`: 2 of 6.7 seconds were recorded).

    Two apostrophes are taken for quotes and go (`dont`); no escape survives what a running switch
    makes of an argument. A backslash escapes, and braces at the beginning are parameters.
    """
    plain = speakable(text).replace("\\", " ").lstrip("{ ")
    return f"tts://{engine}|{voice}|{plain}"


def variables(values: Mapping[str, str]) -> str:
    """`{a=b,c=d}` for `uuid_record`, each value percent-encoded twice.

    The switch decodes the whole before it looks for `}`, `,`, quotes and backslashes
    (mod_commands.c, `session_record_function`). Encoded once, a comma in a value would start a
    variable of its own, and `record_post_process_exec_app` is one that runs a program. What is
    left of the encoding comes off where an event is read: the switch sends `%2C` as it stands
    (switch_utils.c, `switch_url_encode`).
    """
    return "{" + ",".join(f"{_name(name)}={_quoted(value)}" for name, value in values.items()) + "}"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise UnsafeValue(f"this is no name of a variable: {text[:60]!r}")
    return text


def _quoted(value: str) -> str:
    if _UNRESERVED.fullmatch(value):
        return value
    return quote(quote(value, safe="", errors="replace"), safe="")


def _command(text: str) -> bytes:
    return line(text).encode("utf-8", "replace") + b"\n\n"


def connect() -> bytes:
    """Ask for the channel's data; the switch waits for this before it does anything."""
    return b"connect\n\n"


def auth(password: str) -> bytes:
    """Log in to the switch's own event socket (inbound mode)."""
    return _command(f"auth {password}")


def subscribe(names: Iterable[str] = SUBSCRIBED) -> bytes:
    """Add events to the list; the filters stay."""
    return _command(f"event plain {' '.join(names)}")


def add_filter(header: str, value: str) -> bytes:
    """Let events pass whose header has this value, beside those that pass already.

    With none, every call's events pass. `myevents` could not be widened: it refuses whatever has
    not our call's Unique-ID (mod_event_socket.c, `event_handler`).
    """
    return _command(f"filter {word(header)} {word(value)}")


def remove_filter(header: str, value: str) -> bytes:
    """Take a filter back."""
    return _command(f"filter delete {word(header)} {word(value)}")


def linger(seconds: int) -> bytes:
    """Keep the socket for `seconds` after the hangup; without a number it stays for ever."""
    return _command(f"linger {seconds:d}")


def api(name: str, *arguments: str) -> bytes:
    """An API call, answered while applications run. Arguments are joined by blanks as given."""
    return _command(" ".join(("api", name, *arguments)))


def background(job: str, name: str, *arguments: str) -> bytes:
    """An API call that is answered by a BACKGROUND_JOB whose Job-UUID is `job`."""
    return f"{line(' '.join(('bgapi', name, *arguments)))}\nJob-UUID: {word(job)}\n\n".encode(
        "utf-8", "replace"
    )


def execute(application: str, argument: str = "", *, event_uuid: str) -> bytes:
    """Run an application on our call; `event_uuid` comes back on its CHANNEL_EXECUTE_COMPLETE.

    An empty argument is not sent: `stop_record_session` with one crashed FreeSWITCH 1.10.8.
    """
    head = (
        f"sendmsg\ncall-command: execute\nexecute-app-name: {word(application)}\n"
        f"Event-UUID: {word(event_uuid)}\n"
    ).encode("utf-8", "replace")
    data = inert(argument).encode("utf-8", "replace")
    if not data.strip(b" "):
        return head + b"\n"
    if len(data) <= LONGEST_LINE:
        return head + b"execute-app-arg: " + data + b"\n\n"
    return head + b"content-type: text/plain\ncontent-length: %d\n\n%b" % (len(data), data)


def hangup(cause: str) -> bytes:
    """End our call with a Q.850 cause as FreeSWITCH names it (`NORMAL_CLEARING`)."""
    return f"sendmsg\ncall-command: hangup\nhangup-cause: {word(cause)}\n\n".encode(
        "utf-8", "replace"
    )


def answer(uuid: str) -> bytes:
    """Answer a call; does nothing on an answered one."""
    return api("uuid_answer", word(uuid))


def ring(uuid: str) -> bytes:
    """Let who calls hear that it rings (180); nothing once there is any media."""
    return api("uuid_ring_ready", word(uuid))


def set_variables(uuid: str, values: Mapping[str, str]) -> bytes:
    """Set channel variables. A value is not expanded now, but wherever it is referenced."""
    pairs = ";".join(f"{_name(name)}={_setting(value)}" for name, value in values.items())
    return api("uuid_setvar_multi", word(uuid), pairs)


def _setting(value: str) -> str:
    if _SEPARATING.search(inert(value)):
        raise UnsafeValue(f"; ' and \\ would mix up variables: {value[:60]!r}")
    return value


def set_variable(uuid: str, name: str, value: str) -> bytes:
    """Set one channel variable, whose value may hold `;` and blanks inside."""
    if re.search(r"['\\]", inert(value)) or value != value.strip():
        raise UnsafeValue(f"' and \\ would be taken off this value: {value[:60]!r}")
    return api("uuid_setvar", word(uuid), _name(name), value)


def get_variable(uuid: str, name: str) -> bytes:
    """Ask for a channel variable of any call; `_undef_` where it is not set."""
    return api("uuid_getvar", word(uuid), _name(name))


def record_start(uuid: str, path: str, limit: int, options: Mapping[str, str]) -> bytes:
    """Start a recording. The limit (whole seconds, 0 = none) must be there or options are dropped.

    `path` must hold no blank: the switch would record to the part before it and say `+OK`.
    """
    return api("uuid_record", word(uuid), "start", word(path), f"{limit:d}", variables(options))


def record_control(uuid: str, action: str, path: str) -> bytes:
    """`stop`, `pause`, `resume`, `mask` or `unmask` a recording by its path."""
    return api("uuid_record", word(uuid), action, word(path))


def silent_call(uuid: str) -> bytes:
    """A call of the switch to nobody (mod_loopback's endpoint `null`), parked: it only has time."""
    return api("originate", f"{{origination_uuid={word(uuid)}}}null/swml-adapter", "&park()")


def kill(uuid: str, cause: str = "NORMAL_CLEARING") -> bytes:
    """Hang up a call that is not ours."""
    return api("uuid_kill", word(uuid), word(cause))


def exists(uuid: str) -> bytes:
    """Ask whether there is such a call on the switch: `true` or `false`."""
    return api("uuid_exists", word(uuid))


def deflect(uuid: str, uri: str) -> bytes:
    """Send a REFER to a SIP URI; the argument is the rest of the line and ends up in a header."""
    if re.search(r"[\s<>\"\\]", uri):
        raise UnsafeValue(f"this is no SIP URI: {uri[:60]!r}")
    return api("uuid_deflect", word(uuid), uri)


def schedule_record_stop(task: str, seconds: int, uuid: str, path: str) -> bytes:
    """Stop a recording in `seconds`, whether we live or not; `task` names that to `unschedule`."""
    stop = ("uuid_record", word(uuid), "stop", word(path))
    return api("sched_api", f"+{seconds:d}", word(task), *stop)


def unschedule(task: str) -> bytes:
    """Forget what was scheduled under this name."""
    return api("sched_del", word(task))


def jitter_buffer(uuid: str, milliseconds: int) -> bytes:
    """Give a running call a jitter buffer of so many milliseconds."""
    return api("uuid_jitterbuffer", word(uuid), f"{milliseconds:d}")


def cut_off(uuid: str) -> bytes:
    """Cut off what plays now; what waits behind it goes on."""
    return api("uuid_break", word(uuid))


def preprocess(uuid: str, what: str) -> bytes:
    """Change what the party says by speexdsp: `r.noise_suppress=-30`, or `stop`."""
    return api("uuid_preprocess", word(uuid), word(what))


def send_info(uuid: str, mime: str, content: str) -> bytes:
    """Send the other end a SIP INFO, `mime` as `application/json`; `content` is one word."""
    kind, _, subtype = mime.partition("/")
    if re.search(r"[\s']", content):
        raise UnsafeValue(f"this is no single word to send: {content[:60]!r}")
    return api("uuid_send_info", word(uuid), word(kind), word(subtype), content)


def file_control(uuid: str, action: str) -> bytes:
    """`pause` or go on with the file that plays now: the same word does both."""
    return api("uuid_fileman", word(uuid), word(action))


def schedule_hangup(uuid: str, seconds: int, cause: str) -> bytes:
    """Hang the call up in `seconds`, whether we live or not."""
    return api("sched_hangup", f"+{seconds:d}", word(uuid), word(cause))
