"""A reader of the change feed misses nothing, whatever the order in which concurrent transactions commit."""

import asyncio
import itertools
import os
import random
from collections import Counter
from contextlib import suppress

import pytest

from app.process.resources import Resources
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.inserts import insert_rows
from app.storage.rows import Row

COMMITS = int(os.environ.get("BRAID_TEST_FEED_COMMITS", "1500"))
WRITERS = 12


async def write(url: str, first: int, count: int, committed: list[str]) -> None:
    """Commit interactions one by one, with a pause between taking a place in the feed and committing."""
    database = Database(url)
    changes = ChangeStore(database)
    try:
        done = 0
        for number in itertools.count(first):
            user = f"u{number}"
            roll_back = random.random() < 0.02
            with suppress(ZeroDivisionError):
                async with changes.writing() as connection:
                    await connection.run_sync(insert_rows, [Row(user, "i", "view", timestamp=number, event_id=user)])
                    await changes.record(connection, "users", [user])
                    await asyncio.sleep(random.choice((0, 0, 0.001, 0.02)))
                    if roll_back:
                        raise ZeroDivisionError
                committed.append(user)
                done += 1
            if done == count:
                return
    finally:
        await database.close()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_reader_meets_every_commit_once(resources: Resources, database_url: str) -> None:
    reader = ChangeStore(resources.database, "reader")
    position = await reader.position()
    met: Counter[str] = Counter()
    naive, last = 0, 0
    committed: list[str] = []
    share = -(-COMMITS // WRITERS)
    writers = [asyncio.create_task(write(database_url, n * 2 * share, share, committed)) for n in range(WRITERS)]
    writing = asyncio.gather(*writers)
    over = False
    while not over:
        # What is committed when the writers have ended must be there in one more reading.
        over = writing.done()
        found, position = await reader.read(position)
        met.update(key for change in found for key in change.keys or ())
        # A reader that only asks for what comes after the last id would have passed over these.
        ids = [change.id for change in found]
        naive += sum(number < last for number in ids)
        last = max([last, *ids])
        await asyncio.sleep(random.uniform(0, 0.01))
    await writing
    assert set(met) == set(committed)
    assert set(met.values()) == {1}
    async with resources.database.begin() as connection:
        rows = (await connection.exec_driver_sql("SELECT count(*) FROM interactions")).scalar_one()
    assert rows == len(committed)
    print(f"\n{len(committed):,} commits, each met once; by id alone {naive:,} would have been missed")  # noqa: T201
