"""What a simulated switch is like: its ports, its modules, its dialplan, its pace."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

_MODULES = (
    "mod_commands mod_conference mod_console mod_curl mod_db mod_dialplan_xml mod_dptools "
    "mod_event_socket mod_flite mod_hash mod_local_stream mod_loopback mod_native_file "
    "mod_say_en mod_shout mod_sndfile mod_sofia mod_spandsp mod_tone_stream"
)
DEFAULT_MODULES = frozenset(_MODULES.split())
PER_RECORDING_VARIABLES_SINCE = (1, 10, 7)  # uuid_record drops its {variables} before


class SettingsFault(ValueError):
    """A setting of the simulated switch is wrong; the message says which and what to do."""


class Pace(StrEnum):
    """REAL: 20 ms ticks and real audio. FLAT: every application ends at once, for load."""

    REAL = "real"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Action:
    """One application of a dialplan."""

    application: str
    data: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """Actions for the destination numbers that `pattern` (a regular expression) finds."""

    pattern: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Callee:
    """Who is called at numbers that `pattern` finds.

    It rings for `rings` seconds (`silent`: nobody is told so); then it answers and talks for
    `talks` seconds (None: until the caller hangs up) as a tone of `tone` Hz, or fails with
    `cause`, or (`answers` is false) rings on. `says` and `steps` are a caller's (Step.from_data).
    """

    pattern: str
    rings: float = 0.1
    talks: float | None = None
    tone: float = 500.0
    cause: str | None = None
    answers: bool = True
    silent: bool = False
    says: Mapping[str, Any] | None = None
    steps: tuple[Mapping[str, Any], ...] = ()


def adapter_dialplan(hosts: str = "127.0.0.1:8084", path: str = "") -> tuple[Extension, ...]:
    """A dialplan that keeps a call over an adapter's restart: resume, wait, try again.

    hosts: `host:port`, or several with `|` between them; each gets the path, since only the
    host that answers brings its own.
    """
    targets = [f"{host}/{path}" if path else host for host in hosts.split("|")]
    socket = f"{'|'.join(targets)} async full"
    again = Action("transfer", "${destination_number} XML ${context}")
    actions = (
        Action("set", "socket_resume=true"),
        Action("socket", socket),
        Action("sleep", "500"),
        again,
    )
    return (Extension(".*", actions),)


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """Settings of one simulated switch.

    poll_ms: how long an event may wait in the switch while its listener waits for a command.
    live_files: recordings grow in 64 KiB steps while they run; otherwise they appear at close.
    flat_seconds: how long every recording of flat pace is; 0: there are no files at all.
    last_resort: transfers of one call before the switch gives up on it.
    gateways: their names; empty: every name is one. dead_gateways: those that are down.
    """

    host: str = "127.0.0.1"
    port: int = 0
    password: str = "ClueCon"  # noqa: S105 - FreeSWITCH's own well-known default
    hostname: str = "simswitch"
    version: str = "1.10.12"
    modules: frozenset[str] = DEFAULT_MODULES
    dialplan: tuple[Extension, ...] = field(default_factory=adapter_dialplan)
    callees: tuple[Callee, ...] = (Callee(".*"),)
    gateways: frozenset[str] = frozenset()
    dead_gateways: frozenset[str] = frozenset()
    pace: Pace = Pace.REAL
    poll_ms: float = 20.0
    live_files: bool = True
    flat_seconds: float = 1.0
    last_resort: int = 200
    global_variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_recording_variables(self) -> bool:
        """Whether this version honours the {variables} of `uuid_record`."""
        return version_tuple(self.version) >= PER_RECORDING_VARIABLES_SINCE

    def with_dialplan(self, dialplan: tuple[Extension, ...]) -> "SwitchSettings":
        return replace(self, dialplan=dialplan)

    def with_changes(self, changes: Mapping[str, Any]) -> "SwitchSettings":
        """These settings with some replaced, from plain data; raises SettingsFault."""
        known = {item.name for item in fields(self)}
        unknown = sorted(set(changes) - known - {"missing_modules"})
        if unknown:
            raise SettingsFault(f"unknown setting {unknown[0]!r}; there are: {sorted(known)}")
        values = {name: _plain(name, value) for name, value in changes.items() if name in known}
        missing = frozenset(changes.get("missing_modules", ()))
        if missing:
            values["modules"] = values.get("modules", self.modules) - missing
        return replace(self, **values)


def version_tuple(version: str) -> tuple[int, ...]:
    numbers = version.split("-")[0].split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


def load_settings(path: Path, base: SwitchSettings | None = None) -> SwitchSettings:
    """Settings from a YAML file; raises SettingsFault."""
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SettingsFault(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise SettingsFault(f"{path}: write settings as `name: value` lines")
    return (base or SwitchSettings()).with_changes(data)


def _plain(name: str, value: Any) -> Any:
    match name:
        case "modules" | "gateways" | "dead_gateways":
            return frozenset(value)
        case "pace":
            return Pace(value)
        case "callees":
            return _callees(value)
        case "dialplan" if not isinstance(value, tuple):
            return _dialplan(value)
        case _:
            return value


def _dialplan(value: Any) -> tuple[Extension, ...]:
    """A list of actions (`application: data`), or a mapping of pattern to such a list."""
    extensions = value if isinstance(value, dict) else {".*": value}
    return tuple(Extension(pattern, _actions(items)) for pattern, items in extensions.items())


def _callees(value: Any) -> tuple[Callee, ...]:
    """A list of mappings with the fields of Callee."""
    try:
        return tuple(item if isinstance(item, Callee) else Callee(**item) for item in value)
    except TypeError as error:
        raise SettingsFault(f"callees: {error}; write a list of {{pattern: …}}") from error


def _actions(items: Any) -> tuple[Action, ...]:
    if not isinstance(items, list):
        raise SettingsFault("dialplan: write each extension's actions as a list")
    return tuple(_action(item) for item in items)


def _action(item: Any) -> Action:
    match item:
        case str():
            application, _, data = item.partition(" ")
            return Action(application, data)
        case dict() if len(item) == 1:
            ((application, data),) = item.items()
            return Action(str(application), "" if data is None else str(data))
        case _:
            raise SettingsFault(f"dialplan: {item!r} is not `application: data`")
