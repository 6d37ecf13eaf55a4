"""The nearest vectors of every row of an index."""

import numpy as np

from models.arrays import dense
from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Int64

EXACT = 20_000
"""Up to so many rows all are compared with all."""
_CELL = 200
"""Rows of a cell, on average."""
_CELLS_SEARCHED = 32
_ROUNDS = 5
_SAMPLED = 40
"""Rows by cell of the sample on which the cells are learned."""
_BLOCK = 1024


def nearest_of_each(rows: Float32, count: int, *, exact: int = EXACT) -> SparseRows:
    """Find the rows with the largest cosines above 0 of each row, at most `count`, the largest first.

    Larger catalogues are divided into cells around means (Lloyd 1982), and each row is compared with the rows of the
    nearest cells, an inverted file (Jégou, Douze and Schmid 2011): the time grows with n sqrt n in place of n squared.

    Parameters
    ----------
    rows
        float32 (n, numbers), of length 1; a row of zeros has no neighbours.
    """
    present = np.flatnonzero(rows.any(axis=1)).astype(np.int32)
    vectors = rows[present]
    count = min(count, max(len(present) - 1, 1))
    blocks = _of_all(vectors, count) if len(present) <= exact else _of_cells(vectors, count)
    found_rows, found_columns, found_values = (np.concatenate(part) for part in zip(*blocks, strict=True))
    kept = found_values > 0
    owners, columns, values = found_rows[kept], found_columns[kept], found_values[kept]
    order = np.lexsort((columns, -values, owners))
    lengths = np.bincount(present[owners], minlength=len(rows))
    return SparseRows(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        present[columns[order]],
        np.minimum(values[order], np.float32(1.0)),
    )


Blocks = list[tuple[Int64, Int64, Float32]]


def _of_all(vectors: Float32, count: int) -> Blocks:
    blocks: Blocks = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for first in range(0, len(vectors), _BLOCK):
        columns, values = dense.top_of_dense(vectors[first : first + _BLOCK] @ vectors.T, first, count, 0.0)
        owners = np.repeat(np.arange(first, first + len(columns)), columns.shape[1])
        blocks.append((owners, columns.ravel().astype(np.int64), values.ravel()))
    return blocks


def _of_cells(vectors: Float32, count: int) -> Blocks:
    means, cell = _cells(vectors, max(int(np.sqrt(len(vectors))), len(vectors) // _CELL))
    order = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=len(means)))
    members = [order[end - length : end] for end, length in zip(ends, np.diff(ends, prepend=0), strict=True)]
    near = np.argsort(-(means @ means.T), axis=1, kind="stable")[:, :_CELLS_SEARCHED]
    blocks: Blocks = []
    for own, others in zip(members, near, strict=True):
        if not len(own):
            continue
        # The cell itself first, so that a row's own column is its place in the block.
        theirs = np.concatenate([own, *(members[other] for other in others if members[other] is not own)])
        columns, values = dense.top_of_dense(vectors[own] @ vectors[theirs].T, 0, min(count, len(theirs)), 0.0)
        blocks.append((np.repeat(own, columns.shape[1]), theirs[columns.ravel()], values.ravel()))
    return blocks


def _cells(vectors: Float32, number: int) -> tuple[Float32, Int32]:
    """Divide vectors into cells: the means of the cells, of length 1, and the cell of each vector."""
    rng = np.random.default_rng(0)
    sample = vectors[rng.permutation(len(vectors))[: _SAMPLED * number]]
    means = sample[:number].copy()
    for _ in range(_ROUNDS):
        cell = _nearest_mean(sample, means)
        sums = np.zeros_like(means)
        np.add.at(sums, cell, sample)
        lengths = np.linalg.norm(sums, axis=1)
        kept = lengths > 0
        means[kept] = sums[kept] / lengths[kept, None]
    return means, _nearest_mean(vectors, means)


def _nearest_mean(vectors: Float32, means: Float32) -> Int32:
    found = [(vectors[start : start + _BLOCK] @ means.T).argmax(axis=1) for start in range(0, len(vectors), _BLOCK)]
    return np.concatenate(found).astype(np.int32)
