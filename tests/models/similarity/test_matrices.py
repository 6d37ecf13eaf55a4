import numpy as np
import pytest
import scipy.sparse as sp

from models.arrays.sparse_rows import SparseRows
from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.similarity import matrices as similarity
from models.similarity.matrices import binary_matrix, latest, sampled, top_of_rows


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


def test_only_the_latest_rows_of_a_user_are_kept(checkerboard: Interactions) -> None:
    found = latest(checkerboard, 2)
    assert found.users.tolist() == [user for user in range(12) for _ in range(2)]
    assert found.items[:6].tolist() == [8, 10, 9, 11, 8, 10]
    assert latest(checkerboard, 5) is checkerboard


def test_of_a_long_row_a_sample_is_kept() -> None:
    rows = [[0] * 4 + [7] * 96, [1] * 2 + [0] * 98, [0] * 100]
    found = sampled(sp.csr_matrix(np.array(rows, dtype=np.float32)), 20)
    assert np.diff(found.indptr).tolist() == [20, 2, 0]
    assert found.indices[20:].tolist() == [0, 1]
    assert found.data.tolist() == [7] * 20 + [1] * 2
    kept = found.indices[:20].tolist()
    assert kept == sorted(set(kept))
    assert min(kept) >= 4
    # A sample, neither the first nor the last ones.
    assert 30 < np.mean(kept) < 70


def test_short_rows_are_kept_whole() -> None:
    matrix = sp.csr_matrix(np.array([[1, 0, 2], [3, 4, 0]], dtype=np.float32))
    assert abs(sampled(matrix, 2) - matrix).nnz == 0


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
        SparseRows.load(bundle, "x")


def test_the_top_of_rows_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = np.random.default_rng(2).random((11, 11)).astype(np.float32)
    whole = top_of_rows(sp.csr_matrix(dense), 3)
    assert whole.row(4)[0].tolist() == [item for item in np.argsort(-dense[4]) if item != 4][:3]
    monkeypatch.setattr(similarity, "_BLOCK", 4)
    blocks = top_of_rows(sp.csr_matrix(dense), 3)
    for mine, other in zip(whole.arrays("x").values(), blocks.arrays("x").values(), strict=True):
        assert np.array_equal(mine, other)


def test_the_best_of_each_row_are_kept_in_their_order() -> None:
    rows = SparseRows(
        np.array([0, 3, 3, 5], dtype=np.int64),
        np.array([4, 1, 2, 0, 3], dtype=np.int32),
        np.array([0.5, 0.1, 0.9, 0.3, 0.2], dtype=np.float32),
    )
    fewer = rows.best(2)
    assert fewer.indptr.tolist() == [0, 2, 2, 4]
    assert fewer.indices.tolist() == [4, 2, 0, 3]
    assert rows.best(1).indices.tolist() == [2, 0]
    assert rows.best(3) is rows
