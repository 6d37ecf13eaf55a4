"""Files without `event_id` that are imported again, grown, in another order or in parts: only what is new is added."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.errors import DatabaseError
from app.process import transfer_factory
from app.process.resources import Resources
from app.services.transfer import importing
from app.services.transfer.counts import Count
from app.storage.bulk import BulkStore
from app.storage.rows import Row
from models.data.cleaning import clean
from models.data.file_chunks import open_folder
from models.data.progress import silent
from models.data.reading import arrow_csv

HEADER = "user_id,item_id,event_type,value,timestamp"
ROWS = [f"u{n % 7},i{n % 5},view,,{1_700_000_000 + n // 2}" for n in range(40)]
TWICE = "u1,i1,purchase,9.95,1700000100"


class Dumps:
    """Writes dumps of a shop, each into a folder of its own, and imports them."""

    def __init__(self, resources: Resources, root: Path) -> None:
        self._resources, self._root, self._number = resources, root, 0

    async def add(self, *files: Sequence[str], header: str = HEADER, **options: Any) -> Count:
        """Import a dump of one or several files of rows."""
        self._number += 1
        folder = self._root / f"dump-{self._number}"
        for number, rows in enumerate(files):
            path = folder / ("interactions.csv" if len(files) == 1 else f"part-{number}.csv")
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        done = await transfer_factory.importing(self._resources).run(open_folder(folder), progress=silent, **options)
        return done.interactions

    async def log(self) -> list[tuple[object, ...]]:
        """Return user, item, event type and time of all rows, sorted."""
        table = (await self._resources.interactions.table(silent)).select(["user_id", "item_id", "event_type"])
        return sorted(tuple(row.values()) for row in table.to_pylist())


@pytest.fixture
def dumps(resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dumps:
    # About ten rows a chunk.
    monkeypatch.setattr(arrow_csv, "_BLOCK_BYTES", 300)
    monkeypatch.setattr(importing, "_ROWS_A_TRANSACTION", 15)
    return Dumps(resources, tmp_path)


async def test_a_log_that_has_grown_adds_its_new_rows(dumps: Dumps) -> None:
    first = await dumps.add([*ROWS[:25], TWICE, TWICE])
    assert (first.read, first.kept, first.new, first.dropped) == (27, 27, 27, {})
    grown = await dumps.add([*ROWS, TWICE, TWICE, TWICE])
    assert (grown.read, grown.kept, grown.new, grown.dropped) == (43, 43, 16, {})


async def test_neither_order_nor_parts_make_other_rows(dumps: Dumps, resources: Resources) -> None:
    rows = [*ROWS, TWICE, TWICE]
    await dumps.add(rows)
    shuffled = random.Random(0).sample(rows, len(rows))
    assert (await dumps.add(shuffled)).new == 0
    assert (await dumps.add(shuffled[:15], shuffled[15:], [TWICE])).new == 1
    assert await resources.interactions.count() == len(rows) + 1


async def test_of_a_file_that_overlaps_the_one_before_the_rest_is_added(dumps: Dumps, resources: Resources) -> None:
    await dumps.add([*ROWS[:30], TWICE, TWICE])
    assert (await dumps.add([TWICE, *ROWS[20:]])).new == 10
    assert await resources.interactions.count() == len(ROWS) + 2


async def test_the_same_files_again_add_nothing(dumps: Dumps) -> None:
    await dumps.add(ROWS)
    again = await dumps.add(ROWS, again=True)
    assert (again.kept, again.new) == (len(ROWS), 0)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("user_id,item_id,timestamp", [f"u{n % 3},i{n % 4},{n}" for n in range(30)]),
        ("user_id,item_id", [f"u{n % 3},i{n % 4}" for n in range(30)]),
    ],
    ids=["an order", "no order"],
)
async def test_logs_without_times_are_compared_too(dumps: Dumps, header: str, rows: list[str]) -> None:
    await dumps.add(rows[:20], header=header, timestamps="order")
    assert (await dumps.add(rows[::-1], header=header, timestamps="order")).new == 10


async def test_an_interrupted_import_knows_what_it_stored(
    dumps: Dumps, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dumps.add([TWICE, *ROWS[:20], TWICE])
    whole, calls = BulkStore.add, 0

    async def add(self: BulkStore, *arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise DatabaseError("away")
        return await whole(self, *arguments)

    grown = [TWICE, *ROWS, TWICE, TWICE]
    with monkeypatch.context() as broken:
        broken.setattr(BulkStore, "add", add)
        with pytest.raises(DatabaseError):
            await dumps.add(grown)
    resumed = await dumps.add(grown)
    assert (resumed.kept, resumed.new) == (len(grown), 21)
    assert await resources.interactions.count() == len(grown)


async def test_rows_of_a_merged_user_go_to_whom_it_was_merged_into(dumps: Dumps, resources: Resources) -> None:
    await dumps.add(ROWS)
    users = resources.merging
    await users.merge("u1", "u2")
    await users.merge("u2", "u3")
    later = "u1,i9,view,,1700000500"
    assert (await dumps.add([*ROWS, later])).new == 1
    log = await dumps.log()
    assert {row[0] for row in log} == {"u0", "u3", "u4", "u5", "u6"}
    assert ("u3", "i9", "view") in log


async def test_a_late_post_of_a_merged_user_is_not_imported_beside_it(dumps: Dumps, resources: Resources) -> None:
    await dumps.add(ROWS)
    await resources.merging.merge("u1", "u2")
    later = "u1,i9,view,,1700000500"
    await resources.interactions.store([Row("u1", "i9", "view", timestamp=1_700_000_500_000_000)])
    assert (await dumps.add([*ROWS, later])).new == 0


async def test_training_reads_a_log_with_equal_rows_as_if_each_were_there_once(
    dumps: Dumps, resources: Resources
) -> None:
    rows = [*ROWS, "u1,i1,rating,1,1700000200", "u2,i1,dislike,,1700000201", "u3,i1,shown,,1700000202"]
    await dumps.add(rows)
    once, _ = found = clean(await resources.interactions.table(silent))
    await dumps.add([*rows, *rows])
    twice, _ = again = clean(await resources.interactions.table(silent))
    assert await resources.interactions.count() == 2 * len(rows)
    assert twice.equals(once)
    for one, other in ((found[1].disliked, again[1].disliked), (found[1].shown, again[1].shown)):
        assert one is not None
        assert other is not None
        assert (len(one) > 0, other.equals(one)) == (True, True)
