"""What is bought together, viewed together, and bought after another was viewed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from models.arrays.sparse_rows import SparseRows
from models.data.goal import Goal
from models.similar.acts import BOUGHT, VIEWED, Acts
from models.similar.config import SimilarConfig
from models.similar.together import likeness_together

ITEMS = np.array([b"cap", b"gloves", b"hat", b"scarf"])
USERS = np.array([b"u", b"v"])
START = 1.7e9
PLAIN = SimilarConfig(user_exponent=0, target_exponent=0, shrinkage=0)
Row = tuple[str, str, str, float]


def acts(rows: Sequence[Row], goal: str | None = None) -> Acts | None:
    names = ("user_id", "item_id", "event_type", "timestamp")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    return Acts.from_table(table, USERS, ITEMS, 1800.0, None if goal is None else Goal.parse(goal))


def named(rows: SparseRows, item: str) -> dict[str, float]:
    code = ITEMS.tolist().index(item.encode())
    return {ITEMS[other].decode(): float(value) for other, value in zip(*rows.row(code), strict=True)}


LOG: list[Row] = [
    ("u", "cap", "view", START),
    ("u", "hat", "view", START + 10),
    ("u", "hat", "purchase", START + 20),
    ("u", "scarf", "purchase", START + 20),
    ("u", "gloves", "view", START + 30),
    ("u", "gloves", "cart", START + 40),
    # Another visit.
    ("u", "gloves", "purchase", START + 90_000),
    ("v", "hat", "purchase", START),
    ("v", "scarf", "purchase", START),
]


def test_each_method_reads_its_own_acts_within_a_visit() -> None:
    found = likeness_together(acts(LOG), len(ITEMS), PLAIN)
    assert named(found["bought_together"], "hat") == {"scarf": 1.0}
    assert named(found["bought_together"], "gloves") == {}
    assert named(found["viewed_together"], "cap") == {"hat": 1.0, "gloves": 1.0}
    assert named(found["viewed_then_bought"], "cap") == {"hat": 1.0, "scarf": 1.0}
    # The hat itself was bought too, and gloves were viewed after everything was bought.
    assert named(found["viewed_then_bought"], "hat") == {"scarf": 1.0}
    assert named(found["viewed_then_bought"], "gloves") == {}


def test_a_visit_counts_once_and_popular_items_less() -> None:
    rows: list[Row] = [("u", "cap", "view", START + place) for place in range(5)]
    rows += [("u", "hat", "purchase", START + 10), ("u", "hat", "purchase", START + 11)]
    rows += [
        ("u", "scarf", "purchase", START + 12),
        ("v", "hat", "purchase", START),
        ("v", "hat", "purchase", START + 9),
    ]
    plain = likeness_together(acts(rows), len(ITEMS), PLAIN)["viewed_then_bought"]
    assert named(plain, "cap") == {"hat": 1.0, "scarf": 1.0}
    lift = PLAIN.model_copy(update={"target_exponent": 1.0})
    assert named(likeness_together(acts(rows), len(ITEMS), lift)["viewed_then_bought"], "cap") == {
        "scarf": 1.0, "hat": pytest.approx(1 / 4)
    }  # fmt: skip


def test_what_reaches_the_goal_counts_as_bought() -> None:
    rows: list[Row] = [
        ("u", "cap", "view", START),
        ("u", "hat", "order", START + 10),
        ("u", "scarf", "order", START + 10),
        ("u", "gloves", "purchase", START + 20),
    ]
    found = likeness_together(acts(rows, "order"), len(ITEMS), PLAIN)
    assert named(found["bought_together"], "hat") == {"scarf": 1.0}
    assert named(found["viewed_then_bought"], "cap") == {"hat": 1.0, "scarf": 1.0}


def test_a_method_without_its_acts_is_left_out() -> None:
    views: list[Row] = [row for row in LOG if row[2] == "view"]
    assert sorted(likeness_together(acts(views), len(ITEMS), PLAIN)) == ["viewed_together"]
    assert likeness_together(None, len(ITEMS), PLAIN) == {}
    assert likeness_together(acts([("u", "hat", "cart", START)]), len(ITEMS), PLAIN) == {}


def test_without_types_or_times_acts_cannot_be_told_apart() -> None:
    table = pa.table({"user_id": ["u"], "item_id": ["hat"], "timestamp": [START]})
    assert Acts.from_table(table, USERS, ITEMS, 1800.0) is None
    assert Acts.from_table(table.drop_columns("timestamp").append_column("event_type", pa.array(["view"])),
                           USERS, ITEMS, 1800.0) is None  # fmt: skip


def test_acts_are_the_views_and_purchases_in_order() -> None:
    found = acts(LOG)
    assert found is not None
    assert ITEMS[found.items].tolist()[:2] == [b"cap", b"hat"]
    assert found.kinds.tolist().count(BOUGHT) == 5
    assert found.kinds.tolist().count(VIEWED) == 3
    assert len(np.unique(found.visits)) == 3
