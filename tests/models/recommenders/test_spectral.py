import numpy as np
import pytest
import scipy.sparse as sp

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float64
from models.data.interactions import Interactions
from models.recommenders import spectral
from models.recommenders.recommender import TrainingData
from models.recommenders.spectral import Spectral, SpectralConfig, leading_vectors


def interactions(matrix: Float64) -> Interactions:
    """Everybody's strengths as rows; 0 is none."""
    users, items = np.nonzero(matrix)
    ids = [np.array([f"{code:03d}".encode() for code in range(size)]) for size in matrix.shape]
    strengths = matrix[users, items].astype(np.float32)
    return Interactions(ids[0], ids[1], users.astype(np.int32), items.astype(np.int32), None, strengths)


def dense(rows: SparseRows) -> Float64:
    found = np.zeros((rows.n_rows, rows.n_rows))
    for index in range(rows.n_rows):
        columns, values = rows.row(index)
        found[index, columns] = values
    return found


def expected(matrix: Float64, dimensions: int) -> Float64:
    """Compute the filter with the complete singular value decomposition."""
    users, items = matrix.sum(axis=1), matrix.sum(axis=0)
    vectors = np.linalg.svd(matrix / np.sqrt(users)[:, None] / np.sqrt(items)[None])[2][:dimensions].T
    filtered = (vectors @ vectors.T) / np.sqrt(items)[:, None] * np.sqrt(items)[None]
    np.fill_diagonal(filtered, 0.0)
    return np.maximum(filtered, 0.0)


@pytest.fixture(scope="module")
def some() -> Float64:
    rng = np.random.default_rng(5)
    return (rng.random((30, 14)) < 0.35).astype(np.float64) * rng.choice([0.5, 1.0, 2.0], (30, 14))


@pytest.mark.parametrize("dimensions", [1, 3, 8])
def test_rows_are_those_of_the_complete_decomposition(some: Float64, dimensions: int) -> None:
    rows = Spectral.fit(TrainingData(interactions(some)), SpectralConfig(dimensions=dimensions)).rows
    assert dense(rows) == pytest.approx(expected(some, dimensions), abs=1e-5)
    assert rows.values.max() > 0.05


def test_only_the_best_neighbours_are_kept(some: Float64) -> None:
    whole = expected(some, 4)
    rows = Spectral.fit(TrainingData(interactions(some)), SpectralConfig(dimensions=4, neighbours=3)).rows
    for index in range(14):
        columns, values = rows.row(index)
        assert sorted(values.tolist()) == pytest.approx(np.sort(whole[index])[-3:].tolist(), abs=1e-5)
        assert values.tolist() == pytest.approx(whole[index, columns].tolist(), abs=1e-5)


def test_many_items_are_the_same_in_blocks_as_at_once(some: Float64, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Spectral.fit(TrainingData(interactions(some)), SpectralConfig(dimensions=4)).rows
    monkeypatch.setattr(spectral, "_BLOCK", 4)
    assert (
        dense(Spectral.fit(TrainingData(interactions(some)), SpectralConfig(dimensions=4)).rows).tolist()
        == dense(whole).tolist()
    )


def test_the_leading_vectors_of_a_larger_matrix_are_near_the_exact_ones() -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 80)) + 0.01 * rng.normal(size=(200, 80))).astype("f4")
    found = leading_vectors(sp.csr_matrix(matrix), 5)
    exact = np.linalg.svd(matrix)[2][:5].T
    assert found.shape == (80, 5)
    assert found @ found.T == pytest.approx(exact @ exact.T, abs=1e-4)


def test_items_without_interactions_have_no_neighbours_and_are_none(some: Float64) -> None:
    without = some.copy()
    without[:, 6] = 0
    found = dense(Spectral.fit(TrainingData(interactions(without)), SpectralConfig(dimensions=4)).rows)
    assert not found[6].any()
    assert not found[:, 6].any()
    assert found.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_more_dimensions_than_users_and_items_give_numbers(shape: tuple[int, int]) -> None:
    recommender = Spectral.fit(TrainingData(interactions(np.ones(shape))), SpectralConfig(dimensions=128))
    assert recommender.fits(shape[1], shape[0])
    assert np.isfinite(recommender.rows.values).all()
    assert dense(recommender.rows) == pytest.approx((np.ones(shape[1]) - np.eye(shape[1])) / shape[1], abs=1e-6)


def test_it_may_be_left_out(some: Float64) -> None:
    data = interactions(some)
    assert Spectral.fit(TrainingData(data), SpectralConfig(dimensions=0)).empty
    assert Spectral.fit(TrainingData(data.select(data.users < 0)), SpectralConfig()).empty
