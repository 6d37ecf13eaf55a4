"""What the tests of the service share: databases of their own, a clean environment and the command."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from app.cli.main import main
from app.storage.database import Database
from app.storage.migrations import upgrade
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.synthetic import generate
from models.ranking.network_config import NetworkConfig
from tests import logging_guard
from tests.postgresql import TEMPLATE, PostgreSQL, copy_running, found_programs, make_cluster, unused_port

REPOSITORY = Path(__file__).resolve().parents[1]
# The first example of a compiled function waits for the compiler.
settings.register_profile("braid", deadline=None)
settings.load_profile("braid")

REQUIRED = "BRAID_TEST_REQUIRE_POSTGRESQL"
Completed = subprocess.CompletedProcess[str]
MakeDatabase = Callable[..., str]
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(logging_guard)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, in one process: at the end they would run alone, and several at once time out."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MakeOnce:
    """Fill a folder once for all processes of a run; they only read it."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = root / name
        with FileLock(root / f"{name}.lock"):
            if not folder.exists():
                draft = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))
                fill(draft)
                draft.rename(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def postgresql(once: MakeOnce) -> Iterator[PostgreSQL]:
    """Run a PostgreSQL server for as long as the tests run."""
    programs = found_programs()
    if programs is None:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    made = once("postgresql", lambda draft: make_cluster(programs, draft, _migrate))
    with copy_running(programs, made) as server:
        yield server


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await upgrade(database)
        await database.close()

    # In a thread of its own: the first test that needs a database may have a loop already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, run()).result()


@pytest.fixture(scope="session")
def sqlite_template(once: MakeOnce) -> Path:
    def fill(draft: Path) -> None:
        _migrate(f"sqlite+aiosqlite:///{draft / 'template.sqlite3'}")

    return once("sqlite", fill) / "template.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


_numbers = count(1)
_emptied: list[str] = []
"""Databases of PostgreSQL that an earlier test left: to empty one takes a third of the time of making one."""


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
        if migrated and _emptied:
            made.append(_emptied.pop())
            return server.url(made[-1])
        server.sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if migrated else ""))
        made.append(name)
        return server.url(name)

    yield make
    for name in made:
        server = request.getfixturevalue("postgresql")
        if server.emptied(name):
            _emptied.append(name)
        else:
            server.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


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
    return unused_port()


QUICK_NETWORK = '{"members": 1, "epochs": 3}'
"""What the commands train where the test is about something else; the demo has the defaults."""


@pytest.fixture
def braid(isolated: Path) -> Callable[..., Completed]:
    """Run the command in a process of its own, in the test's folder."""

    def run(*arguments: object, timeout: float = 30, **settings: object) -> Completed:
        environment = {"BRAID_NETWORK": QUICK_NETWORK, **{name: str(value) for name, value in settings.items()}}
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            cwd=isolated,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        logging_guard.look(done.stderr, f"braid {arguments[0]}")
        return done

    return run


@pytest.fixture
def braid_here(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Completed]:
    """Run the command in this process, which takes no second to start."""

    def run(*arguments: object, **settings: object) -> Completed:
        with monkeypatch.context() as during:
            during.setattr("sys.argv", ["braid", *map(str, arguments)])
            for name, value in settings.items():
                during.setenv(name, str(value))
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return subprocess.CompletedProcess([*map(str, arguments)], code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def synthetic() -> DataSet:
    return generate(120, 60, 2400, seed=7, groups=3)


@pytest.fixture(scope="session")
def few_epochs() -> NetworkConfig:
    """A network of two members, trained for less long than the default ones."""
    return NetworkConfig(members=2, epochs=6)


@contextmanager
def network_wanted() -> Iterator[None]:
    """Let the trainer give a network some weight: on data as small as that of the tests it would take none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.training.tuning.NETWORK_WEIGHTS", (0.25, 0.5, 0.75, 1.0))
        yield


@pytest.fixture(scope="session")
def trained_bundles(once: MakeOnce, synthetic: DataSet, few_epochs: NetworkConfig) -> Path:
    """Train one bundle for all tests, on `synthetic`; who writes to it takes a copy."""

    def fill(draft: Path) -> None:
        from models.training.recipe import Recipe  # noqa: PLC0415 - as below
        from models.training.trainer import train  # noqa: PLC0415 - imports TensorFlow

        store = BundleStore(draft)
        with network_wanted():
            bundle = train(synthetic, store, recipe=Recipe(seed=2, network=few_epochs), progress=silent)
        store.activate(bundle.version)

    return once("bundles", fill)
