"""What settings must agree on with each other and with this machine.

A check gets settings whose single values are right and yields faults.  Nothing is created here:
`create_folders` does that when the adapter starts, since `render` or `check` must leave no trace.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from adapter.config.faults import Fault
from adapter.config.models import SettingsModel

# All else has a meaning in the switch's file names, argument lists or dial strings
# (switch_utils.c, switch_core_file.c, mod_commands.c): blanks cut, `,` `|` `!` split, `{` `[`
# begin parameters, `$` expands, quotes and backslashes vanish, `%` is decoded.
PATH_PUNCTUATION = frozenset("/._-+=@~")

PASSING = frozenset({errno.ENOSPC, errno.EROFS})
"""What is wrong with a disk for a while."""


def check(settings: SettingsModel, *, folders: bool = True) -> Iterator[Fault]:
    """Every contradiction, and whether the folders could be written."""
    each = (_addresses, _tls, _sources, _routes, _identities, _switch_folder, _retries, _links)
    for one in each:
        yield from one(settings)
    if folders:
        yield from _folders(settings)


def _addresses(settings: SettingsModel) -> Iterator[Fault]:
    listen, http = settings.listen, settings.http
    overlap = listen.host == http.host or listen.everywhere or http.everywhere
    if listen.port == http.port != 0 and overlap:
        yield Fault("http", f"has the same port as listen ({listen})", "give it another port")
    if http.everywhere and "public_url" not in settings.model_fields_set:
        yield Fault(
            "public_url",
            f"is not set, and http ({http}) does not say how others reach it",
            "set it to the URL that receivers of callbacks use",
        )
    yield from _unreachable(settings)


def _unreachable(settings: SettingsModel) -> Iterator[Fault]:
    """An address of the network can only be reached from the network."""
    host = settings.listen.host
    local = host == "localhost" or host.startswith("127.") or host == "::1"
    if local or settings.listen.everywhere:
        return
    if all(network.is_loopback for network in settings.allow_from):
        yield Fault(
            "allow_from",
            f"has only loopback networks, but listen is {settings.listen}: no switch could connect",
            "add the network of your switches, for example 10.0.0.0/8",
        )


def _tls(settings: SettingsModel) -> Iterator[Fault]:
    files = {"tls_cert": settings.tls_cert, "tls_key": settings.tls_key}
    missing = [name for name, path in files.items() if path is None]
    if len(missing) == 1:
        other = next(name for name in files if name not in missing)
        yield Fault(missing[0], f"is not set, but {other} is", "set both, or none for plain HTTP")
    for name, path in files.items():
        if path is not None and not path.is_file():
            yield Fault(name, f"{path} is not a file", "create or correct it")


def _sources(settings: SettingsModel) -> Iterator[Fault]:
    named = {"swml": settings.swml, "fallback": settings.fallback}
    for number, route in enumerate(settings.routes):
        named[f"routes[{number}].swml"] = route.swml
        named[f"routes[{number}].fallback"] = route.fallback
        if route.folder is not None and not route.folder.is_dir():
            yield Fault(
                f"routes[{number}].folder",
                f"{route.folder} is not a folder",
                "create or correct it",
            )
    opened = settings.documents.folder
    if opened is not None and not opened.is_dir():
        yield Fault("documents.folder", f"{opened} is not a folder", "create or correct it")
    for name, source in named.items():
        path = local_path(source)
        if path is not None and not path.is_file():
            yield Fault(name, f"{path} is not a file", "create it, or give a URL")


def local_path(source: str | None) -> Path | None:
    """The file that a document source names; None for a URL of another kind."""
    if not source or source.startswith(("http://", "https://")):
        return None
    return Path(unquote(urlsplit(source).path)) if source.startswith("file://") else Path(source)


def _routes(settings: SettingsModel) -> Iterator[Fault]:
    seen: dict[tuple[str, str], int] = {}
    known = {project.id for project in settings.projects}
    for number, route in enumerate(settings.routes):
        key = ("path", route.path) if route.path is not None else ("to", route.to or "")
        first = seen.setdefault(key, number)
        if first != number:
            yield Fault(
                f"routes[{number}].{key[0]}",
                f"is the same as in routes[{first}], so it would never be used",
                "remove one of them",
            )
        if route.project is not None and route.project not in known:
            yield Fault(
                f"routes[{number}].project", f"{route.project} is not in projects", "add it there"
            )


def _identities(settings: SettingsModel) -> Iterator[Fault]:
    ids = [project.id for project in settings.projects]
    for number, project_id in enumerate(ids):
        if project_id in ids[:number]:
            yield Fault(f"projects[{number}].id", f"{project_id} is there twice", "remove one")
    names = [switch.name for switch in settings.switches]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Fault(f"switches[{number}].name", f"{name} is there twice", "remove one")
    places = [(node.host, node.port) for node in settings.nodes]
    for number, place in enumerate(places):
        if place in places[:number]:
            yield Fault(f"nodes[{number}]", "names a switch for the second time", "remove one")


def _folders(settings: SettingsModel) -> Iterator[Fault]:
    for name, folder in (
        ("data_dir", settings.data_dir),
        ("recordings_dir", settings.recordings_dir),
    ):
        if folder == settings.recordings_dir and _is_mounted_read_only(folder):
            continue
        problem = _unusable(folder)
        derived = name not in settings.model_fields_set and name != "data_dir"
        if problem and not derived:
            yield Fault(name, problem, "choose another folder or change its rights")


def _switch_folder(settings: SettingsModel) -> Iterator[Fault]:
    folder = settings.recordings_switch_dir
    named = "recordings_switch_dir" in settings.model_fields_set
    name = "recordings_switch_dir" if named else "recordings_dir"
    if not PurePosixPath(folder).is_absolute():
        yield Fault(name, f"{folder} is not absolute", "begin it with /")
    bad = sorted({c for c in folder if not (c.isalnum() or c in PATH_PUNCTUATION)})
    if "@@" in folder:
        bad.append("@@")
    if bad:
        yield Fault(
            name,
            f"{folder!r} has {' '.join(map(repr, bad))}, which FreeSWITCH takes apart",
            "use letters, digits and / . _ - + = ~ only",
        )


def _is_mounted_read_only(folder: Path) -> bool:
    """Whether the recordings folder is there, on a disk that takes nothing at present.

    A disk with errors is mounted so by the system, and an adapter that is started again meanwhile
    has calls to go on with.
    """
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _unusable(folder: Path) -> str | None:
    """Why `folder` could not be created or written, judged from what exists of it."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return f"{folder} cannot be created: {existing} is not a folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{folder} cannot be written: no right to write in {existing}"
    if existing == folder and not os.access(folder, os.R_OK):
        return f"{folder} cannot be read: recordings could be made and not be downloaded"
    return None


