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
from models.ranking.diversity import diversify, likeness

Codes = Callable[..., Int32]


def rows(matrix: list[list[float]]) -> SparseRows:
    return SparseRows.from_csr(sp.csr_matrix(np.array(matrix, dtype=np.float32)))


ALIKE = rows([[0, 8, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
"""Items 0 and 1 are each other's nearest; item 1 is half as much like item 2."""


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_likeness_is_relative_to_the_nearest_and_the_same_in_both_directions(codes: Codes) -> None:
    assert likeness(codes(0, 1, 2), [ALIKE]).tolist() == [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]]
    assert likeness(codes(2, 0, 1), [ALIKE]).tolist() == [[0, 0, 0.5], [0, 0, 1], [0.5, 1, 0]]


def test_the_most_similar_of_several_matrices_decides_and_new_items_are_unlike_all(codes: Codes) -> None:
    other = rows([[0, 0, 3, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert likeness(codes(0, 1, 2, 99), [ALIKE, other]).tolist() == [
        [0, 1, 1, 0],
        [1, 0, 0.5, 0],
        [1, 0.5, 0, 0],
        [0, 0, 0, 0],
    ]


@pytest.mark.parametrize(("diversity", "places"), [(0.0, [0, 1, 2, 3]), (0.5, [0, 2, 3, 1]), (1.0, [0, 2, 3, 1])])
def test_what_resembles_the_first_comes_later(codes: Codes, diversity: float, places: list[int]) -> None:
    assert diversify(codes(0, 1, 2, 3), floats(4, 3.9, 3, 2.4), 4, diversity, [ALIKE]).tolist() == places


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
    found = diversify(np.array(items, dtype=np.int32), scores, count, diversity, [ALIKE])
    assert len(set(found.tolist())) == len(found) == min(count, len(items))
    assert found[:1].tolist() == ([int(np.argmax(scores))] if diversity < 1 and len(found) else found[:1].tolist())
