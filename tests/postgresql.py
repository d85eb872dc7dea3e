"""A PostgreSQL of our own, from the system's packages: in a folder, on a socket in that folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DEADLINE = 60
"""Seconds for any of its commands."""

USERS = ("postgres", "nobody")
"""As whom it runs when we are root, which it refuses to be."""

SPEED = "-c fsync=off -c full_page_writes=off -c listen_addresses="
"""Nothing of it has to survive the machine, and nobody else may find it."""

EMPTY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)


class Cluster:
    """One server with a superuser `tests`, whom it trusts."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs = programs
        self._folder = folder
        self._user = user

    def start(self) -> None:
        options = f"{SPEED} -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "stop", "-w", "-m", how)

    def emptied(self) -> str:
        """The URL of its one database, after everything in it was dropped."""
        with psycopg.connect(f"host={self._folder} user=tests dbname=postgres") as connection:
            for sql in EMPTY:
                connection.execute(sql)
        return f"postgresql://tests@/postgres?host={self._folder}"

    def make(self) -> None:
        self._run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PGDATA": str(self._folder / "data")},
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            timeout=DEADLINE,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)}: see {self._folder}/log"


def programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if not found and on_path:
        return Path(on_path).resolve().parent
    return max(found, key=lambda path: float(path.parent.name), default=None)


@contextmanager
def running(found: Path) -> Iterator[Cluster]:
    """A new cluster in a folder that is deleted in the end."""
    # Not in pytest's folder: others may not enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = _other_user()
    if user:
        shutil.chown(folder, user)
    cluster = Cluster(found, folder, user)
    try:
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> str | None:
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(user for user in USERS if user in known)
