from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float64
from models.similarity.measures import MEASURES, Measure, Similarity, column_similarities

Listed = list[dict[int, float]]
ONES = [[1, 1, 0], [1, 0, 0], [0, 1, 1]]
STRENGTHS = [[4, 2, 0], [2, 4, 0], [2, 0, 2]]
RATINGS = [[5, 1, 0], [4, 2, 0], [1, 5, 3], [0, 1, 3]]
TINY = 1e-12
every_measure = pytest.mark.parametrize("measure", MEASURES)


def matrix(rows: Any) -> "sp.csr_matrix[np.float32]":
    return sp.csr_matrix(np.array(rows, dtype=np.float32))


def row_similarities(rows: "sp.csr_matrix[np.float32]", similarity: Similarity, neighbours: int) -> SparseRows:
    return column_similarities(rows.T.tocsr(), similarity, neighbours)


def listed(rows: SparseRows) -> Listed:
    """Give the neighbours of each row, best first."""
    found = []
    for index in range(rows.n_rows):
        columns, values = rows.row(index)
        found.append({int(column): round(float(value), 4) for column, value in zip(columns, values, strict=True)})
    return found


@pytest.mark.parametrize(
    ("measure", "dense", "expected"),
    [
        ("cosine", ONES, [{1: 0.7071, 2: 0.5}, {0: 0.7071}, {0: 0.5}]),
        ("cosine", STRENGTHS, [{1: 0.8, 2: 0.6325}, {0: 0.8, 2: 0.3162}, {0: 0.6325, 1: 0.3162}]),
        ("cooccurrence", ONES, [{1: 0.7071, 2: 0.5}, {0: 0.7071}, {0: 0.5}]),
        ("jaccard", ONES, [{1: 0.5, 2: 0.3333}, {0: 0.5}, {0: 0.3333}]),
        ("jaccard", STRENGTHS, [{1: 0.6667, 2: 0.4}, {0: 0.6667, 2: 0.1667}, {0: 0.4, 1: 0.1667}]),
        # Squared distances: 1 and 2; of the strengths 8, 12 and 20.
        ("euclidean", ONES, [{1: 0.5, 2: 0.4142}, {0: 0.5}, {0: 0.4142}]),
        ("euclidean", STRENGTHS, [{1: 0.2612, 2: 0.224}, {0: 0.2612, 2: 0.1827}, {0: 0.224, 1: 0.1827}]),
        # Deviations: (2, -2, .), (1, -1, .), (-2, 2, 0) and (., -1, 1).
        ("pearson", RATINGS, [{1: 1.0, 3: 0.5}, {0: 1.0, 3: 0.5}, {}, {0: 0.5, 1: 0.5}]),
        # The features have the means 4, 2 and 4: deviations (1, -1, -1), (-1, -1, -1) and (., 2, 2).
        ("adjusted_cosine", [[5, 1, 3], [3, 1, 3], [0, 4, 6]], [{1: 0.3333}, {0: 0.3333}, {}]),
    ],
)  # fmt: skip
def test_similarities_are_those_computed_by_hand(measure: Measure, dense: Any, expected: Listed) -> None:
    found = listed(row_similarities(matrix(dense), Similarity(measure), 5))
    assert found == expected
    assert [list(row) for row in found] == [list(row) for row in expected]


@pytest.mark.parametrize("measure", ["pearson", "adjusted_cosine"])
@pytest.mark.parametrize("strength", [1, 0.1, 5])
def test_without_deviations_it_is_the_phi_coefficient(measure: Measure, strength: float) -> None:
    dense = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]) * strength
    found = listed(row_similarities(matrix(dense), Similarity(measure), 5))
    assert found == [{1: 0.5774, 2: 0.5774}, {0: 0.5774, 2: 0.3333}, {0: 0.5774, 1: 0.3333}]


def test_a_row_without_deviations_has_neighbours_beside_rows_with_them() -> None:
    found = listed(row_similarities(matrix([[3, 3, 0, 0], [5, 1, 0, 0], [4, 2, 0, 0]]), Similarity("pearson"), 5))
    assert found == [{2: 0.9045, 1: 0.7276}, {2: 1.0}, {1: 1.0}]


def test_cooccurrence_divides_by_powers_of_the_counts() -> None:
    similarity = Similarity("cooccurrence", row_exponent=1.0, feature_exponent=1.0, peer_exponent=0.5)
    found = listed(column_similarities(matrix([[1, 1, 0], [1, 1, 1]]), similarity, 5))
    assert found[0] == {1: round((1 / 2 + 1 / 3) / 2 / 2**0.5, 4), 2: round(1 / 3 / 2, 4)}
    assert found[2] == {0: round(1 / 3 / 2**0.5, 4), 1: round(1 / 3 / 2**0.5, 4)}


def test_shrinkage_takes_more_from_pairs_with_little_in_common() -> None:
    found = listed(row_similarities(matrix([[1, 1], [1, 1], [1, 0]]), Similarity("cosine", shrinkage=2.0), 5))
    assert found[0] == {1: 0.5, 2: round(0.5**0.5 / 3, 4)}


@every_measure
def test_only_the_best_neighbours_are_kept(measure: Measure) -> None:
    found = listed(row_similarities(matrix([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]]), Similarity(measure), 1))
    assert [list(row) for row in found[:2]] == [[1], [0]]


@every_measure
def test_a_row_is_left_out_even_among_its_equals(measure: Measure) -> None:
    for index, row in enumerate(listed(row_similarities(matrix([[1, 1, 0]] * 4), Similarity(measure), 2))):
        assert list(row.values()) == [1.0, 1.0]
        assert index not in row


