"""Likeness by users, on logs whose counts are plain."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.arrays.sparse_rows import SparseRows
from models.data.interactions import Interactions
from models.similar.by_users import likeness_by_users, nearby
from models.similar.config import SimilarConfig

START = 1.7e9
Table = Callable[..., pa.Table]


def named(rows: SparseRows, log: Interactions, item: str) -> dict[str, float]:
    code = log.item_ids.tolist().index(item.encode())
    return {log.item_ids[other].decode(): float(value) for other, value in zip(*rows.row(code), strict=True)}


@pytest.fixture
def shop(table: Table) -> Interactions:
    """Everybody has `hit`; `a` and `b` are of the same three users, `once` is with `a` by chance."""
    rows = [(f"u{user:02d}", "hit") for user in range(20)]
    rows += [(f"u{user:02d}", item) for user in range(3) for item in "ab"]
    rows += [("u00", "once")]
    return Interactions.from_table(table(rows))


def test_lift_prefers_what_is_alike_to_what_is_popular(shop: Interactions) -> None:
    plain = SimilarConfig(user_exponent=0, target_exponent=0.0, shrinkage=0)
    assert named(likeness_by_users(shop, plain), shop, "a") == {"b": 1.0, "hit": 1.0, "once": pytest.approx(1 / 3)}
    lift = plain.model_copy(update={"target_exponent": 1.0})
    assert named(likeness_by_users(shop, lift), shop, "a") == {
        "b": 1.0, "once": 1.0, "hit": pytest.approx(3 / 20 / (3 / 3))
    }  # fmt: skip


def test_one_user_in_common_is_little_evidence(shop: Interactions) -> None:
    config = SimilarConfig(user_exponent=0, target_exponent=1.0, shrinkage=3.0)
    found = named(likeness_by_users(shop, config), shop, "a")
    assert found["b"] == 1.0
    assert found["once"] == pytest.approx((1 / 4) / (3 / 6))


def test_what_comes_soon_after_counts_more_only_within_a_visit(table: Table) -> None:
    rows = []
    for user in range(3):
        day = START + user * 86_400
        rows += [(f"u{user}", "a", day), (f"u{user}", "b", day + 60), (f"u{user}", "c", day + 40_000)]
    log = Interactions.from_table(table(rows))
    config = SimilarConfig(user_exponent=0, target_exponent=0.0, shrinkage=0)
    assert named(likeness_by_users(log, config), log, "a") == {"b": 1.0, "c": 1.0}
    near = config.model_copy(update={"nearness": 1.0})
    assert named(likeness_by_users(log, near), log, "a") == {"b": 1.0, "c": 0.5}
    assert named(likeness_by_users(log, near, pause=50_000), log, "a")["c"] > 0.5


def test_near_counts_are_symmetric_and_fall_with_the_distance(table: Table) -> None:
    log = Interactions.from_table(table([("u", item, float(place)) for place, item in enumerate("abc")]))
    found = nearby(log, 1800.0, 0.0).toarray()
    assert np.array_equal(found, found.T)
    assert found[0] == pytest.approx([0, 1, 0.6])
    assert nearby(log, 1800.0, 1.0).toarray()[0] == pytest.approx([0, 0.5, 0.6 * 0.6 / 1.6])


def test_a_log_without_interactions_has_no_neighbours(table: Table) -> None:
    log = Interactions.from_table(table([("u", "a")]))
    assert len(likeness_by_users(log, SimilarConfig(nearness=1.0)).indices) == 0


def test_no_more_neighbours_are_kept_than_wanted(table: Table) -> None:
    log = Interactions.from_table(
        table([(f"u{user}", f"i{item}", float(item)) for user in range(3) for item in range(9)])
    )
    found = likeness_by_users(log, SimilarConfig(neighbours=4, nearness=1.0))
    assert np.diff(found.indptr).tolist() == [4] * 9
    assert found.fits(9, 9)
