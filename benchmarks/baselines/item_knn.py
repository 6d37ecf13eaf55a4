"""Plain item-based CF: the cosine between items, written in SciPy."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from benchmarks.baselines.system import Between, Csr, ItemWeights, Range, Scorer, Setting, System, user_items
from models.data.interactions import Interactions

_CELLS = 16_000_000
"""Cells of the product that are in memory at the same time."""


class ItemKNN(System):
    """Scores an item by the sum of its cosines to the user's items; each item keeps its nearest neighbours."""

    name: ClassVar[str] = "item_knn"
    space: ClassVar[Mapping[str, Range]] = {"neighbours": Between(5, 1000, log=True, whole=True)}
    start: ClassVar[Setting] = {"neighbours": 100}
    reads_counts: ClassVar[bool] = True

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002 - nothing is drawn
        """Compute the cosines."""
        return ItemWeights(cosines(user_items(train, setting), int(setting["neighbours"])), setting)


def cosines(matrix: "Csr[np.float32]", neighbours: int) -> "Csr[np.float32]":
    """Compute the cosine between the columns of a matrix, and keep the largest of each row.

    Parameters
    ----------
    matrix
        Users x items.
    neighbours
        How many are kept for each item, itself left out.
    """
    n_items = matrix.shape[1]
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    unit = sp.csr_matrix(matrix @ sp.diags_array(1.0 / np.maximum(norms, 1e-12)), dtype=np.float32)
    by_item = unit.T.tocsr()
    step = max(_CELLS // n_items, 1)
    return sp.csr_matrix(
        sp.vstack(
            [_nearest(by_item[start : start + step] @ unit, start, neighbours) for start in range(0, n_items, step)],
            format="csr",
        )
    )


def _nearest(products: "Csr[np.float32]", first: int, neighbours: int) -> "Csr[np.float32]":
    """Keep the largest entries of each row; row r is item `first + r`, which is left out."""
    dense = products.toarray()
    rows = np.arange(len(dense))
    dense[rows, first + rows] = 0.0
    kept = min(neighbours, dense.shape[1])
    top = np.argpartition(-dense, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(dense, top, axis=1)
    near = sp.csr_matrix((values.ravel(), (np.repeat(rows, kept), top.ravel())), shape=dense.shape)
    near.eliminate_zeros()
    return near
