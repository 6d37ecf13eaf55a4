"""The packages of the API image, installed and reduced as the Dockerfile does it: their size, and Braid run from them.

This is the short form of `make images`, which builds and runs the images themselves.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from models.arrays.shipped_kernels import ShippedKernels
from models.bundle.opening import open_store
from tests.containers.container_files import Stage
from tests.end_to_end.processes import free_ports, server
from tests.models.bundle.test_store import manifest

pytestmark = pytest.mark.slow

LIMIT_MB = 660
PAGES = ("/recommend/user-1?explain=true", "/items/item-1/similar", "/popular", "/metrics", "/console", "/docs")
NO_TENSORFLOW = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"

READ = """
import sys
from pathlib import Path
from models.bundle.opening import open_store
print(*open_store(sys.argv[1], Path(sys.argv[2])).load("v1").array("numbers", "float32"))
"""


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
            "NUMBA_CACHE_DIR": "/dev/null/kernels",  # only the kernels of the image are used
            "NUMBA_CACHE_LOCATOR_CLASSES": f"{ShippedKernels.__module__}.{ShippedKernels.__name__}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *command: str, **variables: str) -> str:
        """Run a program of the environment, in the volume's folder."""
        done = subprocess.run(
            [self.prefix / "bin" / command[0], *command[1:]],
            cwd=self.volume,
            env={**os.environ, **self.settings(), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(repository: Path, stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    build, prefix, volume, source = (tmp_path_factory.mktemp(name) for name in ("build", "prefix", "volume", "source"))
    places = {"/opt/build": str(build), "/opt/braid": str(prefix)}
    path = f"{prefix / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    for instruction in (*stages["build-tools"].instructions, *stages["build-api"].instructions):
        *words, _ = instruction.text.split()
        # The guide is built by a stage of its own: without it the API answers as it does from here.
        if instruction.text.startswith("--from="):
            continue
        command = {"COPY": shlex.join(["cp", "-r", *(str(repository / word) for word in words), str(source)])}
        text = re.sub("|".join(places), lambda place: places[place[0]], instruction.text)
        # uv takes the same options, and a fraction of the time.
        pip = r"(\S*python) -m pip(?: --python (\S+))? install"
        command["RUN"] = re.sub(pip, lambda run: f"uv pip install --quiet --python {run[2] or run[1]}", text)
        if instruction.word in command:
            done = subprocess.run(
                ["sh", "-c", command[instruction.word]],
                cwd=source,
                env={**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    return Installed(prefix, volume)


def test_the_packages_are_small_and_hold_no_tensorflow(installed: Installed) -> None:
    (packages,) = installed.prefix.glob("lib/python3.*/site-packages")
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert 300 < size / 1e6 <= LIMIT_MB
    installed.run("python", "-c", NO_TENSORFLOW)


def test_bundles_on_s3_are_read_from_them(
    installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    host, port = storage.get_host_and_port()
    access = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    access["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    for name, value in access.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem(use_listings_cache=False).mkdir("bucket")
    open_store("s3://bucket/bundles", tmp_path).publish(manifest("v1"), {"numbers": np.ones(2, np.float32)})
    folder = str(installed.volume / "cache")
    assert installed.run("python", "-c", READ, "s3://bucket/bundles", folder, **access) == "1.0 1.0\n"
    storage.stop()


def test_braid_migrates_imports_and_serves_from_them(installed: Installed) -> None:
    installed.run("python", "-m", "models.ranking.compile_kernels", "--ship")
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
