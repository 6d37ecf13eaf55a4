"""Every dependency has its reason, and the lock holds every one of them and names no place."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from models import DISTRIBUTION


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


@pytest.fixture(scope="module")
def dependencies() -> set[str]:
    path = Path(__file__).parents[2] / "pyproject.toml"
    described = tomllib.loads(path.read_text(encoding="utf-8"))
    project, groups = described["project"], described["dependency-groups"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), groups["docs"]]
    return {distribution(requirement) for requirements in lists for requirement in requirements}


def test_the_dependencies_page_gives_each_one_its_reason(repository: Path, dependencies: set[str]) -> None:
    page = (repository / "docs/decisions/0001-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `([^`]+)` \| (.+?) \|$", page)
    assert {name.lower() for name, _ in rows} == dependencies
    assert all(len(reason) >= 10 for _, reason in rows)


@pytest.fixture(scope="module")
def locked() -> dict[str, dict[str, Any]]:
    lock = tomllib.loads((Path(__file__).parents[2] / "uv.lock").read_text(encoding="utf-8"))
    return {package["name"]: package for package in lock["package"] if package["name"] != DISTRIBUTION}


def test_the_lock_follows_the_project_file(repository: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [uv, "lock", "--check", "--offline", "--quiet"], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr}: `make lock` writes it anew"


def test_the_lock_pins_every_dependency_with_hashes(dependencies: set[str], locked: dict[str, dict[str, Any]]) -> None:
    assert dependencies <= locked.keys()
    for name, package in locked.items():
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        assert files, name
        assert all(file["hash"].startswith("sha256:") for file in files), name


def test_each_package_has_a_wheel_so_that_no_code_of_it_runs_when_it_is_installed(
    locked: dict[str, dict[str, Any]],
) -> None:
    assert [name for name, package in locked.items() if not package.get("wheels")] == []


def test_the_lock_names_the_public_index_alone(repository: Path) -> None:
    hosts = set(re.findall(r"\w+://[^/\"]+", (repository / "uv.lock").read_text(encoding="utf-8")))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_the_build_back_end_is_pinned_with_hashes(repository: Path, locked: dict[str, dict[str, Any]]) -> None:
    requirements = (repository / "requirements-build.txt").read_text(encoding="utf-8")
    assert "://" not in requirements
    entries = re.findall(r"(?m)^([a-z0-9.-]+)==(\S+)(.*(?:\n    --hash.*)+)", requirements)
    assert {"hatchling", "uv"} <= {name for name, *_ in entries}
    for name, pinned, hashes in entries:
        assert locked[name]["version"] == pinned
        assert "--hash=sha256:" in hashes
    backend = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert backend == [f"hatchling=={locked['hatchling']['version']}"]


def test_nobody_is_told_to_install_the_other_project_that_is_called_braid(repository: Path) -> None:
    pages = [*repository.glob("*.md"), *repository.glob("docs/**/*.md"), *repository.glob("app/**/*.py")]
    assert len(pages) > 50
    installs = re.compile(r"(pip install|uv add) '?braid\b(?!-)")
    told = [page for page in pages if installs.search(page.read_text(encoding="utf-8"))]
    assert told == []
    assert (
        version(DISTRIBUTION) == tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    )
