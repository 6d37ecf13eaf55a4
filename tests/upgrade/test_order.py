"""Rows that the release before stored as times, though their import said that they are an order."""

import json

from sqlalchemy import text

from app.storage.database import Database
from app.storage.migrations import upgrade
from app.storage.order_rows import OrderRows, confirm_order_rows, find_order_rows
from tests.upgrade.installation import Installation, Serve

SECOND = 1_000_000
IMPORTED_AT = 1_770_000_000 * SECOND
PLACES = [-7e11, -0.5, 1.0, 2.5, 3.0, 9e6, 1_433_221_332_117.0, 1_433_221_332_118.0]
SMALL = [1.0, 2.0, 3.0]
_ROW = "INSERT INTO interactions (user_id, item_id, event_type, timestamp) VALUES (:user, :item, 'view', :moment)"
_IMPORT = (
    "INSERT INTO imports (import_id, fingerprint, folder, status, parts, counts, created_at, changed_at)"
    " VALUES ('0a1b', '0123456789abcdef-ord', 'order', 'done', 1, :counts, :at, :at)"
)


async def store(database: Database, user: str, places: list[float], *, recorded: bool = False) -> None:
    """Store rows as the release before did, with a record of their import or without one."""
    async with database.writing() as connection:
        for number, place in enumerate(places):
            row = {"user": user, "item": f"i{number:02d}", "moment": round(place * SECOND)}
            await connection.execute(text(_ROW), row)
        if recorded:
            counts = {"interactions": {"read": len(places), "kept": len(places), "new": len(places), "dropped": {}}}
            await connection.execute(text(_IMPORT), {"counts": json.dumps(counts), "at": IMPORTED_AT})


async def columns(database: Database, user: str) -> list[tuple[int | None, float | None]]:
    """Return time and sequence of a user's rows."""
    statement = "SELECT timestamp, sequence FROM interactions WHERE user_id = :user ORDER BY id"
    async with database.begin() as connection:
        return [(moment, place) for moment, place in await connection.execute(text(statement), {"user": user})]


async def with_times(database: Database) -> int:
    async with database.begin() as connection:
        return int(await connection.scalar(text("SELECT count(timestamp) FROM interactions")) or 0)


async def test_rows_of_an_import_that_said_order_move_and_no_other(restored: Installation, serve: Serve) -> None:
    async with Database(restored.url) as database:
        before = await with_times(database)
        await store(database, "ordered", PLACES, recorded=True)
        assert await find_order_rows(database) == OrderRows(len(PLACES), 0)
        await upgrade(database)
        assert await columns(database, "ordered") == [(None, place) for place in PLACES]
        assert await with_times(database) == before
        assert await find_order_rows(database) == OrderRows(0, 0)
    async with serve() as client:
        assert (await client.get("/health/ready")).status_code == 200
        assert (await client.get("/recommend/ordered")).json()["strategy"] == "personalized"
        page = (await client.get("/users/ordered/interactions")).json()
        exported = (await client.get("/users/ordered/export")).json()
    assert [row["sequence"] for row in page["items"]] == PLACES[::-1]
    assert [row["timestamp"] for row in exported["interactions"]] == [None] * len(PLACES)


async def test_rows_that_only_look_like_an_order_stay_until_that_is_confirmed(restored: Installation) -> None:
    async with Database(restored.url) as database:
        before = await with_times(database)
        await store(database, "doubtful", SMALL)
        await store(database, "impossible", [-5.0, 1.433e12])
        assert await find_order_rows(database) == OrderRows(2, 3, SECOND, 3 * SECOND)
        await upgrade(database)
        assert await find_order_rows(database) == OrderRows(0, 3, SECOND, 3 * SECOND)
        assert await columns(database, "doubtful") == [(int(place * SECOND), None) for place in SMALL]
        assert await columns(database, "impossible") == [(None, -5.0), (None, 1.433e12)]
        assert await confirm_order_rows(database) == 3
        assert await columns(database, "doubtful") == [(None, place) for place in SMALL]
        assert await with_times(database) == before


async def test_a_log_of_one_import_that_said_order_moves_whatever_its_numbers(restored: Installation) -> None:
    places = [1_433_221_332.0, 1_433_221_333.0, 5.0]
    live = IMPORTED_AT // SECOND + 1
    async with Database(restored.url) as database:
        async with database.writing() as connection:
            for table in ("interactions", "imports"):
                await connection.execute(text(f"DELETE FROM {table}"))
        await store(database, "u", places, recorded=True)
        await store(database, "u", [live])
        assert await find_order_rows(database) == OrderRows(3, 0)
        await upgrade(database)
        assert await columns(database, "u") == [*((None, place) for place in places), (live * SECOND, None)]
