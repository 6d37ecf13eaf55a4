"""`braid embed`: fills a vector of the items, in the database and in a folder."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from app.process.resources import Resources
from app.schemas.items import ItemIn
from app.services.catalogue.item_rows import to_row
from app.storage.vectors import as_lists
from app.worker.embedding import embed_catalogue
from models.data.errors import DataSetError
from models.data.schema import EMPTY
from models.training.embedding import embed_texts

Braid = Callable[..., CompletedProcess[str]]
TITLES = {
    "a": "red running shoe", "b": "blue running shoe", "c": "red shoe for running", "d": "oak table", "e": "pine table",
}  # fmt: skip


async def stored(resources: Resources) -> dict[str, Any]:
    rows = await resources.items.get_many([*TITLES, "f"])
    return {name: as_lists(row["vectors"]).get("embedding") for name, row in rows.items() if row is not None}


async def test_catalogue_is_embedded_and_again_with_the_same_result(resources: Resources) -> None:
    rows = [to_row(name, ItemIn(title=title), EMPTY) for name, title in TITLES.items()]
    await resources.items.put_many([*rows, to_row("f", ItemIn(), EMPTY)])
    assert await embed_catalogue(resources, "embedding", 16) == (5, 1)
    first = await stored(resources)
    assert first.pop("f") is None
    vectors = {name: np.array(vector) for name, vector in first.items()}
    assert {len(vector) for vector in vectors.values()} == {16}
    assert vectors["a"] @ vectors["c"] > vectors["a"] @ vectors["d"]
    assert vectors["d"] @ vectors["e"] > vectors["d"] @ vectors["b"]
    assert resources.schema.current.vectors == {"embedding": 16}
    assert await embed_catalogue(resources, "embedding", None) == (5, 1)
    assert {name: vector for name, vector in (await stored(resources)).items() if vector} == first
    with pytest.raises(DataSetError, match="declared with 16 numbers, not 8"):
        await embed_catalogue(resources, "embedding", 8)


async def test_empty_catalogue_cannot_be_embedded(resources: Resources) -> None:
    with pytest.raises(DataSetError, match="no item has a title or a description"):
        await embed_catalogue(resources, "embedding", None)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_folder_is_embedded(tmp_path: Path, braid_here: Braid, suffix: str) -> None:
    table = pa.table({"item_id": list(TITLES), "title": list(TITLES.values())})
    path = tmp_path / f"items.{suffix}"
    if suffix == "csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pyarrow.parquet.write_table(table, path)
    for _ in range(2):
        done = braid_here("embed", tmp_path, "--length", 8)
        assert done.returncode == 0, done.stderr
        assert "5 items have a vector in embedding" in done.stdout
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("items")] == [path.name]
    text = path.read_bytes()
    assert b"embedding" in text


def test_folder_without_items_is_named(tmp_path: Path, braid_here: Braid) -> None:
    done = braid_here("embed", tmp_path)
    assert done.returncode == 2
    assert "there is nothing to embed" in done.stderr


def test_texts_without_words_have_no_vector() -> None:
    rows, present = embed_texts(["", "...", "one word"], 4)
    assert present.tolist() == [False, False, True]
    assert np.isfinite(rows).all()
    assert not embed_texts(["", ""], 4)[1].any()
