from collections import defaultdict

import pyarrow as pa
import pytest

from benchmarks.sampled_lists import one_among_sampled
from models.data.errors import DataSetError
from models.data.folder import DataSet

ITEMS = [f"i{number}" for number in range(40)]


def table(rows: list[tuple[str, str]], times: list[float] | None = None) -> pa.Table:
    columns = {"user_id": [user for user, _ in rows], "item_id": [item for _, item in rows]}
    return pa.table(columns | ({} if times is None else {"timestamp": times}))


def pairs(found: pa.Table | None) -> list[tuple[str, str]]:
    assert found is not None
    return list(zip(found["user_id"].to_pylist(), found["item_id"].to_pylist(), strict=True))


@pytest.fixture
def rows() -> list[tuple[str, str]]:
    return [(f"u{user}", item) for user in range(4) for item in ITEMS[user : user + 8]]


def listed(dataset: DataSet) -> dict[str, set[str]]:
    lists = defaultdict(set)
    for user, item in pairs(dataset.candidates):
        lists[user].add(item)
    return lists


def test_the_last_item_by_time_is_held_out_whatever_the_order_of_the_file(rows: list[tuple[str, str]]) -> None:
    made = one_among_sampled(DataSet(table(rows, [float(-at) for at in range(len(rows))])), negatives=5)
    assert sorted(pairs(made.test)) == [(f"u{user}", ITEMS[user]) for user in range(4)]
    assert sorted(pairs(made.interactions)) == sorted(set(rows) - set(pairs(made.test)))


def test_every_list_holds_the_test_item_and_items_that_the_user_did_not_have(rows: list[tuple[str, str]]) -> None:
    made = one_among_sampled(DataSet(table(rows)), negatives=2, seed=3)
    for user, item in pairs(made.test):
        own = {other for owner, other in rows if owner == user}
        assert item in own
        assert listed(made)[user] & own == {item}
        assert len(listed(made)[user]) == 3
    assert len(pairs(made.test)) == 4


def test_the_seed_decides(rows: list[tuple[str, str]]) -> None:
    first, again, other = (one_among_sampled(DataSet(table(rows)), negatives=2, seed=seed) for seed in (1, 1, 2))
    assert first.candidates == again.candidates != other.candidates


def test_a_given_test_gives_one_item_of_each_user_and_none_of_its_others(rows: list[tuple[str, str]]) -> None:
    given = table([("u0", "i20"), ("u0", "i21"), ("u0", "i1"), ("stranger", "i3"), ("u1", "i2")])
    made = one_among_sampled(DataSet(table(rows), test=given), negatives=100)
    [(user, item)] = pairs(made.test)
    assert user == "u0"
    assert item in {"i20", "i21"}
    # The catalogue: what occurs in the interactions or in the test, without what the user had.
    assert listed(made)["u0"] == {*(f"i{number}" for number in range(8, 11)), item}
    assert made.interactions == table(rows)


def test_users_with_few_items_are_only_learned_from() -> None:
    rows = [("few", "i0"), ("few", "i1"), ("some", "i0"), ("some", "i1"), ("some", "i2")]
    made = one_among_sampled(DataSet(table(rows)), negatives=1)
    assert [user for user, _ in pairs(made.test)] == ["some"]
    with pytest.raises(DataSetError, match="no user has a test item"):
        one_among_sampled(DataSet(table(rows[:2])))
