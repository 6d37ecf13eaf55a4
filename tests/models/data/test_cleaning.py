import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data import cleaning
from models.data.cleaning import CleaningReport, clean, without_duplicates
from models.data.errors import DataSetError
from models.data.strengths import StrengthScale
from tests.models.conftest import Row

COLUMNS = {
    "user_id": pa.string(),
    "item_id": pa.string(),
    "event_type": pa.string(),
    "value": pa.float64(),
    "timestamp": pa.float64(),
}
GOOD = ("a", "x", "view", 1.0, 10.0)
ROWS = st.tuples(
    st.sampled_from(["a", "b", "", None]),
    st.sampled_from(["x", "y", "", None]),
    st.sampled_from(["view", "rating", "shown", "dislike", "unheard-of", None]),
    st.sampled_from([1.0, 3.0, 4.0, math.nan, None]),
    st.sampled_from([1.0, 2.0, math.nan, math.inf, None]),
)


def made(rows: list[tuple[object, ...]]) -> pa.Table:
    return pa.table(
        {name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(COLUMNS.items())}
    )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((None, "x", "view", 1.0, 1.0), "no user_id"),
        (("", "x", "view", 1.0, 1.0), "no user_id"),
        (("a", None, "view", 1.0, 1.0), "no item_id"),
        (("a", "", "view", 1.0, 1.0), "no item_id"),
        (("a", "x", "view", 1.0, None), "no finite timestamp"),
        (("a", "x", "view", 1.0, math.nan), "no finite timestamp"),
        (("a", "x", "view", 1.0, -math.inf), "no finite timestamp"),
        (("a", "x", "dislike", 1.0, 1.0), "event type that shows no interest"),
        (("a", "x", "shown", 1.0, 1.0), "impression, which is read apart and is no interest"),
        (
            ("a", "x", "unheard-of", 1.0, 1.0),
            "event type without a weight ('unheard-of'; BRAID_EVENT_TYPES can give one)",
        ),
        (GOOD, "exact duplicate"),
    ],
)
def test_each_reason_is_counted(bad: tuple[object, ...], reason: str) -> None:
    kept, report = clean(made([GOOD, bad, bad]))
    assert kept.to_pylist() == made([GOOD]).to_pylist()
    assert report == CleaningReport(3, 1, {reason: 2})


@pytest.mark.parametrize("kind", ["view", "click", "cart", "purchase", "like", "rating", None])
def test_rows_that_show_interest_or_have_no_type_are_kept(kind: str | None) -> None:
    kept, report = clean(made([("a", "x", kind, None, 1.0)]))
    assert kept.num_rows == 1
    assert report.dropped == {}


def test_rows_that_differ_in_anything_are_no_duplicates() -> None:
    rows: list[Row] = [GOOD, ("b", *GOOD[1:]), ("a", "y", *GOOD[2:]), (*GOOD[:3], 2.0, 10.0), (*GOOD[:4], 11.0)]
    kept, _ = clean(made(rows))
    assert kept.to_pylist() == made(rows).to_pylist()


def test_event_types_of_any_name_may_be_given_a_weight() -> None:
    rows: list[Row] = [
        ("a", "x", kind, None, float(at)) for at, kind in enumerate(["addtocart", "view", "stare", "away", "gaze"])
    ]
    kept, report = clean(made(rows), {"addtocart": 0.7, "away": -1.0, "view": 0.0})
    assert kept["event_type"].to_pylist() == ["addtocart"]
    assert report.disliked is not None
    assert report.disliked["event_type"].to_pylist() == ["away"]
    unknown = "event type without a weight ('gaze', 'stare'; BRAID_EVENT_TYPES can give one)"
    assert report.dropped == {unknown: 2, "event type that shows no interest": 2}


def test_the_first_of_duplicates_stays_in_its_place() -> None:
    other = ("b", "y", "view", 1.0, 1.0)
    kept, _ = clean(made([GOOD, other, GOOD]))
    assert kept["user_id"].to_pylist() == ["a", "b"]


def test_a_table_with_ids_alone_is_cleaned() -> None:
    kept, report = clean(pa.table({"user_id": ["a", "a", None], "item_id": ["x", "x", "y"]}))
    assert kept.to_pylist() == [{"user_id": "a", "item_id": "x"}]
    assert report.lines() == ["3 rows read, 1 kept", "1 dropped: no user_id", "1 dropped: exact duplicate"]


def test_nothing_left_is_an_error_with_the_reasons() -> None:
    with pytest.raises(DataSetError, match="1 no user_id, 2 no finite timestamp"):
        clean(made([(None, *GOOD[1:]), (*GOOD[:4], None), (*GOOD[:4], math.nan)]))


def test_an_empty_table_is_an_error() -> None:
    with pytest.raises(DataSetError, match="there were none"):
        clean(made([]))


def test_ratings_below_the_middle_of_their_scale_are_dropped() -> None:
    values = [1.0, 2.5, 3.0, 4.0, 5.0, None, math.nan]
    rows = [("a", f"i{at}", kind, value, 1.0) for kind in ("rating", None) for at, value in enumerate(values)]
    kept, report = clean(made([*rows, ("b", "x", "view", 1.0, 1.0)]))
    assert report.dropped == {"rating too low for a like": 4}
    assert report.scale == StrengthScale(low=1.0, high=5.0)
    assert kept["item_id"].to_pylist() == ["i2", "i3", "i4", "i5", "i6"] * 2 + ["x"]


def test_ratings_that_are_all_the_same_are_all_kept() -> None:
    kept, report = clean(made([("a", f"i{at}", "rating", 2.0, 1.0) for at in range(3)]))
    assert (kept.num_rows, report.dropped) == (3, {})


def test_amounts_are_all_kept() -> None:
    kept, report = clean(made([("a", f"i{at}", None, value, 1.0) for at, value in enumerate([1.0, 1.0, 2.0, 500.0])]))
    assert (kept.num_rows, report.dropped, report.scale.amounts) == (4, {}, True)


@given(st.lists(ROWS, max_size=30))
def test_kept_and_dropped_rows_are_all_rows(rows: list[tuple[object, ...]]) -> None:
    whole = made([*rows, GOOD])
    kept, report = clean(whole)
    assert report.rows_read == whole.num_rows
    assert report.rows_kept == kept.num_rows
    assert report.rows_kept + sum(report.dropped.values()) == report.rows_read


@given(st.lists(ROWS, max_size=30))
def test_cleaning_again_drops_none(rows: list[tuple[object, ...]]) -> None:
    # Without ratings: once the low ones are gone, those that are left are measured on a narrower scale.
    kept, _ = clean(made([*rows, GOOD]).drop_columns("value"))
    assert clean(kept)[1] == CleaningReport(kept.num_rows, kept.num_rows, {})


def _same(rows: list[tuple[object, ...]]) -> list[str]:
    return [repr(row) for row in rows]


@given(st.lists(ROWS, max_size=30), st.sampled_from([1, 30, 2**62]))
@settings(max_examples=200)
def test_the_first_of_the_same_rows_is_kept_however_many_values_there_are(
    rows: list[tuple[object, ...]], greatest: int
) -> None:
    dropped: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaning, "_GREATEST", greatest)
        kept = without_duplicates(made(rows), tuple(COLUMNS), dropped)
    expected = list(dict.fromkeys(_same(rows)))
    assert _same([tuple(row.values()) for row in kept.to_pylist()]) == expected
    assert dropped.get("exact duplicate", 0) == len(rows) - len(expected)
