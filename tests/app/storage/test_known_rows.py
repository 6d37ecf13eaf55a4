"""Which rows without an `event_id` an import stores: of each content as many as the larger import has."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.process.resources import Resources
from app.storage.arrow_types import INTERACTION_TYPES
from app.storage.bulk import BulkStore
from app.storage.imports import ImportStore
from app.storage.key_counts import KeyCounts
from app.storage.known_rows import KnownRows
from app.storage.row_keys import CONTENT, row_keys
from app.storage.rows import LOG_COLUMNS, Row
from models.data.file_chunks import CHUNK_ROWS

Content = tuple[str, str, str, float | None, int | None, float | None, float | None, float | None]
_numbers = count(1)
MOMENTS = st.sampled_from([(1_000_000, None), (2_000_000, None), (None, 1.0), (None, 2.5), (None, None)])
ROWS = st.builds(
    lambda user, item, value, moment, quantity: (user, item, "view", value, *moment, quantity, None),
    st.sampled_from("uv"),
    st.sampled_from("ij"),
    st.sampled_from([None, 0.1]),
    MOMENTS,
    st.sampled_from([None, -1.0]),
)


def table(rows: Sequence[Content], **others: list[object]) -> pa.Table:
    columns = {name: [row[place] for row in rows] for place, name in enumerate(CONTENT)} | others
    empty = [None] * len(rows)
    return pa.table({name: pa.array(columns.get(name, empty), INTERACTION_TYPES[name]) for name in LOG_COLUMNS})


class Log:
    """Imports rows chunk by chunk, and reads them back."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._bulk = BulkStore(resources.database, resources.changes, resources.first_mentions)

    async def add(self, rows: Sequence[Content], size: int = CHUNK_ROWS, *, resumed_at: int = 0) -> int:
        """Import rows, interrupted before a chunk and resumed there."""
        before = await ImportStore(self._resources.database).log_end()
        chunks = [table(rows[start : start + size]) for start in range(0, len(rows), size)]
        known, new = KnownRows(before), 0
        for chunk in chunks[:resumed_at]:
            new += await self._bulk.add(chunk, lambda *_: None, known)
        known = KnownRows(before)
        for chunk in chunks[:resumed_at]:
            await self._bulk.pass_over(chunk, known)
        for chunk in chunks[resumed_at:]:
            new += await self._bulk.add(chunk, lambda *_: None, known)
        return new

    async def counts(self, users: Sequence[str]) -> Counter[Content]:
        """Return how often each content is in the log of some users."""
        names = ", ".join(CONTENT)
        async with self._resources.database.begin() as connection:
            found = (await connection.execute(text(f"SELECT {names} FROM interactions"))).all()
        return Counter(tuple(row) for row in found if row[0] in users)


@pytest.fixture
def log(resources: Resources) -> Log:
    return Log(resources)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, max_size=10), st.lists(ROWS, max_size=10), st.data())
async def test_of_two_imports_the_larger_count_of_each_content_holds(
    log: Log, ones: list[Content], others: list[Content], data: st.DataObject
) -> None:
    # Users of their own, as the log of the examples before is still there.
    number = next(_numbers)
    first, more = ([(f"{row[0]}{number}", *row[1:]) for row in rows] for rows in (ones, others))
    second = data.draw(st.permutations(first[: len(first) // 2] + more))
    size = data.draw(st.integers(1, 8))
    await log.add([("before", "i", "view", None, None, None, None, None), *first], size)
    await log.add(second, size, resumed_at=data.draw(st.integers(0, 3)))
    assert await log.counts([f"u{number}", f"v{number}"]) == Counter(first) | Counter(second)


async def test_a_first_import_keeps_all_its_rows(log: Log) -> None:
    row = ("u", "i", "view", None, 1_000_000, None, None, None)
    assert await log.add([row, row, row], 2) == 3


async def test_a_row_that_was_posted_is_not_imported(resources: Resources, log: Log) -> None:
    await resources.interactions.store([Row("u", "i", "view", 0.1, 1_000_000, event_id="e", position=3)])
    row = ("u", "i", "view", 0.1, 1_000_000, None, None, None)
    assert await log.add([row, row]) == 1


async def test_a_whole_chunk_is_compared(log: Log) -> None:
    rows: list[Content] = [
        (f"u{n % 500}", f"i{n}", "view", None, 1_000_000 * (n // 3), None, None, None) for n in range(40_000)
    ]
    await log.add(rows[1:])
    assert await log.add(rows) == 1


@pytest.mark.parametrize("place", range(len(CONTENT)), ids=CONTENT)
def test_each_column_of_the_content_makes_another_row(place: int) -> None:
    row = ("u", "i", "view", 1.0, 1_000_000, 1.0, 1.0, 1.0)
    others: list[Any] = [
        (*row[:place], given, *row[place + 1 :]) for given in (("v", None) if place < 3 else (2, None))
    ]
    assert len(set(row_keys(table([row, *others])).tolist())) == 3


def test_columns_do_not_change_places_and_zero_has_no_sign() -> None:
    swapped = [("a", "b", "view", 0.0, None, None, 1.0, None), ("b", "a", "view", -0.0, None, None, 1.0, None)]
    moved = [("a", "b", "view", -0.0, None, None, 1.0, None), ("a", "b", "view", 1.0, None, None, 0.0, None)]
    one, other, same, third = row_keys(table([*swapped, *moved])).tolist()
    assert (one == same, len({one, other, third})) == (True, 3)


def test_keys_are_counted_however_many_pages_they_came_in() -> None:
    random = np.random.default_rng(0)
    counts, expected = KeyCounts(), Counter[int]()
    for size in (1, 100, 7, 0, 1000, 3, 500):
        keys = random.integers(0, 700, size).astype(np.uint64)
        counts.add(keys)
        expected.update(keys.tolist())
    asked = np.arange(800, dtype=np.uint64)
    assert counts.of(asked).tolist() == [expected[number] for number in range(800)]
