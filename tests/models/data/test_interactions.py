import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data.codes import find
from models.data.interactions import Interactions

ROWS = [("b", "y", 3.0), ("a", "x", 2.0), ("b", "x", 1.0), ("b", "y", 0.0), ("a", "z", 1.0)]


def made(rows: list[tuple[str, str, float]]) -> pa.Table:
    users, items, times = zip(*rows, strict=True)
    return pa.table({"user_id": list(users), "item_id": list(items), "timestamp": list(times)})


def pairs(interactions: Interactions) -> list[tuple[str, str]]:
    users, items = interactions.user_ids[interactions.users], interactions.item_ids[interactions.items]
    return [(user.decode(), item.decode()) for user, item in zip(users, items, strict=True)]


def test_codes_are_positions_in_the_ascending_ids() -> None:
    found = Interactions.from_table(made(ROWS))
    assert found.user_ids.tolist() == [b"a", b"b"]
    assert found.item_ids.tolist() == [b"x", b"y", b"z"]
    assert (found.n_users, found.n_items) == (2, 3)
    assert (found.users.dtype, found.items.dtype) == (np.dtype(np.int32), np.dtype(np.int32))


def test_rows_are_grouped_by_user_and_run_from_oldest_to_newest() -> None:
    found = Interactions.from_table(made(ROWS), first_only=False)
    assert pairs(found) == [("a", "z"), ("a", "x"), ("b", "y"), ("b", "x"), ("b", "y")]
    assert found.timestamps is not None
    assert found.timestamps.tolist() == [1.0, 2.0, 0.0, 1.0, 3.0]
    assert found.offsets.tolist() == [0, 2, 5]


def test_a_repeated_pair_counts_once_at_its_first_time() -> None:
    found = Interactions.from_table(made(ROWS))
    assert pairs(found) == [("a", "z"), ("a", "x"), ("b", "y"), ("b", "x")]


def test_equal_times_keep_the_order_of_the_rows() -> None:
    found = Interactions.from_table(made([("a", "z", 1.0), ("a", "x", 1.0), ("a", "y", 1.0), ("a", "w", 0.0)]))
    assert [item for _, item in pairs(found)] == ["w", "z", "x", "y"]


def test_without_timestamps_each_user_is_shuffled_under_the_seed() -> None:
    rows = [(user, f"i{item:02d}", 0.0) for user in "ab" for item in range(30)]
    table = made(rows).drop_columns("timestamp")
    first, again, other = (Interactions.from_table(table, seed=seed) for seed in (1, 1, 2))
    assert first.timestamps is None
    assert pairs(first) == pairs(again) != pairs(other)
    assert pairs(first) != [row[:2] for row in rows]
    assert sorted(pairs(first)) == [row[:2] for row in rows]


def test_further_items_get_a_code_and_no_row() -> None:
    more = pa.chunked_array([["m", "x"]])
    found = Interactions.from_table(made(ROWS), more_items=[more])
    assert found.item_ids.tolist() == [b"m", b"x", b"y", b"z"]
    assert pairs(found) == [("a", "z"), ("a", "x"), ("b", "y"), ("b", "x")]


def test_selecting_rows_leaves_the_codes_as_they_are() -> None:
    whole = Interactions.from_table(made(ROWS))
    found = whole.select(whole.users == 1)
    assert pairs(found) == [("b", "y"), ("b", "x")]
    assert found.offsets.tolist() == [0, 0, 2]
    assert found.n_items == 3


def test_ids_beyond_ascii_are_ordered_by_their_bytes() -> None:
    found = Interactions.from_table(made([("ü", "日本", 1.0), ("z", "é", 2.0)]))
    assert [user.decode() for user in found.user_ids] == ["z", "ü"]
    assert pairs(found) == [("z", "é"), ("ü", "日本")]


@pytest.mark.parametrize(
    ("known", "wanted", "codes"),
    [
        ([b"a", b"bb", b"c"], ["bb", "b", "c", "", "zzzz", "a"], [1, -1, 2, -1, -1, 0]),
        ([b"a"], [], []),
        ([], ["a", "b"], [-1, -1]),
    ],
)
def test_find_gives_codes_and_minus_one_for_unknown_ids(
    known: list[bytes], wanted: list[str], codes: list[int]
) -> None:
    found = find(np.array(known, dtype=np.bytes_), wanted)
    assert found.tolist() == codes
    assert found.dtype == np.int32


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)


@given(st.sets(TEXT, min_size=1), TEXT)
def test_find_gives_every_id_its_position(names: set[str], other: str) -> None:
    ids = np.array(sorted(name.encode() for name in names), dtype=np.bytes_)
    ordered = [name.decode() for name in ids.tolist()]
    assert find(ids, ordered).tolist() == list(range(len(ids)))
    assert (find(ids, [other])[0] >= 0) == (other in names)
