import math
from collections.abc import Sequence

import numpy as np
import pytest

from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.evaluation.segments import by_history_length, long_tail, measure_users, popular_head, summarise


def ragged(lists: Sequence[Sequence[int]]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])]).astype(np.int64)
    return Ragged(offsets, np.array([item for items in lists for item in items], dtype=np.int32))


def source(histories: Sequence[Sequence[int]]) -> Interactions:
    """Histories without an order and without strengths; ids say nothing."""
    had = ragged(histories)
    users = np.repeat(np.arange(len(histories), dtype=np.int32), np.diff(had.offsets))
    ids = np.array([f"{code:04d}".encode() for code in range(1000)])
    return Interactions(ids[: len(histories)], ids, users, had.items, None)


def holdout(histories: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Holdout:
    return Holdout(np.arange(len(targets), dtype=np.int32), source(histories), ragged(targets))


RANKED = {
    "braid": np.array([[0, 1], [2, 3], [4, 5], [0, 5]], dtype=np.int32),
    "popularity": np.array([[0, 1], [0, 1], [0, 1], [0, 1]], dtype=np.int32),
}


def test_a_summary_is_the_mean_of_the_chosen_users_with_its_interval() -> None:
    values = measure_users(RANKED, ragged([[0], [3], [9], [9]]), (2,))
    found = summarise(values, np.array([0, 1]), seed=0)
    assert found["users"] == 2
    assert found["metrics"]["braid"]["recall@2"] == 1.0
    assert found["metrics"]["braid"]["mrr@2"] == 0.75
    assert found["metrics"]["popularity"]["recall@2"] == 0.5
    assert found["intervals"]["braid"]["recall@2"] == (1.0, 1.0)
    assert found["intervals"]["popularity"]["recall@2"] == (0.0, 1.0)


def test_history_lengths_fall_into_the_segments_that_their_names_say() -> None:
    lengths = [1, 2, 5, 6, 20, 21, 100]
    users = holdout([range(length) for length in lengths], [[user] for user in range(7)])
    ranked = {"braid": np.array([[0], [1], [9], [3], [9], [9], [6]], dtype=np.int32)}
    found = by_history_length(measure_users(ranked, users.targets, (1,)), users, seed=0)
    assert {name: (part["users"], part["metrics"]["braid"]["recall@1"]) for name, part in found.items()} == {
        "1": (1, 1.0),
        "2-5": (2, 0.5),
        "6-20": (2, 0.5),
        "more": (2, 0.5),
    }


def test_history_lengths_that_nobody_has_are_left_out() -> None:
    users = holdout([[1], [1, 2, 3, 4, 5, 6]], [[0], [0]])
    found = by_history_length(measure_users({"braid": RANKED["braid"][:2]}, users.targets, (2,)), users, seed=0)
    assert list(found) == ["1", "6-20"]


@pytest.mark.parametrize(
    ("counts", "head"),
    [
        ([50, 30, 20], [True, True, False]),
        ([20, 30, 50], [False, True, True]),
        ([50, 29, 21], [True, True, True]),
        ([1, 1, 1, 1, 1, 0], [True, True, True, True, False, False]),
        ([100, 0], [True, False]),
        ([0, 0], [False, False]),
    ],
)
def test_the_head_is_the_fewest_items_with_four_fifths_of_the_interactions(counts: list[int], head: list[bool]) -> None:
    assert popular_head(np.array(counts)).tolist() == head


def test_the_long_tail_counts_only_its_own_targets_and_users() -> None:
    counts = np.array([50, 40, 5, 3, 2, 0])
    users = holdout([[]] * 4, [[0, 3], [1], [3, 4, 5], [5]])
    ranked = {"braid": np.array([[0, 3], [1, 2], [5, 0], [1, 0]], dtype=np.int32)}
    found = long_tail(ranked, users, counts, (1, 2), seed=0)
    assert found is not None
    assert found["users"] == 3
    values = found["metrics"]["braid"]
    assert values.keys() == {"recall@1", "recall@2", "ndcg@1", "ndcg@2"} == found["intervals"]["braid"].keys()
    assert values["recall@2"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert values["ndcg@1"] == pytest.approx((0 + 1 + 0) / 3)
    assert values["ndcg@2"] == pytest.approx((1 / math.log2(3) + 1 / (1 + 1 / math.log2(3)) + 0) / 3)


def test_without_a_target_in_the_tail_there_is_no_such_segment() -> None:
    assert long_tail(RANKED, holdout([[]] * 4, [[0]] * 4), np.array([90, 5, 5]), (2,), seed=0) is None