def _retries(settings: SettingsModel) -> Iterator[Fault]:
    policy = settings.callbacks
    if policy.give_up < policy.first_retry:
        yield Fault(
            "callbacks.give_up",
            f"{policy.give_up:g} s is before the first retry ({policy.first_retry:g} s)",
            "make it longer than callbacks.first_retry",
        )
    if policy.max_retry < policy.first_retry:
        yield Fault(
            "callbacks.max_retry",
            f"{policy.max_retry:g} s is shorter than the first pause ({policy.first_retry:g} s)",
            "make it at least callbacks.first_retry",
        )


def _links(settings: SettingsModel) -> Iterator[Fault]:
    if settings.link_secret is None or settings.link_expires > settings.callbacks.give_up:
        return
    yield Fault(
        "link_expires",
        f"{settings.link_expires:g} s is not longer than callbacks are retried"
        f" ({settings.callbacks.give_up:g} s): a late callback would carry a dead link",
        "make it longer than callbacks.give_up",
    )


def create_folders(settings: SettingsModel) -> Iterator[Fault]:
    """Create the folders and write in each of them once; a fault for each that fails.

    That recordings find no space, or a disk mounted read-only, passes, and is told when one is
    wanted: calls need us meanwhile.
    """
    for name, folder in (
        ("data_dir", settings.data_dir),
        ("recordings_dir", settings.recordings_dir),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"x")
                probe.flush()
        except OSError as error:
            if error.errno in PASSING and folder == settings.recordings_dir:
                continue
            yield Fault(
                name,
                f"{folder} cannot be written ({error.strerror})",
                "choose another folder or change its rights",
            )
