"""The packages of the API image, installed and reduced as the Dockerfile does it: their size, and Braid run from them.

This is the short form of `make images`, which builds and runs the images themselves.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.containers.container_files import Stage
from tests.end_to_end.processes import free_ports, server

pytestmark = pytest.mark.slow

LIMIT_MB = 620
PAGES = ("/recommend/user-1?explain=true", "/items/item-1/similar", "/popular", "/metrics", "/console", "/docs")
NO_TENSORFLOW = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"


@dataclass(frozen=True)
class Installed:
    """An environment with the packages of the image, and a folder in place of its volume."""

    prefix: Path
    volume: Path

    def settings(self) -> dict[str, str]:
        """Return the image's settings, with its volume in a temporary folder."""
        return {
            "BRAID_DATABASE_URL": f"sqlite+aiosqlite:///{self.volume / 'braid.sqlite3'}",
            "BRAID_BUNDLES": str(self.volume / "bundles"),
            "BRAID_BUNDLE_CACHE": str(self.volume / "bundle-cache"),
            "BRAID_IMPORTS": str(self.volume / "imports"),
            "NUMBA_CACHE_DIR": str(self.volume / "kernels"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *command: str) -> str:
        """Run a program of the environment, in the volume's folder."""
        done = subprocess.run(
            [self.prefix / "bin" / command[0], *command[1:]],
            cwd=self.volume,
            env={**os.environ, **self.settings()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(repository: Path, stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    prefix, volume, source = (tmp_path_factory.mktemp(name) for name in ("prefix", "volume", "source"))
    for instruction in stages["build-api"].instructions:
        if instruction.word == "COPY":
            *names, _ = instruction.text.split()
            subprocess.run(["cp", "-r", *names, source], cwd=repository, check=True)
    (removal,) = [i.text for i in stages["build-api"].instructions if "-delete" in i.text]
    python = str(prefix / "bin" / "python")
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(prefix)],
        [uv, "pip", "install", "--quiet", "--python", python, "-c", "constraints.txt", "."],
        ["sh", "-c", removal.replace("/opt/braid", str(prefix))],
    ):
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return Installed(prefix, volume)


def test_the_packages_are_small_and_hold_no_tensorflow(installed: Installed) -> None:
    (packages,) = installed.prefix.glob("lib/python3.*/site-packages")
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert 300 < size / 1e6 <= LIMIT_MB
    installed.run("python", "-c", NO_TENSORFLOW)


def test_braid_migrates_imports_and_serves_from_them(installed: Installed) -> None:
    installed.run("python", "-m", "models.ranking.compile_kernels")
    installed.run("braid", "migrate")
    folder = installed.volume / "data"
    folder.mkdir()
    rows = [f"user-{n % 40},item-{n * 7 % 30},view,{1_750_000_000 + n * 60}" for n in range(400)]
    text = "\n".join(["user_id,item_id,event_type,timestamp", *rows, ""])
    (folder / "interactions.csv").write_text(text, encoding="utf-8")
    installed.run("braid", "import", str(folder))
    (port,) = free_ports(1)
    with server(installed.volume, port, (str(installed.prefix / "bin" / "braid"),), **installed.settings()) as client:
        for page in PAGES:
            assert client.get(page).status_code == 200, page
        assert len(client.get("/popular").json()["items"]) == 10
        upload = {"interactions": ("interactions.csv", text.replace("user-", "guest-"), "text/csv")}
        job = client.post("/imports", files=upload)
        assert job.status_code == 202, job.text
    installed.run("braid", "export", str(installed.volume / "export"))
    assert (installed.volume / "export" / "interactions.parquet").stat().st_size > 0
