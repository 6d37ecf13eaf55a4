import shutil
from pathlib import Path

import pytest

from tests.app.cli.cases.shop import Braid, Shop


@pytest.fixture
def shop(braid_here: Braid, isolated: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty shop on SQLite."""
    database = isolated / "shop.sqlite3"
    shutil.copyfile(sqlite_template, database)
    monkeypatch.setenv("BRAID_DATABASE_URL", f"sqlite+aiosqlite:///{database}")
    return Shop(braid_here, isolated, database)
