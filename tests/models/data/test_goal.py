"""The goal: which event types count as success, and what becomes a target."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data.cleaning import clean
from models.data.errors import DataSetError
from models.data.events import EVENT_WEIGHTS
from models.data.folder import DataSet
from models.data.goal import ACTS, MIN_ROWS, MIN_USERS, Goal, choose_goal
from models.data.interactions import Interactions
from models.data.splitting import make_split

START, DAY = 1_700_000_000.0, 86_400.0
KINDS = st.from_regex(r"[A-Za-z0-9._\-]{1,12}", fullmatch=True)


def rows_of(rows: Iterable[tuple[str, str, str, float]]) -> pa.Table:
    users, items, kinds, times = zip(*rows, strict=True)
    return pa.table(
        {"user_id": users, "item_id": items, "event_type": kinds, "timestamp": pa.array(times, pa.float64())}
    )


def log_of(rows: Iterable[tuple[str, str, str, float]], goal: str = "purchase") -> Interactions:
    table, _ = clean(rows_of(rows), goal=Goal.parse(goal))
    return Interactions.from_table(table, first_only=False)


@pytest.mark.parametrize(
    ("text", "values", "at_least", "weighed_by"),
    [
        ("purchase", {"purchase": 1.0}, {}, None),
        (" purchase , cart=0.2", {"purchase": 1.0, "cart": 0.2}, {}, None),
        ("rating>=4", {"rating": 1.0}, {"rating": 4.0}, None),
        ("purchase:revenue", {"purchase": 1.0}, {}, "revenue"),
    ],
)
def test_a_goal_names_event_types(
    text: str, values: dict[str, float], at_least: dict[str, float], weighed_by: str | None
) -> None:
    found = Goal.parse(text)
    assert (found.values, found.at_least, found.weighed_by) == (values, at_least, weighed_by)


@given(
    st.dictionaries(KINDS, st.sampled_from([1.0, 0.2, 3.0]), min_size=1, max_size=4), st.sampled_from(["", ":revenue"])
)
def test_a_goal_reads_what_it_writes(values: dict[str, float], weighed_by: str) -> None:
    text = ",".join(f"{kind}={value:g}" for kind, value in values.items()) + weighed_by
    found = Goal.parse(text)
    assert Goal.parse(str(found)) == found
    assert found.values == values


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "not an event type"),
        ("purchase,", "not an event type"),
        ("purchase>4", "not an event type"),
        ("purchase=much", "'much' is not a number"),
        ("purchase=0", "must be above 0"),
        ("purchase,purchase", "named twice"),
        ("purchase:price", "'price' is not a field that weighs"),
    ],
)
def test_what_is_no_goal_is_told_why(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Goal.parse(text)


def test_each_event_type_is_one_kind_of_act() -> None:
    goal = Goal.parse("purchase")
    kinds = ["purchase", "view", "cart", "click", "like", "rating", "search"]
    assert [ACTS[act] for act in goal.acts(kinds)] == ["goal", "view", "cart", "click", "like", "like", "other"]
    assert [ACTS[act] for act in Goal.parse("view,click").acts(["view", "purchase"])] == ["goal", "other"]


def many(kind: str, count: int, users: int) -> list[tuple[str, str, str, float]]:
    return [(f"u{n % users}", f"{kind}{n}", kind, START + n) for n in range(count)]


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        ({"view": (5000, 500), "cart": (2000, 300), "purchase": (1000, 200)}, "purchase"),
        ({"view": (5000, 500), "cart": (2000, 300), "purchase": (999, 300)}, "purchase,cart"),
        ({"view": (5000, 500), "cart": (2000, 199), "purchase": (999, 300)}, None),
        ({"purchase": (2000, 300), "like": (3000, 300)}, "purchase"),
        ({"like": (3000, 300), "play": (9000, 400)}, "like"),
        ({"purchase": (5000, 500)}, None),
        ({"view": (900, 300), "purchase": (100, 90)}, None),
    ],
)
def test_the_strongest_type_with_enough_rows_is_the_goal(
    counts: dict[str, tuple[int, int]], chosen: str | None
) -> None:
    table = rows_of([row for kind, (rows, users) in counts.items() for row in many(kind, rows, users)])
    found = choose_goal(table, EVENT_WEIGHTS | {"play": 0.3})
    assert (None if found is None else str(found)) == chosen
    assert (MIN_ROWS, MIN_USERS) == (1000, 200)


def test_a_goal_that_no_row_reaches_is_refused() -> None:
    with pytest.raises(DataSetError, match=r"no row reaches the goal 'purchase': the event types are cart, view"):
        clean(rows_of([("a", "x", "view", 1.0), ("a", "y", "cart", 2.0)]), goal=Goal.parse("purchase"))


def test_a_goal_that_weighs_by_a_missing_field_is_refused() -> None:
    with pytest.raises(DataSetError, match="needs the column 'revenue'"):
        clean(rows_of([("a", "x", "purchase", 1.0)]), goal=Goal.parse("purchase:revenue"))


def test_a_rating_reaches_a_goal_from_its_least_value_on() -> None:
    table = pa.table({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "value": [4.0, 3.0, None]})
    table = table.append_column("event_type", pa.array(["rating", "rating", "view"]))
    assert Goal.parse("rating>=4").is_reached(table).tolist() == [True, False, False]


def test_a_purchase_of_what_was_viewed_is_a_target_once() -> None:
    log = log_of([("a", "x", "view", 1.0), ("a", "x", "purchase", 2.0), ("a", "x", "purchase", 3.0)])
    assert log.targets.tolist() == [False, True, True]
    assert log.first_targets.tolist() == [False, True, False]
    steps = log.steps()
    assert steps.times.tolist() == [1.0, 2.0]
    assert steps.targets.tolist() == [False, True]
    assert steps.pairs.times.tolist() == [1.0]


def test_what_reached_the_goal_is_left_out_and_what_was_viewed_stays() -> None:
    log = log_of([("a", "x", "view", 1.0), ("a", "y", "cart", 2.0), ("a", "z", "purchase", 3.0)])
    history = log.history(0)
    assert history.items.tolist() == [0, 1, 2]
    assert history.seen.tolist() == [2]


def test_event_types_can_be_named_that_leave_items_out() -> None:
    rows = [("a", "x", "view", 1.0), ("a", "y", "cart", 2.0), ("a", "z", "purchase", 3.0)]
    table, _ = clean(rows_of(rows), goal=Goal.parse("purchase"), leaves_out=["cart", "purchase"])
    assert Interactions.from_table(table, first_only=False).history(0).seen.tolist() == [1, 2]


def test_without_a_goal_everything_seen_is_left_out() -> None:
    table, report = clean(rows_of([("a", "x", "view", 1.0), ("a", "z", "purchase", 3.0)]))
    assert report.goal is None
    assert Interactions.from_table(table, first_only=False).history(0).seen.tolist() == [0, 1]


def test_a_history_knows_its_acts_one_by_one() -> None:
    rows = [("a", "x", "view", 1.0), ("a", "y", "view", 2.0), ("a", "x", "view", 3.0), ("a", "y", "cart", 4.0)]
    log = log_of([*rows, ("b", "x", "purchase", 1.0)])
    history = log.history(0)
    assert history.with_act(ACTS.index("view")).items.tolist() == [1, 0]
    assert history.with_act(ACTS.index("cart")).items.tolist() == [1]
    assert not len(history.with_act(0))


def test_leave_last_out_asks_for_the_last_purchases_and_keeps_what_came_before() -> None:
    rows = [(user, f"{user}{n}", kind, START + 10 * n + at) for user in "abc" for n in range(4) for kind, at in STEPS]
    table, _ = clean(rows_of(rows), goal=Goal.parse("purchase"))
    split = make_split(DataSet(table), table, protocol="leave-last-out")
    names = [item.decode() for item in split.everything.item_ids]
    assert [names[item] for item in split.test.target_items] == ["a3", "b3", "c3"]
    assert [names[item] for item in split.validation.target_items] == ["a2", "b2", "c2"]
    # The view of the target is known, and it does not keep the target out of the list.
    history = split.test.history(0)
    assert [names[item] for item in history.items] == ["a0", "a1", "a2", "a3"]
    assert [names[item] for item in split.test.excluded(0)] == ["a0", "a1", "a2"]
    assert split.train.log is not None
    assert split.train.log.reached.sum() == 3 * 2


STEPS = (("view", 0.0), ("purchase", 1.0))


def test_without_an_order_only_the_purchase_is_hidden() -> None:
    kinds = ("cart", "purchase")
    users, items, types = zip(*[(u, f"{u}{n}", kind) for u in "abc" for n in range(5) for kind in kinds], strict=True)
    table, _ = clean(pa.table({"user_id": users, "item_id": items, "event_type": types}), goal=Goal.parse("purchase"))
    split = make_split(DataSet(table), table, protocol="random")
    assert len(split.test) == 3
    for row in range(3):
        target = int(split.test.targets.row(row)[0])
        assert target in split.test.history(row).items
        assert target not in split.test.excluded(row)
    assert split.train.log is not None
    assert (~split.train.log.reached).sum() == 15
    assert split.train.log.reached.sum() == 15 - 6


def test_a_given_test_with_several_targets_a_user_is_the_time_after_the_log() -> None:
    rows = [(f"u{n}", f"i{(n + day) % 7}", "purchase", START + DAY * day) for n in range(20) for day in range(5)]
    table, _ = clean(rows_of(rows))
    test = pa.table({"user_id": ["u1", "u1", "u2"], "item_id": ["i6", "i0", "i0"]})
    split = make_split(DataSet(table, test=test), table)
    last = START + 4 * DAY
    assert split.window == pytest.approx(0.4 * DAY)
    assert split.validation.moments is not None
    assert split.test.moments is not None
    assert np.all(split.validation.moments > last - 0.4 * DAY)
    assert np.all(split.test.moments > last)
    single = make_split(DataSet(table, test=test.slice(1)), table)
    assert single.window is None


def test_where_seen_items_are_wanted_repeats_stay_in_what_is_trained_on() -> None:
    rows = [(user, item, "purchase", START + 10 * n) for user in "abc" for n, item in enumerate("pqrstpqrstpqrst")]
    table, _ = clean(rows_of([*rows, ("a", "z", "view", START)]), goal=Goal.parse("purchase"))
    seen, new = (
        make_split(DataSet(table), table, protocol="random", include_seen=wanted).train for wanted in (True, False)
    )
    assert len(seen.pairs.items) == len(seen.items) > len(new.pairs.items)
    assert new.pairs.first_of_pair.all()


def test_successes_are_the_first_purchases() -> None:
    log = log_of([("a", "x", "view", 1.0), ("a", "x", "purchase", 2.0), ("a", "x", "purchase", 3.0)])
    assert log.steps().standing_for(log).successes.times.tolist() == [2.0]
    assert log.successes is log
