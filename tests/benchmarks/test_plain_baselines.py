from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.baselines.item_knn import ItemKNN, cosines
from benchmarks.baselines.popularity import Popularity, RecentPopularity
from benchmarks.baselines.repeats import Repeats
from benchmarks.baselines.sequential_rules import SequentialRules
from benchmarks.baselines.system import Batch, Scorer, Scores, user_items
from models.data.holdout import Ragged
from models.data.interactions import Interactions

MakeInteractions = Callable[..., Interactions]


def scores(scorer: Scorer, train: Interactions, *histories: str) -> Scores:
    """Score users with these histories, whose items are letters."""
    names = [name.decode() for name in train.item_ids]
    items = np.array([names.index(item) for history in histories for item in history], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(history) for history in histories])]).astype(np.int64)
    users = np.zeros(len(histories), dtype=np.int32)
    return scorer.score(Batch(users, Ragged(offsets, items), train.n_items))


@pytest.fixture
def three(make_interactions: MakeInteractions) -> Interactions:
    return make_interactions("a:xy", "b:xyz", "c:z")


def test_the_cosines_are_those_computed_by_hand(three: Interactions) -> None:
    # x and y have the same two users, z shares one of its two with either.
    found = cosines(user_items(three, {}), 2).toarray()
    assert found == pytest.approx(np.array([[0, 1, 0.5], [1, 0, 0.5], [0.5, 0.5, 0]]))


def test_item_knn_sums_the_cosines_of_the_history(three: Interactions) -> None:
    fitted = ItemKNN().fit(three, {"neighbours": 2}, seed=0)
    assert scores(fitted, three, "x", "xz") == pytest.approx(np.array([[0, 1, 0.5], [0.5, 1.5, 0.5]]))


def test_item_knn_keeps_the_nearest_only(three: Interactions) -> None:
    fitted = ItemKNN().fit(three, {"neighbours": 1}, seed=0)
    assert scores(fitted, three, "x") == pytest.approx(np.array([[0, 1, 0]]))


def test_item_knn_reads_counts_on_request(make_interactions: MakeInteractions) -> None:
    repeated = make_interactions("a:xxxy", "b:xy", first_only=False)
    plain = cosines(user_items(repeated, {"counts": False}), 1)[0, 1]
    counted = cosines(user_items(repeated, {"counts": True}), 1)[0, 1]
    assert plain == pytest.approx(1.0)
    assert counted == pytest.approx(4 / np.sqrt(10 * 2))


def test_popularity_orders_by_count_and_breaks_ties_by_the_seed(make_interactions: MakeInteractions) -> None:
    train = make_interactions("a:xyz", "b:xy", "c:x", "d:w")
    orders = {tuple(np.argsort(-scores(Popularity().fit(train, {}, seed=seed), train, "x")[0])) for seed in range(20)}
    assert orders == {(1, 2, 0, 3), (1, 2, 3, 0)}


def test_recent_popularity_counts_the_last_days(make_interactions: MakeInteractions) -> None:
    train = make_interactions("a:xyz", "b:xyz", "c:xz")
    assert train.timestamps is not None
    later = Interactions(train.user_ids, train.item_ids, train.users, train.items, train.timestamps * 86_400.0 * 2)
    fitted = RecentPopularity().fit(later, {"days": 1}, seed=0)
    # z in the last day twice, then x (3 in all) before y (2); c's z lies two days back.
    assert scores(fitted, later, "x")[0].tolist() == [2.0, 1.0, 3.0]
    assert RecentPopularity().left_out(later, include_seen=False) is None
    assert "less than a day" in str(RecentPopularity().left_out(train, include_seen=False))
    assert "no order" in str(RecentPopularity().left_out(make_interactions("a:xy", ordered=False), include_seen=False))


def test_repeats_come_before_what_is_popular(make_interactions: MakeInteractions) -> None:
    train = make_interactions("a:zz", "b:zw", "c:xy", "d:z", first_only=False)
    often, lately = (Repeats().fit(train, {"decay": decay}, seed=0) for decay in (1.0, 0.3))
    for fitted, first in ((often, "x"), (lately, "y")):
        order = np.argsort(-scores(fitted, train, "xxy")[0])
        names = "".join(train.item_ids[item].decode() for item in order)
        assert names == ("xyzw" if first == "x" else "yxzw")
    assert Repeats().left_out(train, include_seen=False)
    assert Repeats().left_out(train, include_seen=True) is None


def test_sequential_rules_divide_by_the_steps(make_interactions: MakeInteractions) -> None:
    train = make_interactions("a:wxy", "b:wy")
    one = SequentialRules().fit(train, {"steps": 1, "decay": 0.0}, seed=0)
    two = SequentialRules().fit(train, {"steps": 2, "decay": 0.5}, seed=0)
    assert scores(one, train, "w", "yx").tolist() == [[0, 1, 1], [0, 0, 1]]
    # w, one step back, counts half: x 1, y 1 + 1/2 for w; y 1 for x.
    assert scores(two, train, "wx").tolist() == [[0, 0.5, 1.75]]
    assert SequentialRules().left_out(make_interactions("a:xy", ordered=False), include_seen=False)
