"""The package of the Python client: small, typed, and without the service."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from braid_client.client import VERSION


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "clients/python"


def test_it_imports_the_standard_library_and_httpx_alone(folder: Path) -> None:
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"httpx", "braid_client"}


def test_the_wheel_is_typed_and_needs_httpx_alone(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"braid_recommender_client-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        (metadata,) = [files.read(name).decode() for name in names if name.endswith("METADATA")]
    assert {"braid_client/py.typed", "braid_client/models.py", "braid_client/generated/calls.py"} <= set(names)
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: httpx>=0.28"
    ]
    assert wheel.stat().st_size < 60_000


def test_its_back_end_is_that_of_the_service(folder: Path, repository: Path) -> None:
    own, service = (
        tomllib.loads((place / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
        for place in (folder, repository)
    )
    assert own == service
