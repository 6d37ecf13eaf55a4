from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.splitting import Split, make_split

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
ROWS: list[Row] = [
    ("a", "w", 1.0), ("a", "x", 2.0), ("a", "y", 3.0), ("a", "z", 4.0),
    ("b", "z", 3.0), ("b", "y", 2.0), ("b", "x", 1.0),
    ("c", "x", 1.0), ("c", "z", 9.0),
]  # fmt: skip


def split(table: pa.Table, *, protocol: str | None = None, include_seen: bool = False, **parts: pa.Table) -> Split:
    return make_split(DataSet(table, **parts), table, protocol=protocol, include_seen=include_seen)


def learned(part: Interactions) -> list[str]:
    users, items = part.user_ids[part.users], part.item_ids[part.items]
    return [f"{user.decode()}{item.decode()}" for user, item in zip(users, items, strict=True)]


def holdout(part: Holdout, ids: Interactions) -> dict[str, tuple[str, str]]:
    """Map each user to its history and its targets, one letter an item."""
    return {
        ids.user_ids[user].decode(): (
            "".join(ids.item_ids[item].decode() for item in part.history(row).items),
            "".join(ids.item_ids[item].decode() for item in part.targets.row(row)),
        )
        for row, user in enumerate(part.users)
    }


def test_leave_last_out_tests_on_the_last_and_validates_on_the_one_before(table: MakeTable) -> None:
    found = split(table(ROWS), protocol="leave-last-out")
    assert holdout(found.test, found.everything) == {"a": ("wxy", "z"), "b": ("xy", "z")}
    assert holdout(found.validation, found.everything) == {"a": ("wx", "y"), "b": ("x", "y")}


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal", "random"])
def test_items_of_the_catalogue_without_interactions_have_a_code(table: MakeTable, protocol: str) -> None:
    rows: list[Row] = [(f"u{user}", f"i{(user + at) % 9}", float(at)) for user in range(9) for at in range(9)]
    catalogue = pa.table({"item_id": ["unused", "", None, "i0"]})
    found = split(table(rows), protocol=protocol, items=catalogue)
    assert found.everything.item_ids.tolist() == [*(f"i{item}".encode() for item in range(9)), b"unused"]
    assert {part.n_items for part in (found.train, found.known, found.log, found.everything)} == {10}
    assert found.counts["items"] == 9


def test_leave_last_out_only_trains_on_users_with_fewer_than_three(table: MakeTable) -> None:
    found = split(table(ROWS), protocol="leave-last-out")
    assert learned(found.train) == ["aw", "ax", "bx", "cx", "cz"]
    assert not found.refit


def test_counts_say_what_each_part_holds(table: MakeTable) -> None:
    assert split(table(ROWS)).counts == {
        "users": 3, "items": 4, "interactions": 9, "train_interactions": 5, "validation_users": 2, "test_users": 2,
        "test_interactions": 2, "new_test_users": 0, "test_users_without_unseen_items": 0,
    }  # fmt: skip


def test_protocol_follows_from_the_files(table: MakeTable) -> None:
    timed, untimed = table(ROWS), table([row[:2] for row in ROWS])
    assert split(timed).protocol == "leave-last-out"
    assert split(untimed).protocol == "random"
    assert split(timed, test=table([("a", "v")])).protocol == "fixed"


def test_temporal_cuts_the_last_days_and_as_many_before(table: MakeTable) -> None:
    rows: list[Row] = [("a", "v", 0.0), ("b", "v", 0.0), ("a", "w", 7.5 * DAY), ("b", "x", 8.5 * DAY)]
    rows += [("a", "y", 9.5 * DAY), ("b", "z", 10 * DAY), ("new", "v", 10 * DAY)]
    made = table(rows)
    found = make_split(DataSet(made), made, protocol="temporal", test_days=1.0)
    assert learned(found.train) == ["av", "aw", "bv"]
    assert holdout(found.validation, found.everything) == {"b": ("v", "x")}
    assert holdout(found.test, found.everything) == {"a": ("vw", "y"), "b": ("vx", "z")}
    assert found.counts["new_test_users"] == 1


def test_temporal_takes_the_last_tenth_by_default(table: MakeTable) -> None:
    rows: list[Row] = [("a", f"i{day:02d}", day * DAY) for day in range(21)]
    found = split(table(rows), protocol="temporal")
    assert found.counts["test_interactions"] == 2
    assert len(found.train.items) == 17


@pytest.mark.parametrize("days", [0.0, -1.0, 4.0, 100.0])
def test_temporal_refuses_a_window_that_leaves_nothing(table: MakeTable, days: float) -> None:
    made = table([("a", f"i{day}", day * DAY) for day in range(8)])
    with pytest.raises(DataSetError, match="column 'timestamp' spans 604800 seconds"):
        make_split(DataSet(made), made, protocol="temporal", test_days=days)


def test_random_holds_out_a_fifth_of_each_user_under_the_seed(table: MakeTable) -> None:
    made = table([*((user, f"i{item}") for user in "ab" for item in range(10)), ("c", "i0"), ("c", "i1")])
    first, again, other = (make_split(DataSet(made), made, protocol="random", seed=seed) for seed in (1, 1, 2))
    parts = [holdout(found.test, found.everything) for found in (first, again, other)]
    assert parts[0] == parts[1] != parts[2]
    assert first.counts["test_interactions"] == 4
    assert np.diff(first.validation.target_offsets).tolist() == [2, 2]
    assert np.diff(first.train.offsets).tolist() == [6, 6, 2]


@pytest.mark.parametrize("protocol", ["leave-last-out", "random"])
def test_every_interaction_is_in_exactly_one_part(table: MakeTable, protocol: str) -> None:
    found = split(table(ROWS), protocol=protocol)
    parts = [learned(found.train)]
    for part in (found.validation, found.test):
        owners = np.repeat(part.users, np.diff(part.target_offsets))
        parts.append([
            f"{found.everything.user_ids[user].decode()}{found.everything.item_ids[item].decode()}"
            for user, item in zip(owners, part.target_items, strict=True)
        ])  # fmt: skip
    assert sorted(sum(parts, [])) == sorted(learned(found.everything))  # noqa: RUF017


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal"])
def test_protocols_in_time_need_timestamps(table: MakeTable, protocol: str) -> None:
    with pytest.raises(DataSetError, match=f"the {protocol} protocol needs the column 'timestamp'"):
        split(table([row[:2] for row in ROWS]), protocol=protocol)


def test_fixed_needs_a_test_file(table: MakeTable) -> None:
    with pytest.raises(DataSetError, match="the fixed protocol needs a file of test"):
        split(table(ROWS), protocol="fixed")


@pytest.mark.parametrize("protocol", ["leave-last-out", "random"])
def test_too_few_interactions_are_refused(table: MakeTable, protocol: str) -> None:
    with pytest.raises(DataSetError, match=r"too few for a .* split: .* \(3 interactions of 2 users\)"):
        split(table([("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 1.0)]), protocol=protocol)
