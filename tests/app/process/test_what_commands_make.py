"""Commands make what they need and nothing else."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import Settings
from app.process.resources import Resources
from app.process.serving_state import ServingState

Braid = Callable[..., subprocess.CompletedProcess[str]]
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is made of the classes that hold a process together, in order."""
    found: list[object] = []
    for kind in (Resources, ServingState):
        make = kind.__init__

        def noted(self: object, *given: object, make: Callable[..., None] = make, **named: object) -> None:
            found.append(self)
            make(self, *given, **named)

        monkeypatch.setattr(kind, "__init__", noted)
    return found


@SQLITE
def test_to_migrate_takes_a_database_alone(backend: str, made: list[object], braid_here: Braid, tmp_path: Path) -> None:
    done = braid_here("migrate", BRAID_DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")
    assert done.returncode == 0, done.stderr
    assert made == []


@SQLITE
@pytest.mark.parametrize(
    "arguments",
    [("import", "data"), ("export", "out"), ("bundles",), ("train", "--enqueue")],
    ids=lambda given: given[0],
)
def test_no_command_about_the_log_or_the_bundles_makes_the_serving_state(
    arguments: tuple[str, ...], settings: Settings, made: list[object], braid_here: Braid, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "interactions.csv").write_text("user_id,item_id\nu,i\n", encoding="utf-8")
    url = settings.database_url.replace("+aiosqlite", "")
    done = braid_here(*arguments, BRAID_DATABASE_URL=url, BRAID_BUNDLES=settings.bundles)
    assert done.returncode == 0, done.stderr
    assert [type(one) for one in made] == [Resources]


@SQLITE
async def test_stores_are_made_at_their_first_use_and_shared(settings: Settings) -> None:
    async with Resources(settings) as resources:
        assert {*vars(resources)} == {"settings", "database"}
        assert resources.interactions is resources.interactions
        assert {*vars(resources)} == {"settings", "database", "interactions", "changes", "first_mentions"}
