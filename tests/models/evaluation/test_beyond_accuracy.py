import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data.interactions import Interactions
from models.evaluation.beyond_accuracy import MAX_USERS, BeyondAccuracy
from models.similarity.matrices import binary_matrix

ROWS = [("u1", "a"), ("u1", "b"), ("u2", "a"), ("u2", "b"), ("u3", "a"), ("u3", "c"), ("u4", "a")]
A, B, C, NEVER = range(4)


@pytest.fixture(scope="module")
def known(table: Callable[..., pa.Table]) -> Interactions:
    """Four users: all had a, two b as well, one c; nobody had d."""
    return Interactions.from_table(table(ROWS), more_items=[pa.chunked_array([["d"]])])


def measured(known: Interactions, lists: list[list[int]], k: int) -> tuple[float, float]:
    found = BeyondAccuracy(known, seed=0).measure(np.array(lists, dtype=np.int32), (k,))
    assert found.keys() == {f"novelty@{k}", f"diversity@{k}"}
    return found[f"novelty@{k}"], found[f"diversity@{k}"]


def test_novelty_is_the_mean_self_information_of_the_items(known: Interactions) -> None:
    assert measured(known, [[A, B, C]], 3)[0] == pytest.approx((0 + 1 + 2) / 3)
    assert measured(known, [[A, B, C]], 2)[0] == pytest.approx(1 / 2)
    assert measured(known, [[A, -1], [B, C]], 2)[0] == pytest.approx((0 + 1.5) / 2)


def test_an_item_without_users_is_as_new_as_one_with_a_single_user(known: Interactions) -> None:
    assert measured(known, [[NEVER]], 1)[0] == measured(known, [[C]], 1)[0] == 2.0


def test_diversity_is_one_minus_the_mean_cosine_of_the_pairs(known: Interactions) -> None:
    ab, ac, bc = 2 / math.sqrt(4 * 2), 1 / math.sqrt(4 * 1), 0.0
    assert measured(known, [[A, B, C]], 3)[1] == pytest.approx(1 - (ab + ac + bc) / 3)
    assert measured(known, [[A, B, C]], 2)[1] == pytest.approx(1 - ab)
    assert measured(known, [[A, B], [B, C]], 2)[1] == pytest.approx(1 - ab / 2)


def test_an_item_without_users_resembles_nothing(known: Interactions) -> None:
    assert measured(known, [[A, NEVER]], 2)[1] == 1.0
    assert measured(known, [[A, B, NEVER]], 3)[1] == pytest.approx(1 - 2 / math.sqrt(8) / 3)


def test_lists_too_short_to_measure_are_left_out(known: Interactions) -> None:
    assert measured(known, [[-1, -1], [A, -1], [A, C]], 2) == pytest.approx(((0 + 1) / 2, 0.5))
    assert measured(known, [[-1, -1]], 2) == (0.0, 0.0)


def test_repeats_of_a_user_count_once(table: Callable[..., pa.Table], known: Interactions) -> None:
    repeated = Interactions.from_table(
        table([*ROWS, ("u4", "a")]), more_items=[pa.chunked_array([["d"]])], first_only=False
    )
    assert measured(repeated, [[A, B, C]], 3) == measured(known, [[A, B, C]], 3)


def test_diversity_is_that_of_a_sample_under_the_seed(known: Interactions) -> None:
    lists = np.array([[A, B]] * MAX_USERS + [[B, C]] * MAX_USERS, dtype=np.int32)
    first, again, other = (BeyondAccuracy(known, seed).measure(lists, (2,))["diversity@2"] for seed in (1, 1, 2))
    assert first == again != other
    assert first == pytest.approx(1 - 1 / math.sqrt(2) / 2, abs=0.02)


@given(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=4, unique=True), min_size=1, max_size=250))
def test_diversity_agrees_with_the_pairs_taken_one_by_one(known: Interactions, lists: list[list[int]]) -> None:
    columns = binary_matrix(known).toarray().T
    unit = columns / np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), 1.0)
    cosines = unit @ unit.T
    expected = [
        np.mean([1 - cosines[one, other] for one in items for other in items if one != other]) for items in lists
    ]
    padded = [items + [-1] * (4 - len(items)) for items in lists]
    assert measured(known, padded, 4)[1] == pytest.approx(np.mean(expected), abs=1e-6)
