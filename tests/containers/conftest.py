"""The container files and the repository they lie in."""

from pathlib import Path
from typing import Any

import pytest

from tests.containers.container_files import Stage, read_compose, read_dockerfile

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def stages() -> dict[str, Stage]:
    return read_dockerfile(REPOSITORY / "Dockerfile")


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    return read_compose(REPOSITORY / "docker-compose.yml", {"POSTGRES_PASSWORD": "of-the-test"})
