"""What a step needs of an installation beyond what each has: modules, packages, settings. Pure.

Judged by the document as it is written: what is only known in a call (`${…}`) is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.freeswitch import taps
from adapter.freeswitch.dial_strings import resource_address
from adapter.methods.connect_parts import is_stream
from adapter.sounds.voices import RENDER

if TYPE_CHECKING:
    from adapter.config import Settings

Params = Mapping[str, Any]

FORMATS = {"mp3": "mod_shout", "mp4": "mod_av"}
"""Modules of the switch that write a format; WAV is mod_sndfile's, which every switch has."""


@dataclass(frozen=True, slots=True)
class Need:
    """One of `modules` of the switch, and one of `packages` of Python; and what they are for."""

    what: str
    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    setting: str = ""
    """A setting that is empty."""


def needs(method: str, params: Params, settings: Settings) -> Iterator[Need]:
    """Everything that this step needs."""
    if found := _NEEDS.get(method):
        yield from found(params, settings)
    yield from _spoken(params, settings)
    yield from _played(params)


def _fax(_: Params, __: Settings) -> Iterator[Need]:
    yield Need("faxes", modules=("mod_spandsp",))
    yield Need("faxes: pip install 'swml-freeswitch[fax]'", packages=("pypdfium2",))


def _recording(params: Params, _: Settings) -> Iterator[Need]:
    wanted = params.get("format")
    if module := FORMATS.get(str(wanted).lower()):
        yield Need(f"recordings as {wanted}", modules=(module,))


def _tap(params: Params, settings: Settings) -> Iterator[Need]:
    if str(params.get("uri", "")).lower().startswith(("ws://", "wss://")):
        yield from _stream(params, settings)


def _stream(_: Params, __: Settings) -> Iterator[Need]:
    yield Need("sound to a WebSocket", modules=tuple(taps.FORKS))


def _conference(_: Params, __: Settings) -> Iterator[Need]:
    yield Need("conferences", modules=("mod_conference",))


def _message(_: Params, settings: Settings) -> Iterator[Need]:
    if not settings.sms.url:
        yield Need("messages", setting="sms.url")


def _connect(params: Params, settings: Settings) -> Iterator[Need]:
    if settings.gateway is None and any(map(_is_number, _destinations(params))):
        yield Need("calls to numbers", setting="gateway")
    called = [to for to in _destinations(params) if isinstance(to, str)]
    for to in called:
        if to.startswith("/") and resource_address(to) not in settings.addresses:
            yield Need(f"the address {to[:60]}", setting="resources")
    if any(map(is_stream, called)):
        yield from _stream(params, settings)


def _destinations(params: Params) -> Iterator[Any]:
    """Whom a `connect` calls, however they are written."""
    yield params.get("to")
    for name in ("serial", "parallel", "serial_parallel"):
        yield from _called(params.get(name))


def _called(value: Any) -> Iterator[Any]:
    match value:
        case list():
            for item in value:
                yield from _called(item)
        case Mapping():
            yield value.get("to")
        case _:
            yield value


def _is_number(to: Any) -> bool:
    return isinstance(to, str) and to.lstrip("+").isdigit()


def _recognised(params: Params, settings: Settings) -> Iterator[Need]:
    if any(str(name).startswith("speech_") for name in params):
        yield from _written_down(params, settings)


def _written_down(_: Params, settings: Settings) -> Iterator[Need]:
    engine = settings.recogniser.engine
    if engine in ("pocketsphinx", "vosk"):
        yield Need(f"the recogniser {engine}", packages=(engine,))


_NEEDS: Mapping[str, Callable[[Params, Settings], Iterator[Need]]] = {
    "connect": _connect,
    "join_conference": _conference,
    "join_room": _conference,
    "prompt": _recognised,
    "receive_fax": _fax,
    "record": _recording,
    "record_call": _recording,
    "send_fax": _fax,
    "send_sms": _message,
    "stream": _stream,
    "tap": _tap,
    "transcribe": _written_down,
}


def _spoken(params: Params, settings: Settings) -> Iterator[Need]:
    """`say:` needs the engine that speaks where no rule of the settings says otherwise."""
    speech = settings.speech
    if speech.engine != RENDER and any(sound.startswith("say:") for sound in _sounds(params)):
        yield Need("speech", modules=(f"mod_{speech.engine}",))


def _played(params: Params) -> Iterator[Need]:
    if any(sound.partition("?")[0].lower().endswith(".mp3") for sound in _sounds(params)):
        yield Need("MP3 files", modules=("mod_shout",))


def _sounds(params: Params) -> Iterator[str]:
    for name in ("url", "urls", "play", "ringback"):
        value = params.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                yield one
