"""Logs: one event per line, as JSON or for a terminal, without secrets.

Events are short sentences; ids are fields. A line below the level costs a method call that does
nothing. What other libraries log through `logging` comes out in the same form.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bind_contextvars, reset_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

_HIDDEN = "[hidden]"
_LONGEST_ID = 100
SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|signing_key|api_key|authorization|signature|cookie", re.I
)
# user:password@ in an address, and query parameters that give access.
_CREDENTIALS = re.compile(r"(?<=://)[^/\s'\"]*@")
# In a leg of a dial string (`freeswitch.dial_strings`) a value ends at a `;` that no backslash
# stands before, or with the leg's variables.
_LEG = "[^^;"
# What else a call answers a challenge by (`methods.sip_refer`).
_AUTH = ";sip_auth_"
_SECRETS_OF_LEGS = re.compile(r"((?:password|secret|token)\w*=)(?:\\+.|[^;\]\\]|\](?!\w+/))+", re.I)
_SECRET_PARAMETERS = re.compile(r"([?&](?:sig|token|key|password|secret)=)[^&\s'\"]+", re.I)


def configure(level: str = "info", style: LogFormat = "json", stream: TextIO | None = None) -> None:
    """Set up structlog and `logging` for the process. `level` is debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    output = stream or sys.stderr
    renderer = _renderer(style, output)
    structlog.configure(
        processors=[*_shared(), _error_text, hide_secrets, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    _take_over_logging(number, renderer, output)


@contextmanager
def about(**ids: Any) -> Iterator[None]:
    """What each line within is about: call_id, step, control_id; only text counts."""
    texts = {name: value[:_LONGEST_ID] for name, value in ids.items() if isinstance(value, str)}
    before = bind_contextvars(**texts)
    try:
        yield
    finally:
        reset_contextvars(**before)


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide values of fields that name a secret, and credentials in addresses."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: Any) -> Any:
    if SECRET_NAMES.search(name) and value is not None:
        return _HIDDEN
    match value:
        case str():
            return hide_credentials(value)
        case bytes():
            return hide_credentials(value.decode("utf-8", "replace"))
        case Mapping():
            return {key: _hidden(str(key), item) for key, item in value.items()}
        case list() | tuple():
            return [_hidden("", item) for item in value]
        case _:
            return value


def hide_credentials(text: str) -> str:
    """`text` without user and password in its addresses, signed parameters, passwords of legs."""
    if "://" not in text and "=" not in text:
        return text
    if _LEG in text or _AUTH in text:
        text = _SECRETS_OF_LEGS.sub(rf"\1{_HIDDEN}", text)
    return _SECRET_PARAMETERS.sub(rf"\1{_HIDDEN}", _CREDENTIALS.sub("", text))


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(style: LogFormat, output: TextIO) -> Processor:
    if style == "console":
        return structlog.dev.ConsoleRenderer(colors=output.isatty())
    return structlog.processors.JSONRenderer(default=str)


# As text before secrets are hidden: a message of another library may hold an address.
_error_text = structlog.processors.format_exc_info


def _take_over_logging(level: int, renderer: Processor, output: TextIO) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _error_text,
            hide_secrets,
            renderer,
        ],
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries tell at INFO what we tell ourselves.
    root.setLevel(max(level, logging.WARNING))
