"""What becomes of the rows of a data-set folder."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.process import transfer_factory
from app.process.resources import Resources
from app.services.kit.event_types import EventTypeRule
from app.services.transfer.counts import Imported
from app.services.transfer.import_rows import Timestamps, clean_interactions, clean_items, clean_users
from models.data.errors import DataSetError
from models.data.events import EVENT_WEIGHTS
from models.data.file_chunks import in_memory, open_folder
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.schema import Schema

GOOD: dict[str, Any] = {"user_id": "u", "item_id": "i", "event_type": "view", "timestamp": 1_750_000_000.0}
TYPES = EventTypeRule(EVENT_WEIGHTS, allow_unknown=False)


def table(*rows: dict[str, Any]) -> pa.Table:
    names = GOOD | {name: None for row in rows for name in row if name not in GOOD}
    return pa.Table.from_pylist([names | row for row in rows])


async def run(resources: Resources, dataset: DataSet, timestamps: Timestamps = "seconds") -> Imported:
    return await transfer_factory.importing(resources).run(in_memory(dataset), timestamps=timestamps, progress=silent)


async def test_what_goes_in_can_be_read_from_the_log(resources: Resources) -> None:
    done = await run(resources, DataSet(table({}, {"item_id": "j", "timestamp": 1_750_000_001.5})))
    assert (done.interactions.new, done.interactions.dropped, done.items) == (2, {}, None)
    assert (await resources.interactions.table(silent)).select(["item_id", "timestamp"]).to_pylist() == [
        {"item_id": "i", "timestamp": 1_750_000_000.0},
        {"item_id": "j", "timestamp": 1_750_000_001.5},
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"user_id": None}, "user_id missing or not an id that the API takes"),
        ({"user_id": "a b"}, "user_id missing or not an id that the API takes"),
        ({"user_id": "a\n"}, "user_id missing or not an id that the API takes"),
        ({"item_id": "i" * 129}, "item_id missing or not an id that the API takes"),
        ({"event_type": "teleport"}, "event_type unknown"),
        ({"event_type": None}, "event_type unknown"),
        ({"timestamp": None}, "timestamp not seconds since 1970, before that or in the future"),
        ({"timestamp": -1.0}, "timestamp not seconds since 1970, before that or in the future"),
        ({"timestamp": 99e9}, "timestamp not seconds since 1970, before that or in the future"),
        ({"timestamp": float("nan")}, "timestamp not seconds since 1970, before that or in the future"),
        ({"value": float("inf")}, "value not a number"),
        ({"quantity": 0.0}, "quantity not a number other than 0"),
        ({"quantity": float("nan")}, "quantity not a number other than 0"),
        ({"revenue": float("inf")}, "revenue not a number, or negative without a negative quantity"),
        ({"revenue": -1.0}, "revenue not a number, or negative without a negative quantity"),
        ({"revenue": -1.0, "quantity": 1.0}, "revenue not a number, or negative without a negative quantity"),
        ({"event_id": "not an id"}, "event_id not an id that the API takes"),
        ({"request_id": "not an id"}, "request_id not an id that the API takes"),
        ({"position": -1}, "position not as the API takes it"),
        ({"context": "[1]"}, "context not as the API takes it"),
        ({"context": "no JSON"}, "context not as the API takes it"),
        ({"context": '{"a": "%s"}' % ("x" * 4_096)}, "context not as the API takes it"),
    ],
)
async def test_a_dirty_row_is_dropped_and_counted(resources: Resources, row: dict[str, Any], reason: str) -> None:
    done = await run(resources, DataSet(table({}, row)))
    assert done.interactions.dropped == {reason: 1}
    assert await resources.interactions.count() == 1


async def test_when_no_interaction_is_usable_the_import_fails(resources: Resources) -> None:
    catalogue = pa.Table.from_pylist([{"item_id": "i"}])
    with pytest.raises(DataSetError, match="0 kept; 1 dropped: event_type unknown"):
        await run(resources, DataSet(table({"event_type": "teleport"}), items=catalogue))
    assert await resources.interactions.count() == 0


async def test_a_repeated_import_counts_an_event_id_once(resources: Resources) -> None:
    dataset = DataSet(table({"event_id": "e1"}, {"event_id": "e2"}))
    assert (await run(resources, dataset)).interactions.new == 2
    assert (await run(resources, dataset)).interactions.new == 0
    assert await resources.interactions.count() == 2


async def test_an_event_id_with_other_content_is_counted_and_left_out(resources: Resources) -> None:
    await run(resources, DataSet(table({"event_id": "e1"}, {"event_id": "e2", "value": 1.0})))
    rows = ({"event_id": "e1"}, {"event_id": "e2", "value": 2.0}, {"event_id": "e3"}, {"event_id": "e3", "value": 3.0})
    done = (await run(resources, DataSet(table(*rows)))).interactions
    assert (done.new, done.kept, done.dropped) == (1, 2, {"event_id in the log with other content": 2})
    assert (await resources.interactions.table(silent))["value"].to_pylist() == [None, 1.0, None]


async def test_an_order_is_kept_whatever_its_numbers(resources: Resources) -> None:
    dataset = DataSet(table({"timestamp": 3.0, "item_id": "c"}, {"timestamp": -7e11, "item_id": "a"}))
    await run(resources, dataset, "order")
    assert [event[2] for event in (await resources.interactions.histories(["u"], 9))["u"]] == ["a", "c"]
    assert (await resources.interactions.table(silent))["timestamp"].to_pylist() == [3.0, -7e11]


async def test_without_times_there_is_no_order(resources: Resources) -> None:
    await run(resources, DataSet(table({}).drop_columns(["timestamp", "event_type"])))
    read = await resources.interactions.table(silent)
    assert read.column_names == ["user_id", "item_id", "event_type", "value", "event_id"]
    assert read["event_type"].to_pylist() == ["view"]


async def test_without_event_types_a_value_makes_a_rating(resources: Resources) -> None:
    rows = table({"value": 4.0}, {"value": None, "item_id": "j"}).drop_columns(["event_type"])
    await run(resources, DataSet(rows))
    assert (await resources.interactions.table(silent))["event_type"].to_pylist() == ["rating", "view"]


async def test_csv_files_carry_lists_and_objects_as_json(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text(
        'user_id,item_id,position,context\nu,i,3,"{""device"": ""phone""}"\nu,j,,\n', encoding="utf-8"
    )
    (tmp_path / "items.csv").write_text(
        'item_id,title,categories,price,attributes,hidden\ni,Shoe,"[""a"", ""b""]",9.5,"{""size"": 42}",true\n'
        "j,,one label,$9.50,,\nk,,,-1,,\ni,Boot,,,,\n",
        encoding="utf-8",
    )
    done = await transfer_factory.importing(resources).run(open_folder(tmp_path), progress=silent)
    assert done.items is not None
    assert done.items.dropped == {
        "price not as the API takes it": 1,
        "item_id that comes again later": 1,
    }
    other = await resources.items.get("j")
    assert other is not None
    assert (other["categories"], other["price"]) == (["one label"], 9.5)
    item = await resources.items.get("i")
    assert item is not None
    assert item["title"] == "Boot"
    async with resources.database.begin() as connection:
        rows = (await connection.exec_driver_sql("SELECT position, context FROM interactions ORDER BY id")).all()
    plain: list[list[object]] = [list(row) for row in rows]
    assert plain[0][0] == 3
    assert "phone" in str(plain[0][1])
    assert plain[1] == [None, None]


def test_the_cells_of_declared_attributes_of_users_are_read_by_their_types() -> None:
    declared = {"age": "number", "zip": "category", "since": "time", "home": "place"}
    schema = Schema.model_validate({"users": declared})
    dropped: dict[str, int] = {}
    cells = {"age": "42", "zip": "1011", "since": "1700000000", "home": '{"lat": 1, "lon": 2}', "plan": "7"}
    users = pa.Table.from_pylist([{"user_id": "u", **cells}, {"user_id": "v", "age": "old"}])
    [row] = clean_users(users, dropped, schema)
    read = {"age": 42, "zip": "1011", "since": 1700000000, "home": {"lat": 1, "lon": 2}, "plan": "7"}
    assert row.row == {"user_id": "u", "attributes": read}
    assert dropped == {"attributes.age must be a finite number": 1}


def test_all_fields_of_an_item_go_in() -> None:
    row = {
        "item_id": "i",
        "title": "Shoe",
        "categories": ["a"],
        "price": 9.5,
        "attributes": {"size": 42},
        "hidden": True,
        "available_from": "2026-01-01T00:00:00Z",
        "unknown": "passed over",
    }
    dropped: dict[str, int] = {}
    (given_item,) = clean_items(pa.Table.from_pylist([row]), dropped)
    stored = given_item.row
    assert dropped == {}
    assert stored["available_from"] == 1_767_225_600_000_000
    assert (stored["categories"], stored["attributes"], stored["hidden"]) == (["a"], {"size": 42}, True)


CELLS = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["u", "i", "view"]))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, st.one_of(st.none(), st.floats())), min_size=1, max_size=8))
def test_every_row_is_kept_or_counted(cells: list[tuple[object, ...]]) -> None:
    names = ["user_id", "item_id", "event_type", "timestamp"]
    types = [pa.string(), pa.string(), pa.string(), pa.float64()]
    columns = [pa.array(column, kind) for column, kind in zip(zip(*cells, strict=True), types, strict=True)]
    dropped: dict[str, int] = {}
    rows = clean_interactions(pa.table(columns, names), "seconds", dropped, TYPES)
    assert len(rows) + sum(dropped.values()) == len(cells)


async def test_a_file_that_breaks_off_stores_nothing_so_that_the_mended_one_counts_once(
    resources: Resources, tmp_path: Path
) -> None:
    rows = [f"u{number},i{number % 50},{1000 + number}" for number in range(60_000)]
    file = tmp_path / "interactions.csv.gz"
    whole = gzip.compress("\n".join(["user_id,item_id,timestamp", *rows, ""]).encode())
    file.write_bytes(whole[:-5000])
    with pytest.raises(DataSetError, match=r"interactions\.csv\.gz: cannot be read"):
        await transfer_factory.importing(resources).run(open_folder(tmp_path), progress=silent)
    assert await resources.interactions.count() == 0
    file.write_bytes(whole)
    await transfer_factory.importing(resources).run(open_folder(tmp_path), progress=silent)
    assert await resources.interactions.count() == 60_000


async def test_a_row_that_cannot_be_read_costs_that_row(resources: Resources, tmp_path: Path) -> None:
    rows = [f"u{number},i{number % 50},{1000 + number}" for number in range(6_000)]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows, "a,b", ""]))
    importing = transfer_factory.importing(resources)
    done = await importing.run(open_folder(tmp_path), progress=silent)
    assert (done.interactions.read, done.interactions.new) == (6_001, 6_000)
    assert done.interactions.dropped == {"a row with too few or too many cells": 1}
    (example,) = importing.explain(done.examples)
    assert (example.line, example.cell, example.accepted) == (6_002, "a,b", "3 cells, as the header has, not 2")
