"""A PostgreSQL server for the tests: made once for a run, and copied by every process of it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEMPLATE = "braid_template"
DATA = "data"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; its user needs no password, but its addresses carry one."""

    programs: Path
    port: int

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://braid:of-the-test@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements: str) -> None:
        command: list[str | Path] = [
            self.programs / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "braid",
            "-qX",
            "postgres",
        ]
        orders = [part for statement in statements for part in ("-c", statement)]
        subprocess.run([*command, "-v", "ON_ERROR_STOP=1", *orders], check=True, capture_output=True, timeout=30)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Programs:
    """The programs of PostgreSQL, run as the user that may run them."""

    folder: Path

    def start(self, data: Path, port: int) -> None:
        """Start a server that keeps nothing if the machine stops: the tests need none of that."""
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data.parent} -c fsync=off"
        options += " -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
        _as_postgres([*self._control(data), "-l", data.parent / "log", "-o", options, "start"], data.parent)

    def stop(self, data: Path, how: str) -> None:
        _as_postgres([*self._control(data), "-m", how, "stop"], data.parent)

    def _control(self, data: Path) -> list[str | Path]:
        return [self.folder / "pg_ctl", "-D", data, "-w"]


def found_programs() -> Programs | None:
    """Find the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Programs(found[-1].parent) if found else None


def make_cluster(programs: Programs, into: Path, migrate: Callable[[str], None]) -> None:
    """Make the data of a server with one database, which has the tables."""
    with _folder_of_postgres() as folder:
        data, port = folder / DATA, unused_port()
        options = ["-U", "braid", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        _as_postgres([programs.folder / "initdb", "-D", data, *options], folder)
        programs.start(data, port)
        try:
            server = PostgreSQL(programs.folder, port)
            server.sql(f"CREATE DATABASE {TEMPLATE}")
            migrate(server.url(TEMPLATE))
        finally:
            programs.stop(data, "fast")
        _copy(data, into)


@contextmanager
def copy_running(programs: Programs, made: Path) -> Iterator[PostgreSQL]:
    """Run a server on a copy of what `make_cluster` made."""
    with _folder_of_postgres() as folder:
        data, port = folder / DATA, unused_port()
        _copy(made / DATA, folder)
        programs.start(data, port)
        try:
            yield PostgreSQL(programs.folder, port)
        finally:
            programs.stop(data, "immediate")


@contextmanager
def _folder_of_postgres() -> Iterator[Path]:
    """Make a folder outside pytest's own one, which other users cannot enter."""
    with tempfile.TemporaryDirectory(prefix="braid-postgresql-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        yield Path(name)


def _copy(source: Path, into: Path) -> None:
    """Copy a folder with its owners."""
    subprocess.run(["cp", "-a", source, into], check=True, timeout=60)


def _as_postgres(command: list[str | Path], folder: Path) -> None:
    """Run a program of the server, which refuses to be root."""
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "output").open("ab") as output:
        done = subprocess.run(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, timeout=60, check=False, **who
        )
    assert done.returncode == 0, (folder / "output").read_text()
