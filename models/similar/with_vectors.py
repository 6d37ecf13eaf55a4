"""Likeness by descriptions where items have vectors: their cosine is one more field."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from models.arrays import vector_kernels
from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Int64
from models.recommenders.content import Content, ContentConfig, Terms
from models.recommenders.vectors import ItemVectors

NEAREST = 50
"""Nearest vectors of an item that are compared by their fields too."""
_PAIRS = 1_000_000


class ContentWithVectors(Content):
    """Compares items by their fields and by the cosine of their vectors.

    Parameters
    ----------
    config, rows, terms, holders
        As in `Content`; the rows are of both.
    vectors
        The vectors of the items.
    share
        The weight of the cosine, from 0 to 1; that of the fields is the rest.
    """

    def __init__(
        self,
        config: ContentConfig,
        rows: SparseRows,
        terms: Terms,
        holders: SparseRows,
        vectors: ItemVectors,
        share: float,
    ) -> None:
        super().__init__(config, rows, terms, holders)
        self.vectors = vectors
        self.share = np.float32(share)

    def configured(self, config: ContentConfig) -> Self:
        """Apply other request-time settings to the same matrices."""
        return type(self)(config, self.rows, self.terms, self.holders, self.vectors, float(self.share))

    def neighbours_of(self, item: Mapping[str, Any], itself: int = -1) -> tuple[Int32, Float32]:
        """Find the items most similar to a new one; see `Content.neighbours_of`."""
        items, likeness = self.all_alike(item, itself)
        vector = self.vectors.of_item(item)
        scores = (1 - self.share) * likeness
        if vector is not None:
            near, _ = self.vectors.index.nearest(vector, self.config.neighbours, itself)
            further = np.setdiff1d(near, items)
            items = np.concatenate([items, further])
            scores = np.concatenate([scores, np.zeros(len(further), dtype=np.float32)])
            scores += self.share * self.vectors.index.cosines(vector, items)
        best = np.argsort(-scores, kind="stable")[: self.config.neighbours]
        return items[best], scores[best]


def rows_of_both(
    fields: SparseRows,
    matrix: "sp.csr_matrix[np.float32]",
    nearest: SparseRows,
    vectors: Float32,
    share: float,
    neighbours: int,
) -> SparseRows:
    """Return the likest items of each item by fields and vectors, the likest first.

    Parameters
    ----------
    fields
        The likest items by fields.
    matrix
        Items x columns, whose products they are.
    nearest
        The nearest items by vectors.
    vectors
        float32 (items, numbers), of length 1 or 0.
    share
        The weight of the cosine.
    """
    count = fields.n_rows
    known = _keys(fields)
    order = np.argsort(known)
    keys = np.union1d(known, _keys(nearest.best(NEAREST)))
    likeness = np.zeros(len(keys), dtype=np.float32)
    places = np.searchsorted(keys, known[order])
    likeness[places] = fields.values[order]
    found = np.zeros(len(keys), dtype=np.bool_)
    found[places] = True
    left, right = keys // count, keys % count
    further = np.flatnonzero(~found)
    for start in range(0, len(further), _PAIRS):
        chosen = further[start : start + _PAIRS]
        products = matrix[left[chosen]].multiply(matrix[right[chosen]])
        likeness[chosen] = np.asarray(products.sum(axis=1)).ravel()
    cosines = np.clip(vector_kernels.products_of_pairs(vectors, left, right), 0.0, 1.0)
    scores = ((1 - share) * likeness + share * cosines).astype(np.float32)
    kept = scores > 0
    left, right, scores = left[kept], right[kept], scores[kept]
    order = np.lexsort((right, -scores, left))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return SparseRows(indptr, right[order].astype(np.int32), scores[order]).best(neighbours)


def _keys(rows: SparseRows) -> Int64:
    """Return a number for each entry: the row times the number of rows, plus the column."""
    owners = np.repeat(np.arange(rows.n_rows, dtype=np.int64), np.diff(rows.indptr))
    keys: Int64 = owners * rows.n_rows + rows.indices
    return keys
