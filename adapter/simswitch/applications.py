"""The dialplan applications, each found by its name.

Source: mod_dptools.c, switch_ivr_play_say.c, mod_event_socket.c (socket_function). An
application returns when it is done; how it went it says with `session.respond`.
"""

from collections.abc import Callable
from functools import partial

import gevent
import structlog

from adapter.simswitch.audio import RATE
from adapter.simswitch.bridging import bridge, hears, stops_hearing
from adapter.simswitch.causes import cause_named
from adapter.simswitch.channel import Channel
from adapter.simswitch.conferencing import conference
from adapter.simswitch.faxing import rxfax, stopfax, txfax
from adapter.simswitch.outbound import socket
from adapter.simswitch.player import LONG_WAIT, FileHandle
from adapter.simswitch.playing import play
from adapter.simswitch.session import Application, Session
from adapter.simswitch.strings import atoi, bracketed, separate, url_decode
from adapter.simswitch.switch import Switch
from adapter.simswitch.tapping import eavesdrop
from adapter.simswitch.thread import Ending
from adapter.simswitch.tones import Sound, sound, spoken

log = structlog.get_logger()

ANY_DIGIT = "1234567890*#"
FLITE_VOICES = frozenset({"awb", "kal", "kal16", "rms", "slt"})


APPLICATIONS: dict[str, Application] = {}


def application(
    *names: str, needs_media: bool = False
) -> Callable[[Callable[[Session, str], None]], Callable[[Session, str], None]]:
    """Registers a function under its names; `needs_media`: it starts early media first."""

    def register(run: Callable[[Session, str], None]) -> Callable[[Session, str], None]:
        for name in names:
            APPLICATIONS[name] = Application(run, needs_media)
        return run

    return register


def applications(switch: Switch) -> dict[str, Application]:
    """All of them; three reach beyond their own call, to what else the switch runs."""
    return APPLICATIONS | {
        "socket": Application(partial(socket, switch)),
        "bridge": Application(partial(bridge, switch)),
        "conference": Application(partial(conference, switch), needs_media=True),
    }


application("rxfax")(rxfax)
application("txfax")(txfax)
application("stopfax")(stopfax)
application("eavesdrop", needs_media=True)(eavesdrop)


@application("answer")
def answer(session: Session, _data: str) -> None:
    session.channel.answer()


@application("pre_answer", "ring_ready")
def pre_answer(session: Session, _data: str) -> None:
    session.channel.pre_answer()


@application("hangup")
def hangup(session: Session, data: str) -> None:
    session.channel.hangup(cause_named(data) if data else "NORMAL_CLEARING")


@application("log", "info", "event", "eval", "presence")
def nothing(_session: Session, _data: str) -> None:
    """Its argument was expanded; nothing else can be seen of it from outside."""


@application("export", "bridge_export")
def export(session: Session, data: str) -> None:
    """`[nolocal:]name=value`: the legs that this call makes get it too."""
    name = data.partition("=")[0]
    names = session.channel.variables.get("export_vars")
    session.channel.set("export_vars", f"{names},{name}" if names else name)
    set_variable(session, data.removeprefix("nolocal:"))


@application("set")
def set_variable(session: Session, data: str) -> None:
    """`name=value`; set expands its value a second time."""
    name, equals, value = data.partition("=")
    if not equals:
        name, _, value = data.partition(",")
    session.channel.set(name, session.expand(value))


@application("multiset")
def multiset(session: Session, data: str) -> None:
    separator = " "
    if data.startswith("^^"):
        separator, data = data[2:3] or " ", data[3:]
    for pair in data.split(separator):
        if pair:
            set_variable(session, pair)


@application("unset")
def unset(session: Session, data: str) -> None:
    session.channel.set(data, None)


@application("multiunset")
def multiunset(session: Session, data: str) -> None:
    separator = data[2] if data.startswith("^^") and len(data) > 2 else " "
    for name in data.removeprefix(f"^^{separator}").split(separator):
        session.channel.set(name, None)


@application("sleep")
def sleep(session: Session, data: str) -> None:
    """Milliseconds; a digit ends it and stays for the next who asks."""
    session.wait(atoi(data) / 1000)


@application("park", needs_media=True)
def park(session: Session, _data: str) -> None:
    before, session.controlled = session.controlled, True
    session.park()
    session.controlled = before


@application("echo", needs_media=True)
def echo(session: Session, _data: str) -> None:
    """The party hears itself until that is broken off; keys stay for the next who asks."""
    channel = session.channel
    heard = hears(channel, channel, "echo")
    while session.can_go_on() and not session.take_break() and not session.flat:
        session.run_messages()
        session.pause(LONG_WAIT)
    stops_hearing(channel, *heard)


@application("playback", "endless_playback", needs_media=True)
def playback(session: Session, data: str) -> None:
    """FILE PLAYED, FILE NOT FOUND or PLAYBACK ERROR, as the switch responds."""
    name = data.partition("@@")[0]
    if name.startswith("say:"):
        spoke = _say(session, name.removeprefix("say:"))
        session.respond("FILE PLAYED" if spoke else "PLAYBACK ERROR")
        return
    found = _speech(session, name) if name.startswith("tts://") else None
    found = found or sound(name, session.switch.sounds)
    session.channel.set("playback_terminator_used", None)
    if not name or not session.channel.ready:
        session.respond("PLAYBACK ERROR")
    elif found is None:
        session.respond("FILE NOT FOUND")
    else:
        ending = _play_file(session, found)
        gone = ending is Ending.GONE and not session.channel.down
        session.respond("PLAYBACK ERROR" if gone else "FILE PLAYED")


