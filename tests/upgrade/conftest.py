"""What the release before left behind, restored as after `pg_dump` or a copy of the file; see `release/README.md`."""

import json
import lzma
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from app.main import create_app
from app.storage.database import Database
from app.storage.migrations import upgrade
from tests.upgrade.installation import Installation, Names, Serve

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

RELEASE = Path(__file__).parent / "release"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    with lzma.open(RELEASE / "release.tar.xz") as stream, tarfile.open(fileobj=stream) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def names() -> Names:
    found: Names = json.loads((RELEASE / "names.json").read_bytes())
    return found


@pytest.fixture
def restored(
    release: Path,
    backend: str,
    make_database: Callable[..., str],
    isolated: Path,
    request: pytest.FixtureRequest,
) -> Installation:
    url = make_database(migrated=False)
    if backend == "sqlite":
        shutil.copyfile(release / "braid.sqlite3", url.partition("///")[2])
    else:
        server = request.getfixturevalue("postgresql")
        options = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "braid", "-qX", "-v", "ON_ERROR_STOP=1"]
        command = [server.programs / "psql", *options, "-f", release / "braid.sql", url.rpartition("/")[2]]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    bundles = isolated / "bundles"
    shutil.copytree(release / "bundles", bundles)
    version = (bundles / "CURRENT").read_text().strip()
    answers = json.loads((release / "answers.json").read_bytes())
    return Installation(url, bundles, version, answers[backend], answers["answered_at"])


@pytest.fixture
async def upgraded(restored: Installation) -> Installation:
    """Bring the tables up to date, as `braid migrate` does."""
    database = Database(restored.url)
    await upgrade(database)
    await database.close()
    return restored


@pytest.fixture
def serve(restored: Installation, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Start the service on the restored database and bundle."""

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx.AsyncClient]:
        for name, value in restored.settings.items():
            monkeypatch.setenv(name, value)
        application = create_app(Settings())
        transport = httpx.ASGITransport(application)
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            yield client

    return start
