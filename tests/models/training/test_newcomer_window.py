"""The window of popularity for users without a history."""

import numpy as np
import pyarrow as pa
import pytest

from models.data.interactions import Interactions
from models.training.newcomer_window import MIN_NEWCOMERS, choose_newcomer_window

DAY = 86_400.0
NOW = 1_700_000_000.0
DAYS = 200
PAUSE = 1800.0


def log(fashion: float | None, users: int = 20, seed: int = 0) -> Interactions:
    """Let new users come every day, each for one visit of three items.

    `fashion` is the number of days after which other items are popular; None where the same ones always are. Each user
    comes back a day later, for rare items.
    """
    rng = np.random.default_rng(seed)
    shares = 0.7 ** np.arange(10)
    rows = []
    for day in range(DAYS):
        for number in range(users):
            begin = NOW + (day + rng.random()) * DAY
            shift = 0 if fashion is None else int(day / fashion)
            chosen = rng.choice(10, 3, replace=False, p=shares / shares.sum())
            rows += [(f"u{day}-{number}", f"i{10 * shift + item}", begin + step) for step, item in enumerate(chosen)]
            rows.append((f"u{day}-{number}", f"rare{rng.integers(1000)}", begin + DAY))
    names = ("user_id", "item_id", "timestamp")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    return Interactions.from_table(table)


def test_where_fashions_change_recent_popularity_is_chosen() -> None:
    assert choose_newcomer_window(log(10.0), 20 * DAY, PAUSE) in {0, 1}
    assert choose_newcomer_window(log(10.0), None, PAUSE) in {0, 1}


def test_where_nothing_changes_all_interactions_count_alike() -> None:
    assert choose_newcomer_window(log(None), 20 * DAY, PAUSE) is None


def test_with_few_newcomers_nothing_is_chosen() -> None:
    few = log(10.0, users=1)
    assert choose_newcomer_window(few, (MIN_NEWCOMERS - 5) * DAY, PAUSE) is None
    assert choose_newcomer_window(few, (MIN_NEWCOMERS + 5) * DAY, PAUSE) is not None


@pytest.mark.parametrize("timestamps", [None, np.arange(4.0)])
def test_without_times_nothing_is_chosen(timestamps: np.ndarray | None) -> None:
    table = pa.table({"user_id": ["a", "a", "b", "b"], "item_id": ["x", "y", "x", "z"]})
    if timestamps is not None:
        table = table.append_column("timestamp", pa.array(timestamps))
    assert choose_newcomer_window(Interactions.from_table(table), None, PAUSE) is None
