"""A PostgreSQL server for the tests: made once for a run, and copied by every process of it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

TEMPLATE = "braid_template"
DATA = "data"


_STRUCTURE = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
    SELECT relname::text || relkind::text || coalesce(attname::text || attnum, '') AS line FROM pg_class
        LEFT JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT tgname::text || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT unnest(setconfig) FROM pg_db_role_setting
    UNION ALL SELECT version_num FROM alembic_version
) AS structure"""
"""Digest of all that tests may change in a database beside its rows."""


@dataclass
class PostgreSQL:
    """A running server; its user needs no password, but its addresses carry one."""

    programs: Path
    port: int

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://braid:of-the-test@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements: str, database: str = "postgres") -> None:
        self._psql(database, *statements).check_returncode()

    def emptied(self, name: str) -> bool:
        """Empty the tables of a database; return False if a test left more behind than rows."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"
        empty = "SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ',') || ' RESTART IDENTITY' FROM pg_tables"
        empty += " WHERE schemaname = 'public' AND tablename <> 'alembic_version' \\gexec"
        script = f"{ended};\n{empty}\n{_STRUCTURE};\n"
        done = self._psql(name, text=script)
        return done.returncode == 0 and done.stdout.split()[-1] == self._structure

    @cached_property
    def _structure(self) -> str:
        done = self._psql(TEMPLATE, text=f"{_STRUCTURE};\n")
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[-1]

    def _psql(self, database: str, *statements: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "braid", "-qAtX", "-v", "ON_ERROR_STOP=1"]
        orders = [part for statement in statements for part in ("-c", statement)]
        command = [str(self.programs / "psql"), *where, *orders, database]
        return subprocess.run(command, check=False, input=text, text=True, capture_output=True, timeout=30)


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
