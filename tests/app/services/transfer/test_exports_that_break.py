"""An export that loses its database leaves the files of an earlier one as they were."""

from pathlib import Path

import pytest

from app.errors import DatabaseError
from app.process import transfer_factory
from app.process.resources import Resources
from app.storage.rows import Row
from models.data.progress import silent


async def store(resources: Resources, user_id: str) -> None:
    await resources.interactions.store([Row(user_id, "i", "view")])
    profile = {"user_id": user_id, "attributes": {}}
    await resources.database.write(lambda connection: resources.users.put_now(connection, [profile]))


async def rename(resources: Resources, table: str, into: str) -> None:
    statement = f"ALTER TABLE {table} RENAME TO {into}"
    await resources.database.write(lambda connection: connection.exec_driver_sql(statement))


async def test_an_export_that_breaks_changes_no_file(resources: Resources, tmp_path: Path) -> None:
    exporting = transfer_factory.exporting_log(resources)
    await store(resources, "u")
    await exporting.run(tmp_path / "out", silent)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(before) == {"interactions.parquet", "users.parquet"}
    await store(resources, "later")
    for table in ("interactions", "users"):
        await rename(resources, table, "gone")
        for folder in ("out", "new"):
            with pytest.raises(DatabaseError):
                await exporting.run(tmp_path / folder, silent)
        await rename(resources, "gone", table)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert list((tmp_path / "new").iterdir()) == []
    assert (await exporting.run(tmp_path / "out", silent)).interactions == 2
