"""The templates of the dialplan and of a switch configuration, rendered to a folder.

Values are escaped for XML by the template engine, and a value that a template wants and nobody gave
is an error.  The event socket's password is made anew each time; it is returned and not logged.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import ValidationError
from pydantic_core import ErrorDetails

import adapter
from adapter.rendering.options import DialplanOptions, Options, SwitchOptions

DIALPLAN = "dialplan"
SWITCH = "freeswitch-conf"
ENDING = ".j2"
FRAGMENTS = frozenset({"extension.xml.j2", "queues.xml.j2"})  # parts of other templates
SECRET_FILES = frozenset({"event_socket.conf.xml"})
SECRET_MODE = 0o640  # the switch may run as another user of the group

# What the adapter's methods use of the switch, in the order to load it.
MODULES = (
    "mod_logfile", "mod_console", "mod_commands", "mod_dptools", "mod_dialplan_xml",
    "mod_event_socket", "mod_sofia", "mod_loopback", "mod_sndfile", "mod_native_file",
    "mod_tone_stream", "mod_local_stream", "mod_shout", "mod_av", "mod_flite", "mod_conference",
    "mod_spandsp", "mod_avmd", "mod_fifo", "mod_db", "mod_hash", "mod_expr", "mod_opus",
    "mod_say_en",
)  # fmt: skip
NEEDED = MODULES[2:7]  # without these no call reaches the adapter
MODULE_FOLDERS = (
    Path("/usr/local/freeswitch/lib/freeswitch/mod"),
    Path("/usr/local/freeswitch/mod"),
    Path("/usr/lib/freeswitch/mod"),
)

Chosen = TypeVar("Chosen", bound=Options)


class RenderError(ValueError):
    """An option is wrong or a file is in the way; the text has one line for each."""


def render_dialplan(out: Path, *, force: bool = False, **options: Any) -> dict[str, Any]:
    """Render the extension `swml.xml` and a systemd unit into `out`.

    The options are those of DialplanOptions.  Returns all of them and the `files` written; raises
    RenderError for wrong options, and for existing files unless `force` is set.
    """
    chosen = _checked(DialplanOptions, options)
    values = {**_values(chosen), **_hosts(chosen)}
    return {**_values(chosen), "files": _render(DIALPLAN, out, values, force=force)}


def render_freeswitch_conf(out: Path, *, force: bool = False, **options: Any) -> dict[str, Any]:
    """Render a whole switch configuration into `out`, for `freeswitch -conf OUT`.

    The options are those of SwitchOptions.  Returns all of them, with the event socket's password
    and the `modules` that are loaded, and the `files` written; raises RenderError like
    render_dialplan.
    """
    chosen = _checked(SwitchOptions, options)
    modules = _modules(chosen)
    result = {**_values(chosen), "modules": modules}
    values = {**result, **_hosts(chosen), "log_levels": chosen.log_levels}
    return {**result, "files": _render(SWITCH, out, values, force=force)}


def _checked(kind: type[Chosen], options: Mapping[str, Any]) -> Chosen:
    try:
        return kind.model_validate({k: v for k, v in options.items() if v is not None})
    except ValidationError as error:
        raise RenderError("\n".join(_line(detail) for detail in error.errors())) from None


def _line(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "options"
    if detail["type"] == "extra_forbidden":
        return f"{name}: is not an option; `render --options` lists them"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"


def _values(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in type(options).model_fields}


def _hosts(options: DialplanOptions) -> dict[str, str]:
    return {"hosts": "|".join(options.hosts), "hosts_reversed": "|".join(options.hosts[::-1])}


def _modules(options: SwitchOptions) -> list[str]:
    """The modules to load: of those we use what is installed, or all when nobody knows."""
    # mod_local_stream does not load without any stream.
    used = [name for name in MODULES if options.music_dir or name != "mod_local_stream"]
    folder = options.modules_dir or next((path for path in MODULE_FOLDERS if path.is_dir()), None)
    if folder is None:
        return used
    present = [name for name in used if (folder / f"{name}.so").is_file()]
    missing = [name for name in NEEDED if name not in present]
    if missing:
        raise RenderError(f"modules_dir: {folder} lacks {', '.join(missing)}; install them")
    return present


def _render(kind: str, out: Path, values: Mapping[str, Any], *, force: bool) -> list[Path]:
    root = templates()
    environment = Environment(
        loader=FileSystemLoader(root),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["xml.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    texts = {
        out / path.relative_to(root / kind).with_suffix(""): environment.get_template(
            str(path.relative_to(root))
        ).render(values)
        for path in _templates_of(root / kind)
    }
    in_the_way = [path for path in texts if path.exists()]
    if in_the_way and not force:
        names = "\n".join(f"{path}: exists already" for path in in_the_way)
        raise RenderError(f"{names}\nchoose another folder, or use --force to replace them")
    for path, text in texts.items():
        _write(path, text)
    return list(texts)


def _templates_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob(f"*{ENDING}")):
        if path.name not in FRAGMENTS:
            yield path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name in SECRET_FILES:
        path.touch(mode=SECRET_MODE)
        path.chmod(SECRET_MODE)
    path.write_text(text, encoding="utf-8")


def templates() -> Path:
    """The folder that holds `dialplan` and `freeswitch-conf`: in the wheel, or in a checkout."""
    package = Path(adapter.__file__).parent
    installed = package / "templates"
    return installed if (installed / SWITCH).is_dir() else package.parent
