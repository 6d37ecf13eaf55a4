import numpy as np
import pytest
import scipy.sparse as sp

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.recommenders.similarity import Rows, binary_matrix, cosine_rows


def matrix(rows: list[list[int]]) -> "sp.csr_matrix[np.float32]":
    return sp.csr_matrix(np.array(rows, dtype=np.float32))


def listed(rows: Rows) -> list[list[tuple[int, float]]]:
    found = []
    for index in range(rows.n_rows):
        columns, values = rows.row(index)
        found.append([(int(column), round(float(value), 4)) for column, value in zip(columns, values, strict=True)])
    return found


def test_cosines_of_three_rows_are_those_computed_by_hand() -> None:
    found = cosine_rows(matrix([[1, 1, 0], [1, 0, 0], [0, 1, 1]]), 2)
    assert listed(found) == [[(1, 0.7071), (2, 0.5)], [(0, 0.7071)], [(0, 0.5)]]


def test_only_the_best_neighbours_are_kept() -> None:
    found = cosine_rows(matrix([[1, 1, 0], [1, 0, 0], [0, 1, 1]]), 1)
    assert listed(found) == [[(1, 0.7071)], [(0, 0.7071)], [(0, 0.5)]]


def test_a_row_is_left_out_even_among_its_equals() -> None:
    found = cosine_rows(matrix([[1, 1]] * 4), 2)
    for index, row in enumerate(listed(found)):
        assert [value for _, value in row] == [1.0, 1.0]
        assert index not in {column for column, _ in row}


def test_an_empty_row_has_no_neighbours() -> None:
    assert listed(cosine_rows(matrix([[1, 0], [0, 0], [1, 0]]), 5)) == [[(2, 1.0)], [], [(0, 1.0)]]


def test_rows_with_nothing_in_common_are_no_neighbours() -> None:
    assert listed(cosine_rows(matrix([[1, 0], [0, 1]]), 5)) == [[], []]


def test_a_random_matrix_agrees_with_the_dense_computation() -> None:
    dense = (np.random.default_rng(0).random((30, 20)) < 0.3).astype(np.float32)
    unit = dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    expected = unit @ unit.T
    np.fill_diagonal(expected, 0)
    found = cosine_rows(sp.csr_matrix(dense), 5)
    for index in range(30):
        columns, values = found.row(index)
        assert np.allclose(values, np.sort(expected[index])[::-1][: len(values)], atol=1e-6)
        assert np.allclose(values, expected[index, columns], atol=1e-6)
        assert len(values) == min(5, int((expected[index] > 0).sum()))


def test_the_matrix_counts_a_repeated_pair_once(checkerboard: Interactions) -> None:
    twice = Interactions(
        checkerboard.user_ids,
        checkerboard.item_ids,
        np.array([0, 0, 1], dtype=np.int32),
        np.array([3, 3, 2], dtype=np.int32),
        None,
    )
    found = binary_matrix(twice)
    assert found.shape == (12, 12)
    assert found.toarray()[0].tolist() == [0, 0, 0, 1] + [0] * 8
    assert found.sum() == 2


@pytest.mark.parametrize(
    ("indptr", "indices", "values"),
    [
        ([0, 2], [1], [0.5]),
        ([0, 1], [1], [0.5, 0.5]),
        ([1, 1], [1], [0.5]),
        ([], [], []),
        ([0, 2, 1], [1], [0.5]),
        ([0, 1], [-1], [0.5]),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    store: BundleStore, indptr: list[int], indices: list[int], values: list[float]
) -> None:
    arrays: dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]] = {
        "x_indptr": np.array(indptr, dtype=np.int64),
        "x_indices": np.array(indices, dtype=np.int32),
        "x_values": np.array(values, dtype=np.float32),
    }
    bundle = store.publish(Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random"), arrays)
    with pytest.raises(BundleError, match=r"v1: the arrays x_\* "):
        Rows.load(bundle, "x")
