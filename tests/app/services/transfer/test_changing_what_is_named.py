"""A later import changes what it names: other fields of items and users stay as they are."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app.process import transfer_factory
from app.process.resources import Resources
from app.services.transfer.counts import Imported
from app.services.transfer.import_rows import clean_items
from app.services.transfer.merging import Left, Merging
from app.storage.vectors import unpack
from models.data.file_chunks import open_folder
from models.data.progress import silent
from models.data.schema import Schema

LOG = "user_id,item_id\nu1,i1\n"


async def run(resources: Resources, folder: Path, *, replace: bool = False, **files: str) -> Imported:
    folder.mkdir(exist_ok=True)
    for name, text in {"interactions": LOG, **files}.items():
        (folder / f"{name}.csv").write_text(text)
    return await transfer_factory.importing(resources).run(open_folder(folder), replace=replace, progress=silent)


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
        merging = Merging(resources.items, resources.users, replace=False)
        assert await resources.changes.write(partial(merging.put_items, given=[given])) == []
    found = await resources.items.get("i")
    assert found is not None
    assert {name: vector.tolist() for name, vector in unpack(found["vectors"]).items()} == {
        "a": [1.0, 2.0],
        "b": [1.0, 2.0],
    }


ATTRIBUTES = 'item_id,attributes\ni1,"{0}"\n'


@pytest.mark.parametrize("replace", [False, True])
async def test_null_removes_a_name_as_in_a_patch(resources: Resources, tmp_path: Path, replace: bool) -> None:
    first = '{""c"": 1, ""n"": {""x"": 1, ""y"": null}, ""gone"": null}'
    await run(resources, tmp_path / "a", items=ATTRIBUTES.format(first), users="user_id,attributes\nu1,{}\n")
    assert (await item(resources, "i1"))["attributes"] == {"c": 1, "n": {"x": 1}}
    later = '{""c"": null, ""n"": {""z"": 2}}'
    users = 'user_id,attributes\nu1,"{""plan"": null, ""age"": 3}"\n'
    await run(resources, tmp_path / "b", items=ATTRIBUTES.format(later), users=users, replace=replace)
    assert (await item(resources, "i1"))["attributes"] == {"n": {"z": 2} if replace else {"x": 1, "z": 2}}
    assert await resources.users.get("u1") == {"age": 3}


async def test_null_removes_a_vector(resources: Resources) -> None:
    schema = Schema.model_validate({"items": {"a": {"type": "vector", "length": 2}}})
    merging = Merging(resources.items, resources.users, replace=False)
    for attributes in ({"a": [1.0, 2.0], "b": 1}, {"a": None}):
        given = clean_items(pa.Table.from_pylist([{"item_id": "i", "attributes": json.dumps(attributes)}]), {}, schema)
        assert await resources.changes.write(partial(merging.put_items, given=given)) == []
    found = await resources.items.get("i")
    assert found is not None
    assert (found["vectors"], found["attributes"]) == (None, {"b": 1})


LONG = '"{""%s"": ""' + "x" * 40_000 + '""}"'


async def test_a_row_that_would_make_too_much_of_an_item_is_left_out(resources: Resources, tmp_path: Path) -> None:
    head = "item_id,attributes,available_from,available_until\n"
    await run(
        resources,
        tmp_path / "a",
        items=f"{head}i1,{LONG % 'a'},,\ni2,,2026-03-01T00:00:00Z,\n",
        users=f"user_id,attributes\nu1,{LONG % 'a'}\n",
    )
    folder = tmp_path / "b"
    done = await run(
        resources,
        folder,
        items=f"{head}i0,,,\ni1,{LONG % 'b'},,\ni2,,,2026-02-01T00:00:00Z\ni3,{LONG % 'b'},,\n",
        users=f"user_id,attributes\nu1,{LONG % 'b'}\nu2,{LONG % 'b'}\n",
    )
    assert done.items is not None
    assert done.users is not None
    too_long = "attributes longer than 65,536 bytes as JSON with those that are there"
    assert (done.items.read, done.items.kept, done.items.new) == (4, 2, 2)
    assert done.items.dropped == {too_long: 1, "available_from after available_until": 1}
    assert (done.users.kept, done.users.new, done.users.dropped) == (1, 1, {too_long: 1})
    examples = transfer_factory.importing(resources).explain(done.examples)
    assert {(Path(one.file).name, one.line, one.column) for one in examples} == {
        ("items.csv", 3, "attributes"),
        ("items.csv", 4, "available_from"),
        ("users.csv", 2, "attributes"),
    }
    kept = (await item(resources, "i1"))["attributes"]
    assert list(kept) == ["a"]
    assert list((await resources.users.get("u1")) or {}) == ["a"]


def vectors(*names: str) -> Schema:
    return Schema.model_validate({"items": {name: {"type": "vector", "length": 1} for name in names}})


async def test_an_item_has_at_most_eight_vectors(resources: Resources) -> None:
    merging = Merging(resources.items, resources.users, replace=False)
    left = []
    for names in ("abcdefgh", "i", "a"):
        row = {"item_id": "i"} | {name: [1.0] for name in names}
        given = clean_items(pa.Table.from_pylist([row]), {}, vectors(*names))
        left.append(await resources.changes.write(partial(merging.put_items, given=given)))
    assert left == [[], [Left(None, "attributes with those that are there more than 8 vectors")], []]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_chunk_may_name_more_items_than_a_statement_takes(resources: Resources, tmp_path: Path) -> None:
    await run(resources, tmp_path / "a", items="item_id,title\n" + "".join(f"i{n},T{n}\n" for n in range(2500)))
    await run(resources, tmp_path / "b", items="item_id,price\n" + "".join(f"i{n},{n}\n" for n in range(2500)))
    assert (await item(resources, "i2499"))["title"] == "T2499"
