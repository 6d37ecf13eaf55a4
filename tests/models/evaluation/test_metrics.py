import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.metrics import evaluate_lists, per_user_values

LOG3 = math.log2(3)


def measured(ranked: list[list[int]], targets: list[list[int]], *ks: int, n_items: int = 10) -> dict[str, float]:
    return evaluate_lists(*arrays(ranked, targets), ks, n_items)


def arrays(ranked: list[list[int]], targets: list[list[int]]) -> tuple[Any, Any, Any]:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in targets])]).astype(np.int64)
    return np.array(ranked, dtype=np.int32), offsets, np.array([i for items in targets for i in items], dtype=np.int32)


def test_hits_at_the_first_and_third_place_of_three_targets() -> None:
    found = measured([[7, 1, 8, 2]], [[7, 8, 9]], 4)
    assert found == pytest.approx(
        {
            "recall@4": 2 / 3,
            "hit_rate@4": 1.0,
            "mrr@4": 1.0,
            "ndcg@4": (1 + 1 / 2) / (1 + 1 / LOG3 + 1 / 2),
            "map@4": (1 / 1 + 2 / 3) / 3,
            "coverage@4": 4 / 10,
        }
    )


def test_a_single_target_at_the_second_place() -> None:
    found = measured([[1, 7, 2]], [[7]], 1, 3)
    assert found["recall@1"] == found["ndcg@1"] == found["hit_rate@1"] == found["mrr@1"] == found["map@1"] == 0.0
    assert (found["recall@3"], found["hit_rate@3"]) == (1.0, 1.0)
    assert (found["mrr@3"], found["map@3"]) == (0.5, 0.5)
    assert found["ndcg@3"] == pytest.approx(1 / LOG3)


def test_more_targets_than_places_can_still_be_perfect() -> None:
    found = measured([[3, 4]], [[3, 4, 5, 6]], 2)
    assert (found["ndcg@2"], found["map@2"], found["recall@2"]) == (1.0, 1.0, 0.5)


def test_metrics_are_means_over_users() -> None:
    found = measured([[1, 2], [3, 4], [5, 6], [7, 8]], [[1], [4], [9], [7, 8]], 2)
    assert found["recall@2"] == found["hit_rate@2"] == 0.75
    assert found["mrr@2"] == (1 + 1 / 2 + 0 + 1) / 4
    assert found["map@2"] == (1 + 1 / 2 + 0 + 1) / 4
    assert found["coverage@2"] == 0.8


def test_the_target_of_one_user_is_no_hit_for_another() -> None:
    found = measured([[1, 2], [2, 1]], [[3], [1]], 2)
    assert found["recall@2"] == 0.5


def test_an_item_named_twice_is_one_target() -> None:
    assert measured([[1, 2]], [[1, 1, 3]], 2) == measured([[1, 2]], [[1, 3]], 2)
    assert measured([[1, 2]], [[1, 1]], 2)["recall@2"] == 1.0


def test_the_end_of_a_short_list_is_neither_a_hit_nor_covered() -> None:
    found = measured([[-1, -1, -1], [0, -1, -1]], [[0], [5]], 3)
    assert found["hit_rate@3"] == 0.0
    assert found["coverage@3"] == 0.1


def test_no_users_measure_nothing() -> None:
    found = evaluate_lists(
        np.empty((0, 3), dtype=np.int32), np.zeros(1, dtype=np.int64), np.empty(0, np.int32), (3,), 5
    )
    assert set(found.values()) == {0.0}


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    users = draw(st.integers(1, 5))
    lists = st.lists(st.integers(0, 8), min_size=4, max_size=4, unique=True)
    wanted = st.lists(st.integers(0, 8), min_size=1, max_size=6, unique=True)
    some = {name: st.lists(one, min_size=users, max_size=users) for name, one in (("lists", lists), ("wanted", wanted))}
    return draw(some["lists"]), draw(some["wanted"])


@given(cases())
def test_every_value_agrees_with_the_definition(case: tuple[list[list[int]], list[list[int]]]) -> None:
    ranked, targets = case
    k = 3
    found = per_user_values(*arrays(ranked, targets), (k,))
    for user, (listed, wanted) in enumerate(zip(ranked, targets, strict=True)):
        places = [place for place, item in enumerate(listed[:k], start=1) if item in wanted]
        possible = min(k, len(wanted))
        ideal = sum(1 / math.log2(place + 1) for place in range(1, possible + 1))
        expected = {
            f"recall@{k}": len(places) / len(wanted),
            f"hit_rate@{k}": float(bool(places)),
            f"mrr@{k}": 1 / places[0] if places else 0.0,
            f"ndcg@{k}": sum(1 / math.log2(place + 1) for place in places) / ideal,
            f"map@{k}": sum(hits / place for hits, place in enumerate(places, start=1)) / possible,
        }
        assert {name: values[user] for name, values in found.items()} == pytest.approx(expected)
