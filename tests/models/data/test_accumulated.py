"""Repeats of a pair, the moments they came at, and the histories made of them."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.splitting import make_split
from models.data.strengths import StrengthScale

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
ROWS: list[Row] = [("a", "x", 1.0), ("a", "y", 3.0), ("a", "x", 5.0), ("a", "y", 9.0), ("b", "x", 2.0)]


@pytest.fixture
def every(table: MakeTable) -> Interactions:
    return Interactions.from_table(table(ROWS), first_only=False)


def strengths(found: Interactions) -> dict[str, float]:
    """Map each pair, one letter for either, to its strength."""
    given = np.ones(len(found.items)) if found.strengths is None else found.strengths
    users, items = found.user_ids[found.users], found.item_ids[found.items]
    pairs = [f"{user.decode()}{item.decode()}" for user, item in zip(users, items, strict=True)]
    return dict(zip(pairs, given.tolist(), strict=True))


def test_the_first_row_of_each_pair_is_kept(every: Interactions) -> None:
    found = every.first_of_each_pair()
    assert found.timestamps is not None
    assert list(strengths(found)) == ["ax", "ay", "bx"]
    assert found.timestamps.tolist() == [1.0, 3.0, 2.0]
    assert found.first_of_each_pair().timestamps.tolist() == [1.0, 3.0, 2.0]  # type: ignore[union-attr]


def test_all_rows_of_a_pair_add_up(every: Interactions) -> None:
    assert strengths(every.first_of_each_pair().accumulated(every, None)) == {"ax": 2.0, "ay": 2.0, "bx": 1.0}


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (np.inf, {"ax": 2.0, "ay": 2.0, "bx": 1.0}),
        (9.0, {"ax": 2.0, "ay": 1.0, "bx": 1.0}),
        (5.0, {"ax": 1.0, "ay": 1.0, "bx": 1.0}),
        (3.0, {"ax": 1.0, "ay": 1.0, "bx": 1.0}),
        (0.0, {"ax": 1.0, "ay": 1.0, "bx": 1.0}),
    ],
)
def test_rows_at_or_after_a_users_moment_add_nothing(
    every: Interactions, moment: float, expected: dict[str, float]
) -> None:
    found = every.first_of_each_pair().accumulated(every, np.array([moment, np.inf]))
    assert strengths(found) == expected


def test_strengths_of_events_add_up(table: MakeTable) -> None:
    kinds = pa.array(["view", "purchase", "view", "view", "cart"])
    every = Interactions.from_table(table(ROWS).append_column("event_type", kinds), first_only=False)
    assert strengths(every.first_of_each_pair()) == pytest.approx({"ax": 0.4, "ay": 1.0, "bx": 0.7})
    found = strengths(every.first_of_each_pair().accumulated(every, np.array([9.0, np.inf])))
    assert found == pytest.approx({"ax": 0.8, "ay": 1.0, "bx": 0.7})


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal", "random"])
def test_nothing_that_comes_once_an_item_is_held_out_strengthens_what_is_trained_on(
    table: MakeTable, protocol: str
) -> None:
    """Whatever a user repeats from the first held-out moment on, the training data is the same."""
    rows: list[Row] = [(f"u{user}", f"i{(user + at) % 9}", float(at)) for user in range(6) for at in range(8)]
    plain = table(rows)
    split = make_split(DataSet(plain), plain, protocol=protocol, test_days=2.5 / 86_400)
    moments = np.full(6, np.inf)
    assert split.everything.timestamps is not None
    for holdout in (split.validation, split.test):
        for row, user in enumerate(holdout.users):
            mine = split.everything.users == user
            late = mine & np.isin(split.everything.items, holdout.targets.row(row))
            moments[user] = min(moments[user], split.everything.timestamps[late].min())
    more: list[Row] = [
        (user, item, time + 0.5)
        for user, item, first in rows
        for time in (6.0 if protocol == "temporal" else 7.0,)
        if time >= moments[int(str(user)[1:])] and float(str(first)) < moments[int(str(user)[1:])]
    ]
    assert more
    repeated = table(rows + more)
    again = make_split(DataSet(repeated), repeated, protocol=protocol, test_days=2.5 / 86_400)
    assert again.train.items.tolist() == split.train.items.tolist()
    assert again.train.strengths is None
    assert again.known.strengths is None


def test_repeats_after_the_cut_strengthen_nothing_for_those_without_a_new_item_either(table: MakeTable) -> None:
    rows: list[Row] = [("a", f"i{day}", day * DAY) for day in range(20)]
    rows += [("z", "i0", 0.0), ("z", "i1", DAY), ("z", "i1", 18.5 * DAY), ("z", "i1", 18.6 * DAY)]
    made = table([*rows, ("z", "i1", 16 * DAY)])
    found = make_split(DataSet(made), made, protocol="temporal", test_days=2.0)
    assert found.train.strengths is None
    assert strengths(found.known)["zi1"] == 2.0
    assert strengths(found.everything)["zi1"] == 4.0


def test_the_cut_stands_where_it_stands_with_repeats_or_without(table: MakeTable) -> None:
    rows: list[Row] = [("a", f"i{day % 10}", day * DAY) for day in range(20)]
    rows += [("b", f"j{day}", day * DAY) for day in range(19)]
    made = table(rows)
    nows = [
        make_split(DataSet(made), made, protocol="temporal", test_days=2.0, include_seen=seen).test.moments
        for seen in (True, False)
    ]
    for moments in nows:
        assert moments is not None
        assert set(moments.tolist()) == {np.nextafter(17 * DAY, np.inf)}


def test_all_repeats_count_for_what_is_published_and_before_a_given_test(table: MakeTable) -> None:
    rows: list[Row] = [("a", item, float(at)) for at, item in enumerate("wxyzwwwww")]
    made, test = table(rows), table([("a", "new")])
    assert strengths(make_split(DataSet(made), made).everything)["aw"] == 6.0
    fixed = make_split(DataSet(made, test=test.select(["user_id", "item_id"])), made)
    assert strengths(fixed.known)["aw"] == 6.0
    assert fixed.train.strengths is None


def test_what_is_repeated_before_the_held_out_items_strengthens(table: MakeTable) -> None:
    rows: list[Row] = [("a", item, float(at)) for at, item in enumerate("wxwyz")]
    made = table(rows)
    found = make_split(DataSet(made), made, protocol="leave-last-out")
    assert strengths(found.train) == {"aw": 2.0, "ax": 1.0}


def test_seconds_since_1970_are_a_clock_and_small_numbers_an_order(table: MakeTable) -> None:
    def clock(*times: float) -> bool:
        return Interactions.from_table(table([("a", f"i{at}", time) for at, time in enumerate(times)])).has_clock

    assert clock(1_600_000_000.0, 0.0)
    assert clock(1e8)
    assert not clock(99_999_999.0)
    assert not clock(0.0, 1.0, 2.0)
    assert not Interactions.from_table(table([("a", "x")])).has_clock


def test_nobodys_interactions_have_no_clock(every: Interactions) -> None:
    assert not every.select(np.zeros(5, dtype=np.bool_)).has_clock


def test_a_history_holds_the_interactions_before_a_row(every: Interactions) -> None:
    whole = every.history(0)
    assert whole.strengths is not None
    assert (whole.items.tolist(), whole.strengths.tolist(), whole.user, whole.now) == ([0, 1], [2.0, 2.0], 0, None)
    assert (whole.every.items.tolist(), whole.every.strengths) == ([0, 1, 0, 1], None)
    early = every.history(0, stop=2, now=4.0)
    assert early.times is not None
    assert (early.items.tolist(), early.times.tolist(), early.now) == ([0, 1], [1.0, 3.0], 4.0)
    assert every.history(1).items.tolist() == [0]
    assert len(every.history(1, stop=4)) == 0


def test_a_history_holds_the_strengths_of_its_rows(table: MakeTable) -> None:
    rated = table(ROWS).append_column("value", pa.array([5.0, 3.0, 4.0, 5.0, 3.0]))
    found = Interactions.from_table(rated, scale=StrengthScale(low=1.0, high=5.0), first_only=False)
    first, second = found.history(0).strengths, found.history(1).strengths
    assert first is not None
    assert second is not None
    assert (first.tolist(), second.tolist()) == ([1.75, 1.5], [0.5])


def test_a_power_raises_the_strengths(table: MakeTable) -> None:
    kinds = pa.array(["view", "purchase", "view", "view", "cart"])
    found = Interactions.from_table(table(ROWS).append_column("event_type", kinds))
    assert strengths(found.raised(2.0)) == pytest.approx({"ax": 0.16, "ay": 1.0, "bx": 0.49})
    assert found.raised(0.0).strengths is None
    assert found.raised(1.0) is found