@every_measure
def test_an_empty_row_has_no_neighbours(measure: Measure) -> None:
    found = listed(row_similarities(matrix([[1, 0], [0, 0], [1, 0]]), Similarity(measure), 5))
    assert found == [{2: 1.0}, {}, {0: 1.0}]


@every_measure
def test_rows_with_nothing_in_common_are_no_neighbours(measure: Measure) -> None:
    assert listed(row_similarities(matrix([[1, 0], [0, 2]]), Similarity(measure), 5)) == [{}, {}]


@every_measure
@pytest.mark.parametrize(
    "dense", [[[1]], [[3], [3]], [[2, 2], [2, 2]], [[1, 2, 3]], np.zeros((2, 2)), np.zeros((0, 3))]
)
def test_there_is_always_an_answer(measure: Measure, dense: Any) -> None:
    for each in (matrix(dense), matrix(dense).T.tocsr()):
        found = column_similarities(each, Similarity(measure, shrinkage=1.0), 3)
        assert np.isfinite(found.values).all()
        assert (found.values > 0).all()


def brute_force(x: Float64, similarity: Similarity) -> Float64:
    """Compute the similarity of each pair of rows alone, from the dense rows."""
    has = x > 0
    counts, holders = has.sum(1), has.sum(0)
    column_means = np.array([x[has[:, f], f].mean() if holders[f] else 0.0 for f in range(x.shape[1])])
    found = np.zeros((len(x), len(x)))
    for i, j in np.ndindex(found.shape):
        both = has[i] & has[j]
        if i != j and both.any():
            score = pair(x, i, j, similarity, column_means, counts, holders)
            found[i, j] = score * both.sum() / (both.sum() + similarity.shrinkage)
    return found


def pair(x: Float64, i: int, j: int, similarity: Similarity, column_means: Float64, counts: Any, holders: Any) -> float:
    if similarity.measure == "euclidean":
        return float(1 / (1 + np.linalg.norm(x[i] - x[j])))
    if similarity.measure == "jaccard":
        return float(x[i] @ x[j] / (x[i] @ x[i] + x[j] @ x[j] - x[i] @ x[j]))
    if similarity.measure == "cooccurrence":
        products = x[i] * x[j] / np.maximum(holders, 1) ** similarity.feature_exponent
        return float(products.sum() / counts[i] ** similarity.row_exponent / counts[j] ** similarity.peer_exponent)
    left, right = x[i], x[j]
    if similarity.measure != "cosine":
        pearson = similarity.measure == "pearson"
        left, right = (
            np.where(row > 0, row - (row[row > 0].mean() if pearson else column_means), 0) for row in (x[i], x[j])
        )
        if np.linalg.norm(left) < TINY:
            left, right = x[i] - x[i].mean(), x[j] - x[j].mean()
    lengths = np.linalg.norm(left) * np.linalg.norm(right)
    return float(left @ right / lengths) if lengths > TINY else 0.0


@st.composite
def matrices(draw: st.DrawFn) -> Float64:
    values = draw(st.sampled_from([(0, 1), (0, 2.5), (0, 0, 1, 3, 5), (0.5, 1, 2, 4), (0, 0, 0.1, 0.7, 50)]))
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 6))
    drawn = draw(st.lists(st.sampled_from(values), min_size=rows * columns, max_size=rows * columns))
    return np.array(drawn, dtype=np.float32).astype(np.float64).reshape(rows, columns)


@every_measure
@given(
    dense=matrices(),
    neighbours=st.integers(1, 7),
    shrinkage=st.sampled_from([0.0, 1.5]),
    exponents=st.tuples(*[st.sampled_from([-0.2, 0.0, 0.5, 1.0])] * 3),
)
def test_any_matrix_agrees_with_the_dense_computation(
    measure: Measure, dense: Float64, neighbours: int, shrinkage: float, exponents: tuple[float, float, float]
) -> None:
    similarity = Similarity(measure, shrinkage, *exponents)
    for each in (dense, dense.T):
        expected = brute_force(each.T, similarity)
        found = column_similarities(matrix(each), similarity, neighbours)
        assert found.n_rows == len(expected)
        for index, row in enumerate(expected):
            columns, values = found.row(index)
            best = np.sort(row[row > 1e-8])[::-1][:neighbours]
            assert values.tolist() == pytest.approx(best.tolist(), rel=1e-5)
            assert values.tolist() == pytest.approx(row[columns].tolist(), rel=1e-5)
            assert len(set(columns.tolist())) == len(columns)


def test_many_rows_are_the_same_in_blocks_as_alone() -> None:
    dense = (np.random.default_rng(0).random((5000, 40)) < 0.1).astype(np.float32)
    found = row_similarities(sp.csr_matrix(dense), Similarity("cosine"), 5)
    assert found.n_rows == 5000
    for index in (0, 2047, 2048, 4999):
        norms = np.linalg.norm(dense, axis=1) * np.linalg.norm(dense[index])
        expected = np.divide(dense @ dense[index], norms, out=np.zeros(5000, np.float32), where=norms > 0)
        expected[index] = 0
        assert found.row(index)[1].tolist() == pytest.approx(np.sort(expected)[::-1][:5].tolist())


def test_many_equal_similarities_are_cut_to_the_first() -> None:
    # Of a plain product any of the equals are kept.
    columns, values = row_similarities(matrix(np.ones((300, 1))), Similarity("jaccard"), 3).row(7)
    assert columns.tolist() == [0, 1, 2]
    assert values.tolist() == [1.0] * 3
