"""What the tests of the service share: databases of their own, a clean environment and the command."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from app.storage.database import Database
from app.storage.migrations import upgrade
from models.bundle.store import BundleStore
from models.data.progress import silent
from models.data.synthetic import generate
from models.ranking.config import NetworkConfig

REPOSITORY = Path(__file__).resolve().parents[1]
# The first example of a compiled function waits for the compiler.
settings.register_profile("braid", deadline=None)
settings.load_profile("braid")

REQUIRED = "BRAID_TEST_REQUIRE_POSTGRESQL"
TEMPLATE = "braid_template"
Completed = subprocess.CompletedProcess[str]
MakeDatabase = Callable[..., str]


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; its user needs no password, but its addresses carry one."""

    programs: Path
    port: int

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://braid:of-the-test@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements: str) -> None:
        command = [self.programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "braid", "-qX", "postgres"]
        orders = [part for statement in statements for part in ("-c", statement)]
        subprocess.run([*command, "-v", "ON_ERROR_STOP=1", *orders], check=True, capture_output=True, timeout=30)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres(command: list[str | Path], folder: Path) -> None:
    """Run a program of the server, which refuses to be root."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "output").open("ab") as output:
        done = subprocess.run(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, timeout=60, check=False, **who
        )
    assert done.returncode == 0, (folder / "output").read_text()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL server for as long as the tests run."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    programs, port = found[-1].parent, _port()
    # Not below pytest's own folder, which other users cannot enter.
    with tempfile.TemporaryDirectory(prefix="braid-postgresql-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        options += " -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
        initdb = [programs / "initdb", "-D", data, "-U", "braid", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        _as_postgres(initdb, folder)
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
        _as_postgres([*control, "-l", folder / "log", "-o", options, "start"], folder)
        try:
            server = PostgreSQL(programs, port)
            server.sql(f"CREATE DATABASE {TEMPLATE}")
            _migrate(server.url(TEMPLATE))
            yield server
        finally:
            _as_postgres([*control, "-m", "immediate", "stop"], folder)


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await upgrade(database)
        await database.close()

    # In a thread of its own: the first test that needs a database may have a loop already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, run()).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


_numbers = count(1)


@pytest.fixture
def make_database(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeDatabase]:
    """Make databases that are gone after the test, with the tables or empty."""
    made: list[str] = []

    def make(*, migrated: bool = True) -> str:
        name = f"braid_{next(_numbers)}"
        if backend == "sqlite":
            path = tmp_path / f"{name}.sqlite3"
            if migrated:
                shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite+aiosqlite:///{path}"
        server: PostgreSQL = request.getfixturevalue("postgresql")
        server.sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if migrated else ""))
        made.append(name)
        return server.url(name)

    yield make
    if made:
        request.getfixturevalue("postgresql").sql(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in made))


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    return make_database()


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without settings of the developer's."""
    for name in [name for name in os.environ if name.startswith("BRAID_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def free_port() -> int:
    return _port()


FEW_EPOCHS = NetworkConfig(members=1, epochs=3)
QUICK_NETWORK = '{"members": 1, "epochs": 3}'
"""What the commands train where the test is about something else; the demo has the defaults."""


@pytest.fixture
def braid(isolated: Path) -> Callable[..., Completed]:
    """Run the command in a process of its own, in the test's folder."""

    def run(*arguments: object, timeout: float = 30, **settings: object) -> Completed:
        environment = {"BRAID_NETWORK": QUICK_NETWORK, **{name: str(value) for name, value in settings.items()}}
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            cwd=isolated,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def trained_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle trained on a few generated interactions, for servers that are started."""
    from models.training.recipe import Recipe  # noqa: PLC0415 - as below
    from models.training.trainer import train  # noqa: PLC0415 - imports TensorFlow

    folder = tmp_path_factory.mktemp("served")
    store = BundleStore(folder)
    recipe = Recipe(network=FEW_EPOCHS)
    store.activate(train(generate(120, 60, 2400, seed=7, groups=3), store, recipe=recipe, progress=silent).version)
    return folder
