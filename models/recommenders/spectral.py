"""Spectral: item-based filtering with the leading singular vectors of the normalised interactions.

With R' = Du^-1/2 R Di^-1/2 and V its leading right singular vectors, an item's row is Di^-1/2 V V^T Di^1/2: the ideal
low-pass filter on the graph of items (Shen et al. 2021, "How Powerful is Graph Convolution for Recommendation?").
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field
from scipy import linalg

from models.arrays import dense
from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Int64
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import degrees, empty_matrix, power, scaled, strength_matrix

MAX_USED = 50_000
"""Finding the neighbours of every item takes time with the square of the items."""
_BLOCK = 1024
_OVERSAMPLING = 16
_POWER_ITERATIONS = 2
_ROUNDING = 1e-5
"""Share of the largest value below which a similarity or a singular value counts as 0."""


class SpectralConfig(BaseModel):
    """Settings of the spectral part."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item")
    dimensions: int = Field(128, ge=0, description="number of singular vectors; 0 turns the recommender off")
    recency_decay: float = Field(
        1.0, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )


class Spectral(ItemMatrix[SpectralConfig]):
    """Scores an item by its similarity to the user's items in the leading singular vectors."""

    signals: ClassVar[tuple[str, ...]] = ("spectral",)

    @classmethod
    def fit(cls, training: TrainingData, config: SpectralConfig) -> Self:
        """Find the singular vectors, and the neighbours of the items with interactions."""
        interactions = training.interactions
        matrix = strength_matrix(interactions)
        used = np.flatnonzero(degrees(matrix, 0) > 0)
        dimensions = min(config.dimensions, len(used), interactions.n_users)
        if not dimensions:
            return cls(config, SparseRows.from_csr(empty_matrix(interactions.n_items, interactions.n_items)))
        matrix = matrix[:, used]
        items = degrees(matrix, 0)
        normal = scaled(matrix, rows=power(degrees(matrix, 1), -0.5), columns=power(items, -0.5))
        vectors = leading_vectors(normal, dimensions)
        left, right = vectors * power(items, -0.5)[:, None], vectors * power(items, 0.5)[:, None]
        return cls(config, _top_products(left, right, used, interactions.n_items, config.neighbours))

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history."""
        board.add_history(self.signals, self.rows, history.items, history.weights(self.config.recency_decay))


def leading_vectors(matrix: "sp.csr_matrix[np.float32]", count: int) -> Float32:
    """Find the leading right singular vectors by random projection: float32 (columns, at most count).

    Halko, Martinsson and Tropp 2011, "Finding structure with randomness", with power iterations.
    """
    rng = np.random.default_rng(0)
    width = min(count + _OVERSAMPLING, *matrix.shape)
    transposed = matrix.T.tocsr()
    basis = _orthonormal(matrix @ rng.standard_normal((matrix.shape[1], width)).astype(np.float32))
    for _ in range(_POWER_ITERATIONS):
        basis = _orthonormal(matrix @ _orthonormal(transposed @ basis))
    # The singular vectors of a tall matrix are those of its small triangular factor, rotated by its basis.
    basis, triangle = linalg.qr(transposed @ basis, mode="economic", check_finite=False, overwrite_a=True)
    vectors, values, _ = np.linalg.svd(triangle)
    # Vectors beyond the rank of the matrix are arbitrary.
    count = min(count, int((values > _ROUNDING * values[0]).sum()))
    return np.ascontiguousarray(basis @ vectors[:, :count], dtype=np.float32)


def _orthonormal(columns: Float32) -> Float32:
    """Return an orthonormal basis of the space that some columns span; the columns are overwritten."""
    # NumPy's QR computes in float64: for millions of users it takes several times the memory and twice the time.
    basis: Float32 = linalg.qr(columns, mode="economic", check_finite=False, overwrite_a=True)[0]
    return basis


def _top_products(left: Float32, right: Float32, used: Int64, n_items: int, neighbours: int) -> SparseRows:
    """Keep the largest positive entries of each row of `left @ right.T`, without the diagonal, a block at a time."""
    kept = max(min(neighbours, len(used) - 1), 1)

    def block(start: int) -> tuple[Int64, Int32, Float32]:
        best, found = dense.top_of_dense(left[start : start + _BLOCK] @ right.T, start, kept, 0.0)
        # Entries that are only rounding errors are no similarity.
        alike = found > _ROUNDING * found.max(axis=1, keepdims=True)
        return alike.sum(axis=1), used[best[alike]].astype(np.int32), found[alike]

    # Compiled code releases the interpreter's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        blocks = list(pool.map(block, range(0, len(used), _BLOCK)))
    lengths = np.zeros(n_items, dtype=np.int64)
    lengths[used] = np.concatenate([length for length, _, _ in blocks])
    return SparseRows(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        indices=np.concatenate([indices for _, indices, _ in blocks]),
        values=np.concatenate([values for _, _, values in blocks]),
    )
