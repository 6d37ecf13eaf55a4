"""An import that was interrupted goes on where it was, and nothing comes twice."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from app.errors import DatabaseError, ImportBusyError
from app.process import transfer_factory
from app.process.resources import Resources
from app.services.transfer import importing
from app.services.transfer.counts import Imported
from app.storage.bulk import BulkStore
from models.data import file_chunks
from models.data.file_chunks import open_folder
from models.data.progress import silent

ROWS = 47


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five chunks of interactions, of which two are stored at once, two of items and one of users."""
    monkeypatch.setattr(file_chunks, "CHUNK_ROWS", 10)
    monkeypatch.setattr(importing, "_ROWS_A_TRANSACTION", 20)
    made = tmp_path / "data"
    made.mkdir()
    rows = [{"user_id": f"u{n % 7}", "item_id": f"i{n}", "timestamp": 1000 + n} for n in range(ROWS)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), made / "interactions.parquet")
    items = [{"item_id": f"i{n}", "title": f"Item {n}"} for n in range(15)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(items), made / "items.parquet")
    users = [{"user_id": "u1", "age": 40, "attributes": '{"plan": "free"}'}, {"user_id": "no id"}]
    pyarrow.parquet.write_table(pa.Table.from_pylist(users), made / "users.parquet")
    return made


async def run(resources: Resources, folder: Path, **options: Any) -> Imported:
    return await transfer_factory.importing(resources).run(open_folder(folder), progress=silent, **options)


def break_at(monkeypatch: pytest.MonkeyPatch, call: int, *, after: bool) -> None:
    """Let the so many-th part fail, before it is stored or when it is stored and nobody has been told."""
    whole, calls = BulkStore.add, 0

    async def add(self: BulkStore, *arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise DatabaseError("away")
        new = await whole(self, *arguments)
        if calls == call:
            raise DatabaseError("away")
        return new

    monkeypatch.setattr(BulkStore, "add", add)


@pytest.mark.parametrize("after", [False, True], ids=["before a commit", "after a commit"])
@pytest.mark.parametrize("call", [1, 2, 3])
async def test_an_interrupted_import_goes_on(
    resources: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch, call: int, after: bool
) -> None:
    with monkeypatch.context() as broken:
        break_at(broken, call, after=after)
        with pytest.raises(DatabaseError):
            await run(resources, folder)
    assert await resources.interactions.count() == min(20 * (call - 1 + after), ROWS)
    done = await run(resources, folder)
    table = await resources.interactions.table(silent)
    assert sorted(table["item_id"].to_pylist()) == sorted(f"i{n}" for n in range(ROWS))
    counts = done.interactions
    assert (counts.read, counts.kept, counts.new, done.before) == (ROWS, ROWS, ROWS, None)
    assert done.items is not None
    assert done.items.new == await resources.items.count() - (ROWS - 15) == 15


async def test_what_was_imported_is_imported_once_unless_asked_for_again(resources: Resources, folder: Path) -> None:
    await run(resources, folder)
    again = await run(resources, folder)
    assert again.before is not None
    assert again.interactions.new == ROWS
    assert await resources.interactions.count() == ROWS
    assert (await run(resources, folder, again=True)).before is None
    assert await resources.interactions.count() == ROWS


async def test_other_files_are_another_import(resources: Resources, folder: Path) -> None:
    await run(resources, folder)
    (folder / "items.parquet").unlink()
    assert (await run(resources, folder)).before is None


async def test_two_processes_do_not_import_the_same_files_at_once(
    resources: Resources, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = BulkStore.add

    async def add(self: BulkStore, *arguments: Any) -> int:
        monkeypatch.undo()
        monkeypatch.setattr(file_chunks, "CHUNK_ROWS", 10)
        await run(resources, folder)
        return await whole(self, *arguments)

    monkeypatch.setattr(BulkStore, "add", add)
    with pytest.raises(ImportBusyError):
        await run(resources, folder)
    assert await resources.interactions.count() == ROWS


async def test_profiles_of_users_are_kept(resources: Resources, folder: Path) -> None:
    done = await run(resources, folder)
    assert done.users is not None
    assert (done.users.new, done.users.dropped) == (1, {"user_id missing or not an id that the API takes": 1})
    async with resources.database.begin() as connection:
        found = (await connection.exec_driver_sql("SELECT user_id, described FROM users ORDER BY user_id")).all()
    assert {row.user_id for row in found if row.described} == {"u1"}
    assert len(found) == 7
