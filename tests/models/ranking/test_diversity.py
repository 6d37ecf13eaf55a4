"""Maximal marginal relevance on lists whose answer is known."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Int32
from models.data.interactions import Interactions
from models.ranking.diversity import diversify, likeness
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.recommender import Likeness, TrainingData

Codes = Callable[..., Int32]


def rows(matrix: list[list[float]]) -> SparseRows:
    return SparseRows.from_csr(sp.csr_matrix(np.array(matrix, dtype=np.float32)))


ALIKE = rows([[0, 0.8, 0, 0], [0.8, 0, 0.4, 0], [0, 0.4, 0, 0], [0, 0, 0, 0]])
"""Item 1 is like item 0, and half as much like item 2."""


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def alike(items: Int32, *similar: Likeness) -> list[list[float]]:
    return [[float(value) for value in row] for row in likeness(items, similar).astype(np.float64).round(4)]


def test_likeness_is_absolute_and_the_same_in_both_directions(codes: Codes) -> None:
    one_way = Likeness(rows([[0, 0.8, 0], [0, 0, 0.01], [0, 0, 0]]))
    assert alike(codes(0, 1, 2), one_way) == [[0, 0.8, 0], [0.8, 0, 0.01], [0, 0.01, 0]]
    assert alike(codes(2, 0, 1), one_way) == [[0, 0, 0.01], [0, 0, 0.8], [0.01, 0.8, 0]]


def test_a_nearest_neighbour_that_is_far_away_is_hardly_alike(codes: Codes) -> None:
    far = Likeness(rows([[0, 0.01, 0], [0.01, 0, 0], [0, 0, 0]]))
    assert diversify(codes(0, 1, 2), floats(3, 2.9, 1), 3, 0.5, [far]).tolist() == [0, 1, 2]


def test_factors_scale_the_rows_and_the_columns_and_the_result_is_at_most_one(codes: Codes) -> None:
    scaled = Likeness(rows([[0, 4, 100], [0, 0, 0], [0, 0, 0]]), floats(0.5, 9, 9), floats(9, 0.25, 1))
    assert alike(codes(0, 1, 2), scaled) == [[0, 0.5, 1], [0.5, 0, 0], [1, 0, 0]]


def test_the_most_similar_of_several_matrices_decides_and_new_items_are_unlike_all(codes: Codes) -> None:
    other = Likeness(rows([[0, 0, 0.9, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert alike(codes(0, 1, 2, 99), Likeness(ALIKE), other) == [
        [0, 0.8, 0.9, 0],
        [0.8, 0, 0.4, 0],
        [0.9, 0.4, 0, 0],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize("exponents", [(0.4, 0.5, 0.1), (0.5, 0.0, 0.5), (-0.2, 1.0, 0.8)])
@pytest.mark.parametrize("strengths", [None, floats(*np.linspace(0.5, 3, 60))])
def test_co_occurrence_is_compared_by_the_cosine_of_the_users_whatever_its_exponents(
    exponents: tuple[float, float, float], strengths: npt.NDArray[np.float32] | None
) -> None:
    """Checked against the cosine of the whole columns; popular items and busy users among them."""
    rng = np.random.default_rng(0)
    held = np.flatnonzero(rng.random((15, 8)) < np.linspace(0.3, 0.9, 8))[:60]
    names = np.array([f"{number:02d}".encode() for number in range(15)])
    users, items = (part.astype(np.int32) for part in np.divmod(held, 8))
    data = Interactions(names, names[:8], users, items, None, None if strengths is None else strengths[: len(held)])
    target, user, item = exponents
    config = ItemKNNConfig(item_exponent=item, user_exponent=user, target_exponent=target)
    part = ItemKNN.fit(TrainingData(data), ItemKNNConfig(user_exponent=user)).configured(config)
    dense = np.zeros((15, 8))
    dense[users, items] = 1.0 if strengths is None else strengths[: len(held)]
    weighted = dense * np.maximum((dense > 0).sum(axis=1, keepdims=True), 1) ** (-user / 2)
    unit = weighted / np.linalg.norm(weighted, axis=0)
    cosine = unit.T @ unit * (1 - np.eye(8))
    assert likeness(np.arange(8, dtype=np.int32), [part.likeness]) == pytest.approx(cosine, abs=1e-5)


def test_a_bundle_without_the_factors_compares_with_the_largest_of_a_row(codes: Codes) -> None:
    before = ItemKNN(ItemKNNConfig(), rows([[0, 8, 0], [2, 0, 1], [0, 0, 0]]))
    assert alike(codes(0, 1, 2), before.likeness) == [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]]


@pytest.mark.parametrize(("diversity", "places"), [(0.0, [0, 1, 2, 3]), (0.5, [0, 2, 1, 3]), (1.0, [0, 2, 3, 1])])
def test_what_resembles_the_first_comes_later(codes: Codes, diversity: float, places: list[int]) -> None:
    assert diversify(codes(0, 1, 2, 3), floats(4, 3.9, 3, 2.4), 4, diversity, [Likeness(ALIKE)]).tolist() == places


@given(
    items=st.lists(st.integers(0, 5), unique=True, max_size=6),
    count=st.integers(0, 8),
    diversity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_no_item_comes_twice_and_more_diversity_is_never_more_alike(
    items: list[int], count: int, diversity: float, seed: int
) -> None:
    scores = np.random.default_rng(seed).random(len(items)).astype(np.float32)
    found = diversify(np.array(items, dtype=np.int32), scores, count, diversity, [Likeness(ALIKE)])
    assert len(set(found.tolist())) == len(found) == min(count, len(items))
    assert found[:1].tolist() == ([int(np.argmax(scores))] if diversity < 1 and len(found) else found[:1].tolist())
