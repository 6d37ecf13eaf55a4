"""A later import changes what it names: other fields of items and users stay as they are."""

from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app.process import factory
from app.process.resources import Resources
from app.services.transfer.counts import Imported
from app.services.transfer.import_rows import clean_items
from app.storage.vectors import unpack
from models.data.file_chunks import open_folder
from models.data.progress import silent
from models.data.schema import Schema

LOG = "user_id,item_id\nu1,i1\n"


async def run(resources: Resources, folder: Path, *, replace: bool = False, **files: str) -> Imported:
    folder.mkdir(exist_ok=True)
    for name, text in {"interactions": LOG, **files}.items():
        (folder / f"{name}.csv").write_text(text)
    return await factory.importing(resources).run(open_folder(folder), replace=replace, progress=silent)


async def item(resources: Resources, item_id: str) -> dict[str, Any]:
    found = await resources.items.get(item_id)
    assert found is not None
    return {name: found[name] for name in ("title", "description", "hidden", "price", "tags", "attributes")}


FULL = (
    'item_id,title,description,hidden,price,tags,attributes\ni1,T1,D1,true,3,"[""x""]","{""c"": 1, ""d"": 2}"\n'
    "i2,T2,,false,,,\n"
)


async def test_a_file_with_two_columns_changes_one_field(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items=FULL)
    first = await item(resources, "i1")
    done = await run(resources, tmp_path / "b", items="item_id,price\ni1,5\ni3,7\n")
    assert done.items is not None
    assert (done.items.kept, done.items.dropped) == (2, {})
    assert await item(resources, "i1") == {**first, "price": 5.0}
    assert (await item(resources, "i1"))["hidden"] is True
    assert (await item(resources, "i3"))["price"] == 7.0
    assert (await item(resources, "i2"))["title"] == "T2"


async def test_an_empty_cell_and_a_further_attribute_leave_the_others(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items=FULL)
    await run(resources, tmp_path / "b", items='item_id,title,attributes\ni1,,"{""d"": 3, ""e"": 4}"\n')
    changed = await item(resources, "i1")
    assert (changed["title"], changed["attributes"]) == ("T1", {"c": 1, "d": 3, "e": 4})


async def test_to_replace_is_asked_for(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items=FULL, users="user_id,country,age\nu1,NL,30\n")
    again: Any = {"items": "item_id,price\ni1,5\n", "users": "user_id,country\nu1,BE\n"}
    await run(resources, tmp_path / "b", **again)
    assert await resources.users.get("u1") == {"country": "BE", "age": "30"}
    # The same files, stored in another way, were not imported before.
    done = await run(resources, tmp_path / "b", replace=True, **again)
    assert done.before is None
    empty: dict[str, Any] = {"title": None, "description": None, "hidden": False, "tags": [], "attributes": {}}
    assert await item(resources, "i1") == {**empty, "price": 5.0}
    assert await resources.users.get("u1") == {"country": "BE"}


async def test_a_deleted_item_comes_back_with_what_the_file_says(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items=FULL)
    await resources.items.delete("i1")
    await run(resources, tmp_path / "b", items="item_id,price\ni1,5\n")
    assert (await item(resources, "i1"))["title"] is None


async def test_one_vector_leaves_the_others(resources: Resources) -> None:
    vector = {"type": "vector", "length": 2}
    schema = Schema.model_validate({"items": {"a": vector, "b": vector}})
    for name in ("a", "b"):
        (given,) = clean_items(pa.Table.from_pylist([{"item_id": "i", name: [1.0, 2.0]}]), {}, schema)
        store = partial(resources.items.merge_now, rows=[given.row], named=[given.named])
        await resources.changes.write(store)
    found = await resources.items.get("i")
    assert found is not None
    assert {name: vector.tolist() for name, vector in unpack(found["vectors"]).items()} == {
        "a": [1.0, 2.0],
        "b": [1.0, 2.0],
    }


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_chunk_may_name_more_items_than_a_statement_takes(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items="item_id,title\n" + "".join(f"i{n},T{n}\n" for n in range(2500)))
    await run(resources, tmp_path / "b", items="item_id,price\n" + "".join(f"i{n},{n}\n" for n in range(2500)))
    assert (await item(resources, "i2499"))["title"] == "T2499"
