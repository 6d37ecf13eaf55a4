"""Every dependency has its reason, and the lock holds every one of them and names no place."""

import re
import tomllib
from pathlib import Path

import pytest


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


@pytest.fixture(scope="module")
def dependencies() -> set[str]:
    path = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {distribution(requirement) for requirements in lists for requirement in requirements}


def test_the_dependencies_page_gives_each_one_its_reason(repository: Path, dependencies: set[str]) -> None:
    page = (repository / "docs/decisions/0001-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `([^`]+)` \| (.+?) \|$", page)
    assert {name.lower() for name, _ in rows} == dependencies
    assert all(len(reason) >= 10 for _, reason in rows)


def test_the_lock_pins_every_dependency(repository: Path, dependencies: set[str]) -> None:
    lock = (repository / "constraints.txt").read_text(encoding="utf-8")
    assert dependencies <= set(re.findall(r"(?m)^([a-z0-9.-]+)==", lock))


def test_the_lock_names_no_index(repository: Path) -> None:
    assert "://" not in (repository / "constraints.txt").read_text(encoding="utf-8")
