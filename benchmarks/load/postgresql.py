"""A temporary PostgreSQL server with the default configuration: every commit reaches the disk."""

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

    def start(self) -> None:
        """Start it."""
        options = f"-p {self.port} -c listen_addresses={HOST} -c unix_socket_directories={self.folder}"
        run([*self._control, "-l", self.folder / "log", "-o", options, "start"], self.folder)

    def stop(self) -> None:
        """Stop it immediately, as in a crash: anything not written yet is lost."""
        run([*self._control, "-m", "immediate", "stop"], self.folder)

    @property
    def _control(self) -> list[str | Path]:
        return [self.programs / "pg_ctl", "-D", self.folder / "data", "-w"]

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://braid@{HOST}:{self.port}/{name}"

    def create(self, name: str) -> str:
        """Make an empty database, and return its address."""
        run([self.programs / "createdb", "-h", HOST, "-p", str(self.port), "-U", "braid", name], self.folder)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        run([self.programs / "dropdb", "-h", HOST, "-p", str(self.port), "-U", "braid", "-f", name], self.folder)


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run one of the server's programs, which refuse to run as root.

    Raises
    ------
    LoadError
        The program failed.
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
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "braid",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        run(initdb, folder)
        server = Cluster(programs, folder, port)
        server.start()
        try:
            yield server
        finally:
            server.stop()
