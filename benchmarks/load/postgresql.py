"""A PostgreSQL server of its own, as it is when it has just been installed: every commit reaches the disk."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.client import HOST
from benchmarks.load.errors import LoadError
from benchmarks.load.server import free_port

MISSING = "PostgreSQL is not installed: on Debian, 'apt-get install postgresql' adds it"


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    programs: Path
    folder: Path
    port: int

    def url(self, name: str) -> str:
        """Give the address of a database."""
        return f"postgresql://braid@{HOST}:{self.port}/{name}"

    def create(self, name: str) -> str:
        """Make an empty database, and give its address."""
        run([self.programs / "createdb", "-h", HOST, "-p", str(self.port), "-U", "braid", name], self.folder)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        run([self.programs / "dropdb", "-h", HOST, "-p", str(self.port), "-U", "braid", "-f", name], self.folder)


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run one of the server's programs; they refuse to be root.

    Raises
    ------
    LoadError
        It failed.
    """
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "output").open("ab") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False, **who)  # type: ignore[call-overload]  # noqa: S603 - our own
    if done.returncode:
        text = (folder / "output").read_text(encoding="utf-8", errors="replace")[-1000:]
        raise LoadError(f"{command[0]} ended with {done.returncode}: {text}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a server until the block ends.

    Raises
    ------
    LoadError
        It is not installed, or does not start.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise LoadError(MISSING)
    programs, port = found[-1].parent, free_port()
    with tempfile.TemporaryDirectory(prefix="braid-postgresql-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        run([programs / "initdb", "-D", data, "-U", "braid", "-A", "trust", "-E", "UTF8", "--locale=C"], folder)
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
        options = f"-p {port} -c listen_addresses={HOST} -c unix_socket_directories={folder}"
        run([*control, "-l", folder / "log", "-o", options, "start"], folder)
        try:
            yield Cluster(programs, folder, port)
        finally:
            run([*control, "-m", "immediate", "stop"], folder)