def _play_file(session: Session, found: Sound) -> Ending:
    channel = session.channel
    path = {"Playback-File-Path": found.name}
    if found.kind == "tone":
        path = {"Playback-File-Type": "tone_stream", **path}
    channel.fire("PLAYBACK_START", path)
    session.file = file = FileHandle()
    ending = play(session, found, lambda digit: _terminates(channel, digit), file)
    session.file = None  # also if it is another one's by now, as the switch does
    _remember_playing(channel)
    status = "break" if ending is Ending.BROKEN else "done"
    channel.fire("PLAYBACK_STOP", {**path, "Playback-Status": status})
    return ending


def _remember_playing(channel: Channel) -> None:
    """The variables a playback leaves; a real switch counts what it had read ahead."""
    ms = round(channel.heard[-1].ms)
    values = {
        "playback_last_offset_pos": ms * RATE // 1000,
        "playback_seconds": ms // 1000,
        "playback_ms": ms,
        "playback_samples": ms * RATE // 1000,
    }
    channel.variables.update({name: str(value) for name, value in values.items()})


def _terminates(channel: Channel, digit: str) -> bool:
    """on_dtmf: the digits that end a playback, `*` unless told otherwise."""
    wanted = channel.get("playback_terminators") or "*"
    wanted = {"any": ANY_DIGIT, "none": ""}.get(wanted.lower(), wanted)
    if digit not in wanted:
        return False
    channel.set("playback_terminator_used", digit)
    return True


@application("speak", needs_media=True)
def speak(session: Session, data: str) -> None:
    """`engine|voice|text`; without an engine's module nothing is said."""
    channel = session.channel
    parts = data.split("|", 2)
    engine = parts[0] if len(parts) > 2 else channel.get("tts_engine")
    voice = parts[-2] if len(parts) > 1 else channel.get("tts_voice")
    if not (engine and voice and parts[-1]):
        channel.hangup("DESTINATION_OUT_OF_ORDER")
        return
    _speak(session, engine, voice, parts[-1])


def _say(session: Session, text: str) -> bool:
    """`playback say:text`: the engine and the voice are variables."""
    session.channel.set("playback_terminator_used", None)
    engine = session.channel.get("tts_engine") or ""
    return _speak(session, engine, session.channel.get("tts_voice") or "", text)


def _speech(session: Session, name: str) -> Sound | None:
    """`tts://engine|voice|text`: a file, where there is such a voice."""
    parts = name.removeprefix("tts://").split("|", 2)
    if len(parts) < 3 or not _has_voice(session, parts[0], parts[1]):
        return None
    session.switch.note_speech(session.channel, parts[2])
    return spoken(parts[2])


def _has_voice(session: Session, engine: str, voice: str) -> bool:
    known = f"mod_{engine.split(':')[0]}" in session.switch.settings.modules
    if known and (engine != "flite" or voice in FLITE_VOICES):
        return True
    log.info("no such voice", engine=engine, voice=voice, call_id=session.channel.uuid)
    return False


def _speak(session: Session, engine: str, voice: str, text: str) -> bool:
    """Whether there is such an engine, with such a voice."""
    channel = session.channel
    if not _has_voice(session, engine, voice):
        return False
    session.switch.note_speech(channel, text)
    play(session, spoken(text), lambda digit: _terminates(channel, digit))
    return True


@application("send_dtmf", needs_media=True)
def send_dtmf(session: Session, data: str) -> None:
    session.channel.sent_digits.append(data.partition("@")[0])


@application("queue_dtmf", needs_media=True)
def queue_dtmf(session: Session, data: str) -> None:
    session.channel.queue_digits(data.partition("@")[0], "APP")


@application("start_dtmf", "stop_dtmf", "start_dtmf_generate", "flush_dtmf", needs_media=True)
def in_band_digits(_session: Session, _data: str) -> None:
    """Simulated callers send RFC 2833 only, so there is nothing to detect in the audio."""


@application("transfer")
def transfer(session: Session, data: str) -> None:
    """`extension [dialplan [context]]`."""
    parts = separate(data, " ", 4)
    if parts:
        context = parts[2] if len(parts) > 2 else session.channel.facts.context
        session.transfer(parts[0], context)


@application("sched_hangup")
def sched_hangup(session: Session, data: str) -> None:
    """`[+]seconds [cause]`."""
    parts = separate(data, " ", 3)
    if parts:
        cause = cause_named(parts[1]) if len(parts) > 1 else "ALLOTTED_TIMEOUT"
        session.switch.schedule_hangup(session.channel, parts[0], cause)


@application("record_session", needs_media=True)
def record_session(session: Session, data: str) -> None:
    """`path [+limit] [{variables}]`."""
    parts = data.split(" ", 2)
    rest = parts[1:]
    limit = atoi(rest.pop(0)[1:]) if rest and rest[0].startswith("+") else 0
    variables = bracketed(url_decode(rest[0]))[0] if rest else {}
    session.recordings.start(parts[0], limit, variables)


@application("stop_record_session", needs_media=True)
def stop_record_session(session: Session, data: str) -> None:
    session.recordings.stop(data)


@application("system", "bgsystem")
def system(session: Session, data: str) -> None:
    """Noted as a violation, never run."""
    session.switch.violate(session.channel, f"system {data}")


@application("wait_for_silence", "wait_for_answer")
def immediately(_session: Session, _data: str) -> None:
    gevent.sleep(0)
