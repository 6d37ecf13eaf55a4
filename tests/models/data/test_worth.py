"""What reaching the goal with an item counts."""

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.goal import Goal
from models.data.interactions import Interactions
from models.data.worth import Worth

KINDS = ["view", "cart", "purchase", "purchase", "purchase"]


def log(goal: str) -> Interactions:
    table = pa.table(
        {
            "user_id": ["a", "a", "a", "b", "b"],
            "item_id": ["x", "x", "x", "x", "y"],
            "event_type": KINDS,
            "timestamp": [1.0, 2.0, 3.0, 1.0, 2.0],
            "revenue": [None, None, 30.0, None, None],
        }
    )
    return Interactions.from_table(clean(table, goal=Goal.parse(goal))[0], first_only=False)


@pytest.mark.parametrize(
    ("goal", "of_a", "of_b"),
    [
        ("purchase=2,cart=0.5", [0.5, 0.0], [2.0, 2.0]),
        ("purchase:revenue", [30.0, 0.0], [1.0, 1.0]),
        ("purchase=2:revenue", [60.0, 0.0], [2.0, 2.0]),
    ],
)
def test_a_pair_counts_as_its_first_target(goal: str, of_a: list[float], of_b: list[float]) -> None:
    worth = Worth.of(log(goal))
    assert worth is not None
    items = np.array([0, 1], dtype=np.int32)
    assert [worth.of_items(user, items).tolist() for user in (0, 1)] == [of_a, of_b]


def test_where_all_targets_count_alike_there_is_nothing_to_weigh() -> None:
    assert Worth.of(log("purchase")) is None
    assert Worth.of(log("purchase,cart")) is None
