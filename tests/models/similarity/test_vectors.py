"""Tests of the search for the nearest vectors."""

import numpy as np
import pytest

from models.arrays.types import Float32, Int32
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.similarity.vector_index import VectorIndex, unit
from models.similarity.vector_neighbours import nearest_of_each


def _clustered(count: int, numbers: int = 64, seed: int = 0) -> Float32:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((100, numbers), dtype=np.float32)
    noise = rng.standard_normal((count, numbers), dtype=np.float32)
    # A common part, as in real embeddings: all cosines are above 0.
    return unit(centres[rng.integers(100, size=count)] + 0.8 * noise + np.float32(0.5))


def _best(rows: Float32, vector: Float32, count: int) -> Int32:
    return np.argsort(-(rows @ vector), kind="stable")[:count].astype(np.int32)


def test_nearest_of_a_tiny_index() -> None:
    rows = unit(np.array([[1, 0], [1, 1], [0, 1], [-1, 0], [0, 0]], dtype=np.float32))
    found, cosines = VectorIndex.of(rows).nearest(rows[0], 3, itself=0)
    assert found.tolist() == [1]
    assert cosines == pytest.approx([0.5**0.5])
    found, _ = VectorIndex.of(rows).nearest(rows[1], 3)
    assert found.tolist() == [1, 0, 2]


def test_large_index_finds_nearly_all() -> None:
    rows, queries = _clustered(20_000), _clustered(50, seed=2)
    index = VectorIndex.of(rows)
    hits = [np.isin(_best(rows, query, 10), index.nearest(query, 10)[0]).mean() for query in queries]
    assert np.mean(hits) > 0.97


def test_index_grows_and_finds_what_was_just_put() -> None:
    rows = _clustered(5000)
    index = VectorIndex.empty(rows.shape[1])
    for place, row in enumerate(rows):
        index.put(place, row)
        if place % 500 == 0:
            assert index.nearest(row, 1)[0].tolist() == [place]
    hits = [np.isin(_best(rows, row, 10), index.nearest(row, 10)[0]).mean() for row in rows[:50]]
    assert np.mean(hits) > 0.97
    index.put(3, np.zeros_like(rows[0]))
    assert 3 not in index.nearest(rows[3], 100)[0]
    index.put(9000, rows[0])
    assert set(index.nearest(rows[0], 2)[0].tolist()) == {0, 9000}


def test_bundle_gives_back_the_same_index(store: BundleStore) -> None:
    rows = _clustered(4000)
    index = VectorIndex.of(rows)
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = VectorIndex.load(store.publish(manifest, index.arrays("v")), "v")
    for query in rows[:5]:
        assert loaded.nearest(query, 10)[0].tolist() == index.nearest(query, 10)[0].tolist()


def test_large_and_zero_vectors_have_a_length() -> None:
    rows = np.array([[3e38, 3e38], [0, 0], [1e-30, 0]], dtype=np.float32)
    assert np.linalg.norm(unit(rows), axis=1) == pytest.approx([1, 0, 1])


def test_neighbours_of_each_row() -> None:
    rows = unit(np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=np.float32))
    found = nearest_of_each(rows, 5)
    assert [found.row(row)[0].tolist() for row in range(4)] == [[1], [0, 2], [1], []]


def test_neighbours_without_vectors() -> None:
    assert nearest_of_each(np.zeros((3, 2), np.float32), 5).n_rows == 3


def test_neighbours_by_cells_are_nearly_those_of_all() -> None:
    rows = _clustered(6000)
    rows[17] = 0
    exact, by_cells = nearest_of_each(rows, 20), nearest_of_each(rows, 20, exact=100)
    assert by_cells.fits(6000, 6000)
    assert not len(by_cells.row(17)[0])
    hits = [np.isin(exact.row(row)[0], by_cells.row(row)[0]).mean() for row in range(0, 6000, 20) if row != 17]
    assert np.mean(hits) > 0.95
    assert all(row not in by_cells.row(row)[0] for row in range(0, 6000, 100))
