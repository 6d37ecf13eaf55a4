"""What quantity and revenue say about a row, and that a negative quantity is a return."""

import math
from typing import Any

import pyarrow as pa
import pytest

from models.data.cleaning import CleaningReport, clean
from models.data.sales import counted_type, with_returns

SOLD: dict[str, Any] = {"user_id": "u2", "item_id": "i1", "event_type": "purchase", "timestamp": 60.0, "quantity": 2.0}
RETURNED = SOLD | {"user_id": "u1", "quantity": -3.0}
QUANTITY = "quantity not a number other than 0"
REVENUE = "revenue not a number, or negative without a negative quantity"


def disliked(report: CleaningReport) -> list[dict[str, Any]]:
    assert report.disliked is not None
    found: list[dict[str, Any]] = report.disliked.to_pylist()
    return found


@pytest.mark.parametrize("kind", ["purchase", "view", "rating", "shown", "unheard-of", "return", None])
def test_a_negative_quantity_is_a_return_whatever_the_event_type(kind: str | None) -> None:
    kept, report = clean(pa.Table.from_pylist([SOLD, RETURNED | {"event_type": kind, "value": 5.0}]))
    assert kept["user_id"].to_pylist() == ["u2"]
    assert [(row["user_id"], row["event_type"]) for row in disliked(report)] == [("u1", "return")]
    assert report.dropped == {"event type that shows no interest": 1}


def test_without_event_types_the_others_stay_without() -> None:
    table = pa.table({"user_id": ["u1", "u2"], "item_id": ["i1", "i1"], "quantity": [-3, 2]})
    assert with_returns(table)["event_type"].to_pylist() == ["return", None]
    assert with_returns(table.drop_columns(["quantity"])).column_names == ["user_id", "item_id"]
    kept, report = clean(table)
    assert kept["user_id"].to_pylist() == ["u2"]
    assert [row["user_id"] for row in disliked(report)] == ["u1"]


def test_a_return_weighs_what_returns_weigh() -> None:
    kept, report = clean(pa.Table.from_pylist([SOLD, RETURNED]), {"return": 0.0})
    assert kept["user_id"].to_pylist() == ["u2"]
    assert disliked(report) == []


def test_a_row_counts_alike_in_a_table_and_alone() -> None:
    quantities = [None, -1e-9, 1e-9, -5.0, 7.0]
    table = pa.Table.from_pylist([SOLD | {"quantity": quantity} for quantity in quantities])
    alone = [counted_type("purchase", quantity) for quantity in quantities]
    assert with_returns(table)["event_type"].to_pylist() == alone
    assert alone == ["purchase", "return", "purchase", "return", "purchase"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"quantity": 0.0}, QUANTITY),
        ({"quantity": -0.0}, QUANTITY),
        ({"quantity": math.nan}, QUANTITY),
        ({"quantity": -math.inf}, QUANTITY),
        ({"revenue": math.nan}, REVENUE),
        ({"revenue": math.inf}, REVENUE),
        ({"revenue": -0.01}, REVENUE),
        ({"quantity": None, "revenue": -0.01}, REVENUE),
        ({"quantity": -1.0, "revenue": -math.inf}, REVENUE),
    ],
)
def test_an_impossible_number_drops_its_row(bad: dict[str, Any], reason: str) -> None:
    fine = SOLD | {"revenue": 9.5}
    kept, report = clean(pa.Table.from_pylist([fine, fine | {"item_id": "other"} | bad]))
    assert kept["item_id"].to_pylist() == ["i1"]
    assert report.dropped == {reason: 1}
    assert disliked(report) == []


def test_a_negative_revenue_without_any_quantity_is_impossible() -> None:
    table = pa.table({"user_id": ["a", "b"], "item_id": ["x", "x"], "revenue": [0.0, -1.0]})
    assert clean(table)[1].dropped == {REVENUE: 1}


def test_empty_cells_are_possible_and_a_return_may_have_any_revenue() -> None:
    rows = [SOLD | {"quantity": None, "revenue": None}, RETURNED | {"revenue": -28.5}, RETURNED | {"revenue": 28.5}]
    kept, report = clean(pa.Table.from_pylist(rows))
    assert kept.num_rows == 1
    assert [row["revenue"] for row in disliked(report)] == [-28.5, 28.5]


def test_rows_that_differ_in_quantity_or_revenue_are_no_duplicates() -> None:
    rows = [SOLD | more for more in ({"revenue": 1.0}, {"revenue": 2.0}, {"revenue": 2.0, "quantity": 1.0})]
    kept, report = clean(pa.Table.from_pylist([*rows, rows[0]]))
    assert (kept.num_rows, report.dropped) == (3, {"exact duplicate": 1})
