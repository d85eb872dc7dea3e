"""From raw values to settings, with every fault reported in one error.

Pydantic names all faults of single values.  So that the contradictions are not hidden behind them,
the top-level settings with a fault are then replaced by their defaults and the rest is checked.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adapter.config import checks, sources
from adapter.config.faults import Fault, SettingsError
from adapter.config.models import SettingsModel

REMEDIES = {
    "missing": "add it",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "finite_number": "write a finite number",
    "greater_than": "choose a larger value",
    "greater_than_equal": "choose a larger value",
    "less_than_equal": "choose a smaller value",
    "literal_error": "choose one of those",
    "list_type": "write a list",
    "model_type": "write a group of `key: value`",
    "string_type": "write it in quotes",
    "string_pattern_mismatch": "use letters, digits and . _ - only",
    "too_short": "add one, or leave the setting out",
    "string_too_short": "write a value, or leave the setting out",
}
DEFAULT_REMEDY = "see docs/settings.example.yaml for how it is written"


class Settings(SettingsModel):
    """The settings that everything else gets."""

    @classmethod
    def load(
        cls,
        path: Path | None,
        overrides: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        for_calls: bool = True,
    ) -> Self:
        """Settings from the file (if any), the environment and the overrides, in rising order.

        Raises SettingsError with every fault.  What takes no calls (`for_calls` is false) needs no
        folders to write to.
        """
        faults: list[Fault] = []
        raw = _raw(path, overrides or {}, os.environ if environ is None else environ, faults)
        settings, broken = cls._validated(raw, faults)
        if settings is not None:
            found = checks.check(settings, folders=for_calls)
            faults += [fault for fault in found if not broken & _concerned(fault)]
        if settings is None or faults:
            raise SettingsError(faults)
        return settings

    @classmethod
    def _validated(cls, raw: dict[str, Any], faults: list[Fault]) -> tuple[Self | None, set[str]]:
        """Settings without the broken top-level values, and the names of those."""
        try:
            return cls.model_validate(raw), set()
        except ValidationError as error:
            details = [d for d in error.errors() if d["type"] != "default_factory_not_called"]
            faults += [_fault(detail) for detail in details]
            broken = {str(detail["loc"][0]) for detail in details}
        try:
            return cls.model_validate({k: v for k, v in raw.items() if k not in broken}), broken
        except ValidationError:
            return None, broken

    def create_folders(self) -> None:
        """Create the data and recordings folders; SettingsError when one cannot be written."""
        faults = list(checks.create_folders(self))
        if faults:
            raise SettingsError(faults)


def _raw(
    path: Path | None,
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
    faults: list[Fault],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = sources.read_file(path)
        except SettingsError as error:
            faults += error.faults
    values = sources.merged(values, sources.read_environment(environ, faults))
    return sources.merged(values, sources.read_overrides(overrides))


def _concerned(fault: Fault) -> set[str]:
    """The top-level settings that a contradiction rests on."""
    top = fault.setting.partition(".")[0].partition("[")[0]
    return {top} | {
        "http": {"listen"},
        "public_url": {"http", "tls_cert"},
        "tls_key": {"tls_cert"},
        "allow_from": {"listen"},
        "recordings_dir": {"data_dir"},
        "routes": {"projects"},
        "link_expires": {"callbacks", "link_secret"},
    }.get(top, set())


def _fault(detail: ErrorDetails) -> Fault:
    keys = [key for key in detail["loc"] if not _is_internal(key)]
    if detail["type"] == "extra_forbidden":
        return Fault(_name(keys), "is not a setting", _nearest(keys))
    cause = detail.get("ctx", {}).get("error")
    problem = str(cause) if cause is not None else _lowered(detail["msg"])
    return Fault(_name(keys), problem, _remedy(detail["type"], problem, keys))


def _is_internal(key: int | str) -> bool:
    """Pydantic adds the name of the type tried to a location; settings are lower case."""
    return isinstance(key, str) and ("[" in key or key in {"IPv4Network", "IPv6Network"})


def _name(keys: list[int | str]) -> str:
    name = ""
    for key in keys:
        name += f"[{key}]" if isinstance(key, int) else f".{key}" if name else key
    return name


def _lowered(message: str) -> str:
    message = message.removeprefix("Input ")
    return message[:1].lower() + message[1:]


def _remedy(kind: str, problem: str, keys: list[int | str]) -> str:
    if keys[0] in {"listen", "http"}:
        return "write it as 127.0.0.1:8084"
    if keys[0] in {"allow_from", "deny_to"} and len(keys) > 1:
        return "write it as 10.0.0.0/8"
    if "shorter than" in problem:
        return "make a longer one, for example with `openssl rand -hex 24`"
    return REMEDIES.get(kind, DEFAULT_REMEDY)


def _nearest(keys: list[int | str]) -> str:
    model = _model_at(keys[:-1])
    known = list(model.model_fields) if model else []
    near = difflib.get_close_matches(str(keys[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"remove it; known are {', '.join(known)}"


def _model_at(keys: list[int | str]) -> type[BaseModel] | None:
    model: type[BaseModel] = SettingsModel
    for key in keys:
        if isinstance(key, int):
            continue
        found = group_in(model.model_fields[key].annotation) if key in model.model_fields else None
        if found is None:
            return None
        model = found
    return model


def group_in(annotation: Any) -> type[BaseModel] | None:
    """The group of settings that an annotation is or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for option in get_args(annotation) if (found := group_in(option))), None)
