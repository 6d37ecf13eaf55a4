"""Requests on a timeline: before each visit, and before later steps of it."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.splitting import make_split
from models.data.timeline import Timeline, visit_starts

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
START = 1_700_000_000.0
DAY = 86_400.0
MINUTE = 60.0


def log_of(table: MakeTable, rows: list[Row]) -> Interactions:
    return Interactions.from_table(table(rows), first_only=False)


def asked(holdout: Holdout) -> list[tuple[str, list[str], list[str], int]]:
    """Give for each request the user, the history, the targets and the kind."""
    names = [item.decode() for item in holdout.source.item_ids]
    assert holdout.kinds is not None
    return [
        (
            holdout.source.user_ids[user].decode(),
            [names[item] for item in holdout.history(row).items],
            sorted(names[item] for item in holdout.targets.row(row)),
            int(holdout.kinds[row]),
        )
        for row, user in enumerate(holdout.users)
    ]


def test_a_pause_ends_a_visit(table: MakeTable) -> None:
    log = log_of(table, [("a", item, START + at) for item, at in (("w", 0), ("x", 1800), ("y", 3601), ("z", 9000))])
    assert visit_starts(log.users, log.times, 1800).tolist() == [True, False, True, True]
    assert visit_starts(log.users, log.times, 1801).tolist() == [True, False, False, True]


def test_each_visit_is_asked_about_and_each_later_step_of_it(table: MakeTable) -> None:
    rows: list[Row] = [("a", "w", START), ("a", "x", START + DAY), ("a", "y", START + DAY + MINUTE)]
    rows += [("a", "z", START + DAY + 2 * MINUTE), ("b", "w", START + DAY), ("b", "x", START + DAY + MINUTE)]
    known, new = Timeline().requests(log_of(table, rows), START + 1, np.inf)
    assert asked(known) == [
        ("a", ["w"], ["x", "y", "z"], 0),
        ("a", ["w", "x"], ["y", "z"], 1),
        ("a", ["w", "x", "y"], ["z"], 1),
        ("b", ["w"], ["x"], 1),
    ]
    assert asked(new) == [("b", [], ["w", "x"], 0)]
    assert known.moments is not None
    assert known.moments.tolist() == [START + DAY + step * MINUTE for step in (0, 1, 2, 1)]


def test_seen_items_are_targets_only_where_they_are_wanted(table: MakeTable) -> None:
    log = log_of(table, [("a", "w", START), ("a", "w", START + DAY), ("a", "x", START + DAY + MINUTE)])
    plain, _ = Timeline().requests(log, START + 1, np.inf)
    seen, _ = Timeline(include_seen=True).requests(log, START + 1, np.inf)
    assert [targets for _, _, targets, _ in asked(plain)] == [["x"], ["x"]]
    assert [targets for _, _, targets, _ in asked(seen)] == [["w", "x"], ["x"]]


def test_nothing_after_the_last_moment_is_a_target(table: MakeTable) -> None:
    log = log_of(table, [("a", item, START + at * MINUTE) for at, item in enumerate("wxyz")])
    found, _ = Timeline().requests(log, START + MINUTE, START + 3 * MINUTE)
    assert asked(found) == [("a", ["w"], ["x", "y"], 1), ("a", ["w", "x"], ["y"], 1)]


def test_a_long_visit_is_asked_about_a_few_times(table: MakeTable) -> None:
    rows: list[Row] = [("a", f"i{at:02d}", START + at) for at in range(30)]
    log = log_of(table, rows)
    found, _ = Timeline().requests(log, START + 1, np.inf)
    every, _ = Timeline(steps=None).requests(log, START + 1, np.inf)
    assert (len(found), len(every)) == (4, 29)
    assert len({tuple(Timeline(seed=seed).requests(log, START, np.inf)[0].stops.tolist()) for seed in range(9)}) > 1  # type: ignore[union-attr]


def test_rows_of_one_time_come_in_an_order_of_their_own(table: MakeTable) -> None:
    basket = [f"i{at:02d}" for at in range(20)]
    rows: list[Row] = [("a", item, START) for item in basket]
    orders = {tuple(Interactions.from_table(table(rows), seed=seed).items.tolist()) for seed in range(5)}
    assert len(orders) == 5
    assert tuple(range(20)) not in orders


def test_a_split_asks_about_validation_and_test_and_trains_on_what_came_before(table: MakeTable) -> None:
    rows: list[Row] = [
        (f"u{user}", f"i{(user * 3 + day) % 40:02d}", START + day * DAY + user)
        for user in range(8)
        for day in range(30)
    ]
    made = table([*rows, ("late", "i00", START + 29 * DAY)])
    found = make_split(DataSet(made), made, protocol="timeline", test_days=3.0)
    assert found.refit
    assert found.train.times.max() < found.validation.moments.min()  # type: ignore[union-attr]
    assert found.known.times.max() < found.test.moments.min()  # type: ignore[union-attr]
    assert found.validation.moments.max() < found.test.moments.min()  # type: ignore[union-attr]
    assert {len(found.test.history(row)) for row in range(len(found.test))} == {27, 28, 29}
    assert [found.log.user_ids[user] for user in found.newcomers.users] == [b"late"]


def test_an_order_is_no_timeline(table: MakeTable) -> None:
    made = table([("a", f"i{at}", float(at)) for at in range(30)])
    with pytest.raises(ValueError, match="needs times"):
        make_split(DataSet(made), made, protocol="timeline")
