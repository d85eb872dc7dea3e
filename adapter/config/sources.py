"""Where the values come from: a YAML file, the environment, the command line.

- Each later one wins: default < file < `SWML_*` < command line.  Groups are merged key by key,
  lists are replaced as a whole.
- A relative path means what its writer meant: in the file it is relative to the file's folder, in
  the environment and on the command line to the current folder.
- Values that pydantic can read from text (`"5"`, `"true"`) stay text here; only what the model says
  is a list or a group is parsed as JSON, so that a secret such as `[abc` stays what it is.
"""

import json
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from adapter.config.faults import Fault, SettingsError
from adapter.config.models import SettingsModel

PREFIX = "SWML_"
NESTING = "__"
# Names with the prefix that are not settings: the file's own name, and what only tests read.
RESERVED = ("SWML_CONFIG", "SWML_TEST_")
PATHS = ("data_dir", "recordings_dir", "folder", "tls_cert", "tls_key")
SOURCES = ("swml", "fallback")


class _Loader(yaml.SafeLoader):
    """YAML in which a repeated key is an error: the first of two `routes` would be lost."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, str) and key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"{key} is there twice", problem_mark=key_node.start_mark
            )
        if isinstance(key, str):
            seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_file(path: Path) -> dict[str, Any]:
    """The file's values with its paths made absolute; SettingsError when it cannot be read."""
    try:
        values = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise _unusable(
            path, f"cannot be read ({error.strerror})", "check its name and rights"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unusable(path, f"is not YAML: {_where(error)}", "correct that line") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _unusable(path, "is not a mapping", "write one `setting: value` a line")
    return anchored({str(key): value for key, value in values.items()}, path.absolute().parent)


def _unusable(path: Path, problem: str, remedy: str) -> SettingsError:
    return SettingsError([Fault(str(path), problem, remedy)])


def _where(error: Exception) -> str:
    """The place and the problem, without the line's text: it may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not text in UTF-8"
    return f"line {mark.line + 1}, column {mark.column + 1}, {problem}" if mark else problem


def read_environment(environ: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    """The `SWML_*` values as nested groups; JSON that cannot be read becomes a fault."""
    values: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(RESERVED):
            continue
        keys = name.removeprefix(PREFIX).lower().split(NESTING)
        try:
            value = _parsed(environ[name], keys)
        except ValueError:
            faults.append(Fault(name, "is not JSON", "write the list or group as JSON"))
            continue
        values = merged(values, _nested(keys, value))
    return anchored(values, Path.cwd())


def _parsed(text: str, keys: list[str]) -> Any:
    return json.loads(text) if _is_structured(keys) else text


def _is_structured(keys: list[str]) -> bool:
    """Whether the model expects a list or a group at `keys`."""
    model: type[BaseModel] = SettingsModel
    for position, key in enumerate(keys):
        field = model.model_fields.get(key)
        if field is None:
            return False
        kinds = list(_kinds(field.annotation))
        group = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if position == len(keys) - 1:
            return group is not None or list in kinds
        if group is None:
            return False
        model = group
    return False


def _kinds(annotation: Any) -> Iterator[Any]:
    """The plain types of an annotation, without Annotated and unions."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for option in get_args(annotation):
            yield from _kinds(option)
    else:
        yield origin or annotation


def read_overrides(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The command line's values; `a.b` names a nested one, and None was not given."""
    values: dict[str, Any] = {}
    for name, value in overrides.items():
        if value is not None:
            values = merged(values, _nested(name.split("."), value))
    return anchored(values, Path.cwd())


def _nested(keys: list[str], value: Any) -> dict[str, Any]:
    for key in reversed(keys):
        value = {key: value}
    return dict(value)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` overlaid with `above`."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = merged(old, value)
        result[key] = value
    return result


def anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`values` with the relative paths in it (also those of routes) under `folder`."""
    result = {key: _anchored_value(key, value, folder) for key, value in values.items()}
    routes = result.get("routes")
    if isinstance(routes, list):
        result["routes"] = [
            anchored(route, folder) if isinstance(route, dict) else route for route in routes
        ]
    return result


def _anchored_value(key: str, value: Any, folder: Path) -> Any:
    is_path = key in PATHS or (key in SOURCES and "://" not in str(value))
    if not is_path or not isinstance(value, str | Path) or not str(value):
        return value
    return str(folder / Path(value).expanduser())
