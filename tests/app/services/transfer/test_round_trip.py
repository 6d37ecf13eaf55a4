"""What is exported and imported into another database is what was there."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.schemas.ids import STRICT
from app.services.transfer.import_rows import Timestamps
from app.storage.rows import COLUMNS, Row
from app.storage.tables import imports, interactions, items, users
from app.storage.vectors import pack
from models.data.file_chunks import open_folder
from models.data.progress import silent
from models.data.schema import Attribute, Schema

IDS = st.text("ab.:~", min_size=1, max_size=3).filter(STRICT.takes)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
CONTEXTS = st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS | st.floats(-1e9, 1e9), max_size=3)
ROWS = st.builds(
    Row,
    IDS,
    IDS,
    st.sampled_from(["view", "purchase", "shown", "rating"]),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.integers(0, 1_790_000_000_000_000),
    st.none() | IDS,
    st.none() | IDS,
    st.none() | st.integers(0, 2**31 - 1),
    st.none() | CONTEXTS.map(lambda value: orjson.dumps(value).decode()),
    st.none() | st.sampled_from([-1e300, -2.0, 0.001, 1.0]),
    st.none() | st.floats(0, allow_infinity=False),
)


async def export(resources: Resources, folder: Path) -> dict[str, list[dict[str, Any]]]:
    await transfer_factory.exporting_log(resources).run(folder, silent)
    return {path.stem: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}


async def empty(resources: Resources) -> None:
    async with resources.database.writing() as connection:
        for table in (imports, interactions, items, users):
            await connection.execute(delete(table))


async def there_and_back(resources: Resources, tmp_path: Path, timestamps: Timestamps = "seconds") -> None:
    before = await export(resources, tmp_path / "one")
    await empty(resources)
    files = open_folder(tmp_path / "one")
    done = await transfer_factory.importing(resources).run(files, timestamps=timestamps, progress=silent)
    assert done.interactions.dropped == {}
    assert await export(resources, tmp_path / "two") == before


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
async def test_every_row_comes_back_as_it_was(resources: Resources, tmp_path: Path, rows: list[Row]) -> None:
    await empty(resources)
    await resources.interactions.store(rows)
    await there_and_back(resources, tmp_path)


async def test_the_catalogue_comes_back_as_it_was(resources: Resources, tmp_path: Path, settings: Settings) -> None:
    item = {
        "item_id": "i",
        "title": 'Ä "quoted", \N{OWL}\n',
        "description": None,
        "url": "https://shop.example/i?a=1",
        "image_url": None,
        "categories": ["a", "b"],
        "tags": [],
        "price": 0.1,
        "attributes": {"deep": [1, {"x": None}]},
        "vectors": pack({"embedding": np.array([0.1, -2.5], dtype=np.float32)}),
        "hidden": True,
        "available_from": 1_767_225_600_123_456,
        "available_until": None,
    }
    await resources.schema.put(Schema(items={"embedding": Attribute(type="vector", length=2)}))
    await resources.database.write(lambda connection: resources.items.put_now(connection, [item]))
    profile = {"user_id": "u", "attributes": {"age": 40, "city": "Köln"}}
    await resources.database.write(lambda connection: resources.users.put_now(connection, [profile]))
    await resources.interactions.store([Row("u", "i", "view", timestamp=1), Row("v", "j", "view", timestamp=2)])
    await there_and_back(resources, tmp_path)
    assert await resources.items.get("i") == item
    exported = await export(resources, tmp_path / "three")
    assert [row["item_id"] for row in exported["items"]] == ["i"]
    assert exported["items"][0]["embedding"] == pytest.approx([0.1, -2.5])
    assert [row["user_id"] for row in exported["users"]] == ["u"]
    assert list(exported["interactions"][0]) == list(COLUMNS)


async def test_a_log_that_has_only_an_order_is_exported_unchanged(resources: Resources, tmp_path: Path) -> None:
    await resources.interactions.store(
        [Row("u", f"i{n}", "view", timestamp=n * 1_000_000) for n in (5, -7, 900_000_000_0)]
    )
    await there_and_back(resources, tmp_path, "order")
    assert (await resources.interactions.table(silent))["timestamp"].to_pylist() == [5.0, -7.0, 9e9]
