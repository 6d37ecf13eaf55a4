"""A real server with a key, which the tests of the clients share."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import MakeOnce
from tests.end_to_end.processes import server
from tests.postgresql import unused_port


@dataclass(frozen=True)
class Served:
    """Where the server is, an admin key, and a key for pages of one origin with its signing secret."""

    url: str
    key: str
    origin: str
    page_key: str
    signing_secret: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copyfile(sqlite_template, folder / "braid.sqlite3")
    settings = {"BRAID_DATABASE_URL": f"sqlite:///{folder}/braid.sqlite3", "BRAID_BUNDLES": str(folder / "bundles")}
    origin = f"http://127.0.0.1:{unused_port()}"
    with server(folder, unused_port(), **settings) as client:
        key = client.post("/keys", json={"name": "tests", "scopes": ["admin"]}).json()["key"]
        client.headers["authorization"] = f"Bearer {key}"
        made = client.post("/keys", json={"name": "pages", "scopes": ["publish"], "origins": [origin]}).json()
        yield Served(str(client.base_url).rstrip("/"), key, origin, made["key"], made["signing_secret"])


@pytest.fixture(scope="session")
def node_modules(repository: Path) -> Path:
    """Give the packages of npm; without them what needs them is left out."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: the TypeScript client and the snippet need Node 20")
    folder = repository / "clients/node_modules"
    if not (folder / "esbuild").is_dir():
        pytest.skip("clients/node_modules is missing: `make test-clients` installs it")
    return folder


@pytest.fixture(scope="session")
def typescript(repository: Path, node_modules: Path, once: MakeOnce) -> Path:
    """Give the folder of the TypeScript client, compiled once for all processes of a run."""

    def build(draft: Path) -> None:
        command = ["npm", "--prefix", "clients", "run", "build"]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    once("typescript", build)
    return repository / "clients/typescript"
