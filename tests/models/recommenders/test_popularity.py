from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.popularity import Popularity, PopularityConfig, rises
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
NOW = 1_700_000_000.0


def fitted(table: pa.Table, half_life: int = 2) -> Popularity:
    return Popularity.fit(TrainingData(Interactions.from_table(table)), PopularityConfig(half_life=half_life))


def test_with_a_clock_weights_halve_every_1_7_30_and_90_days(table: MakeTable) -> None:
    rows: list[Row] = [("a", "x", NOW), ("a", "y", NOW - 7 * DAY), ("b", "y", NOW - 90 * DAY), ("b", "z", NOW - DAY)]
    rows += [(f"u{n}", "zz", NOW - n * DAY) for n in range(90)]
    found = fitted(table(rows))
    assert found.counts.tolist() == [1.0, 2.0, 1.0, 90.0]
    for row, days in enumerate((1, 7, 30, 90)):
        expected = [1.0, 0.5 ** (7 / days) + 0.5 ** (90 / days), 0.5 ** (1 / days)]
        assert found.recent[row, :3].tolist() == pytest.approx(expected)
    assert found.trends


def test_with_an_order_only_the_latest_shares_of_the_interactions_count(table: MakeTable) -> None:
    found = fitted(table([("a", f"i{at:03d}", float(at)) for at in range(100)]))
    assert found.recent.sum(axis=1).tolist() == [1.0, 3.0, 10.0, 30.0]
    assert not found.trends
    for row, count in enumerate((1, 3, 10, 30)):
        assert found.recent[row, -count:].tolist() == [1.0] * count


def test_without_an_order_nothing_trends(table: MakeTable) -> None:
    found = fitted(table([("a", "x"), ("b", "x"), ("b", "y")]))
    assert found.recent.tolist() == [[2.0, 1.0]] * 4
    assert not found.trends


def test_equal_times_do_not_trend(table: MakeTable) -> None:
    for moment in (3.0, NOW):
        found = fitted(table([("a", "x", moment), ("b", "x", moment), ("b", "y", moment)]))
        assert found.recent.tolist() == [[2.0, 1.0]] * 4
        assert not found.trends


def test_strengths_do_not_count(table: MakeTable) -> None:
    kinds = pa.array(["view", "purchase", "view"])
    found = fitted(table([("a", "x", 1.0), ("b", "y", 2.0), ("b", "x", 3.0)]).append_column("event_type", kinds))
    assert found.counts.tolist() == [2.0, 1.0]


def test_trending_follows_the_half_life_and_popularity_does_not(table: MakeTable) -> None:
    rows: list[Row] = [("a", "new", NOW), *((f"u{at}", "old", NOW - 40 * DAY) for at in range(5))]
    daily = fitted(table(rows), half_life=0)
    slow = daily.configured(PopularityConfig(half_life=3))
    best = []
    for recommender in (daily, slow):
        with ScoreBoard(2, Popularity.signals) as board:
            board.add_candidates(np.array([0, 1], dtype=np.int32))
            recommender.score(History(np.array([0], dtype=np.int32)), board)
            board.write_deferred()
            assert board.scores("popularity").tolist() == [1.0, 5.0]
            best.append(int(board.scores("trending").argmax()))
    assert best == [0, 1]
    assert daily.configured(PopularityConfig(half_life=0)) is daily


def test_the_order_falls_and_equals_keep_that_of_the_codes(table: MakeTable) -> None:
    found = fitted(table([("a", "w"), ("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("c", "z")]))
    assert found.order.tolist() == [1, 2, 0, 3]


def test_nobodys_interactions_are_counted_as_none(table: MakeTable) -> None:
    whole = Interactions.from_table(table([("a", "x", 1.0)]))
    found = Popularity.fit(TrainingData(whole.select(whole.users < 0)), PopularityConfig())
    assert (found.counts.tolist(), found.recent.tolist()) == ([0.0], [[0.0]] * 4)
    assert not found.trends


def test_rises_are_of_shares_and_not_of_numbers(table: MakeTable) -> None:
    old: list[Row] = [(f"u{n}", "always", NOW - 60 * DAY + n * DAY) for n in range(60)]
    old += [(f"u{n}", "gone", NOW - 60 * DAY) for n in range(30)]
    new: list[Row] = [(f"v{n}", "new", NOW - n * DAY / 10) for n in range(10)]
    found = fitted(table([*old, *new]))
    rise, order = found.rise(1)
    always, gone, new_item = rise
    assert new_item > always > gone
    assert gone < 0
    assert order.tolist() == [2, 0, 1]
    assert found.rise(1)[1] is order


def test_a_large_rise_comes_before_one_of_a_few_from_nothing() -> None:
    rise = rises(
        np.array([1000, 3, 1, 0], np.float32), np.array([300, 3, 1, 0], np.float32), all_counts=1e4, all_recent=1e3
    )
    assert rise[0] > rise[1] > rise[2] > rise[3] == 0
    assert rise[0] == pytest.approx((300 - 100) / np.sqrt(101))


def test_a_busy_week_of_everything_is_no_trend() -> None:
    counts = np.array([10, 20, 30], np.float32)
    assert rises(counts, counts * 0.9).tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    assert rises(np.zeros(2, np.float32), np.zeros(2, np.float32)).tolist() == [0, 0]


def a_year_ago(items: int = 30) -> list[Row]:
    """Make a log that ended a year ago, with one item that rose in its last week."""
    rows: list[Row] = [
        (f"u{day}-{n}", f"i{n % items:02d}", NOW - 365 * DAY - day * DAY - n)
        for day in range(60)
        for n in range(2 * items)
    ]
    return rows + [(f"v{n}", "i07", NOW - 365 * DAY - n * DAY / 20) for n in range(100)]


@pytest.mark.parametrize("later", [NOW, NOW + 30 * 365 * DAY])
def test_one_interaction_long_after_all_others_leaves_the_windows_as_they_were(table: MakeTable, later: float) -> None:
    before, after = fitted(table(a_year_ago())), fitted(table([*a_year_ago(), ("late", "i00", later)]))
    for row in range(4):
        assert after.recent[row, 1:] == pytest.approx(before.recent[row, 1:])
        assert after.recent[row, 0] == pytest.approx(before.recent[row, 0] + 1)
        rise, order = after.rise(row)
        assert int(order[0]) == 7
        assert (rise > 0).sum() >= (before.rise(row)[0] > 0).sum()


def test_items_that_are_equal_in_a_window_come_by_all_interactions(table: MakeTable) -> None:
    rows: list[Row] = [
        ("a", "x", NOW),
        *((f"u{n}", item, NOW - 1) for n, item in enumerate("yzz")),
        ("a", "w", NOW - 1),
    ]
    found = fitted(table(rows), half_life=2)
    equal = Popularity(found.config, found.counts, np.zeros((4, 4), dtype=np.float32), clock=True)
    assert equal.order_of(1).tolist() == [3, 0, 1, 2]
