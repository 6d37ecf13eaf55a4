"""What the Dockerfile removes from the packages is nothing that a process of the API loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.container_files import Stage

# Each line a file: modules of the whole service, and the shared libraries behind them.
LOADED = """
import pkgutil, re, sys
from pathlib import Path
sys.modules["pyarrow._s3fs"] = None  # as in the image: pyarrow.fs does without it
import app, models
import onnxruntime, pyarrow.csv, pyarrow.fs, pyarrow.parquet, scipy.linalg, scipy.sparse
for package in (app, models):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith("models.training"):
            __import__(module.name)
files = {m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
files |= set(re.findall("(?m) (/.+)$", Path("/proc/self/maps").read_text()))
print(*sorted(files), sep="\\n")
"""


@pytest.fixture(scope="module")
def removal(stages: dict[str, Stage]) -> str:
    (text,) = [i.text for i in stages["build-api"].instructions if "-delete" in i.text]
    return text


def test_no_file_that_the_api_loads_is_removed(removal: str) -> None:
    listing = removal.replace("/opt/braid", sys.prefix).replace("-exec rm -r {} +", "-print")
    listing = listing.replace("-delete", "-print")
    assert "rm " not in listing
    shell = subprocess.run(["sh", "-c", listing], capture_output=True, text=True, check=True)
    removed = {Path(line) for line in shell.stdout.splitlines()}
    python = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = [Path(line) for line in python.stdout.splitlines()]
    assert any(path.name.startswith("libllvmlite") for path in loaded)
    assert any(path.name.startswith("libarrow.so") for path in loaded)
    assert len(removed) > 100
    assert [path for path in loaded if removed & {path, *path.parents}] == []
