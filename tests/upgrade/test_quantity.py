"""Rows of the release before have neither quantity nor revenue; new ones have them beside the old ones."""

from pathlib import Path

from sqlalchemy import inspect, text

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.storage.database import Database
from app.storage.migrations import upgrade
from models.data.progress import silent
from tests.upgrade.installation import Installation, Serve

NEW = {"quantity", "revenue"}


async def rows(database: Database, names: list[str]) -> list[tuple[object, ...]]:
    async with database.begin() as connection:
        found = await connection.execute(text(f"SELECT {', '.join(names)} FROM interactions ORDER BY id"))
        return [tuple(row) for row in found]


async def test_an_upgrade_adds_both_columns_and_changes_no_row(restored: Installation) -> None:
    async with Database(restored.url) as database:
        async with database.begin() as connection:
            columns = await connection.run_sync(lambda plain: inspect(plain).get_columns("interactions"))
        names = [column["name"] for column in columns]
        assert NEW & set(names) == set()
        before = await rows(database, names)
        assert len(before) > 1000
        await upgrade(database)
        assert await rows(database, names) == before
        assert set(await rows(database, sorted(NEW))) == {(None, None)}


async def test_a_return_beside_old_rows_counts_and_is_exported(
    upgraded: Installation, serve: Serve, tmp_path: Path
) -> None:
    sale = {"user_id": "u000", "event_type": "purchase", "quantity": -2, "revenue": -19.9}
    async with serve() as client:
        liked = (await client.get("/recommend/u000?limit=1")).json()["items"][0]["item_id"]
        assert (await client.post("/interactions", json=sale | {"item_id": liked})).status_code == 201
        after = (await client.get("/recommend/u000?exclude_seen=false&limit=60")).json()
        assert after["strategy"] == "personalized"
        assert liked not in [item["item_id"] for item in after["items"]]
        newest, *older = (await client.get("/users/u000/interactions")).json()["items"]
    assert (newest["quantity"], newest["revenue"]) == (-2.0, -19.9)
    assert {(row["quantity"], row["revenue"]) for row in older} == {(None, None)}
    async with Resources(Settings(database_url=upgraded.url, log_level="error")) as resources:
        table = await resources.interactions.table(silent)
        done = await transfer_factory.exporting_log(resources).run(tmp_path / "out", silent)
    assert table["quantity"].null_count == len(table) - 1
    assert done.interactions == len(table)
