"""Matrices of users x items: how they are made, bounded and scaled, and the top K of their rows."""

import os

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sparse_dot_topn import sp_matmul_topn

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.data.interactions import Interactions

Csr = sp.csr_matrix
_THREADS = os.cpu_count()
_BLOCK = 8192


def strength_matrix(interactions: Interactions) -> "Csr[np.float32]":
    """Make the matrix of users x items: the strength of each pair, repeats summed, columns of a row ascending."""
    shape = (interactions.n_users, interactions.n_items)
    values = interactions.strengths
    if values is None:
        values = np.ones(len(interactions.items), dtype=np.float32)
    matrix = sp.csr_matrix((values, (interactions.users, interactions.items)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def rating_matrix(interactions: Interactions) -> "Csr[np.float32]":
    """Make the matrix of users x items as `strength_matrix`, with the low ratings too."""
    low = interactions.low
    if low is None:
        return strength_matrix(interactions)
    shape = (interactions.n_users, interactions.n_items)
    return sp.csr_matrix(strength_matrix(interactions) + sp.csr_matrix((low.strengths, (low.users, low.items)), shape))


def binary_matrix(interactions: Interactions) -> "Csr[np.float32]":
    """Make the matrix of users x items: 1 for each pair with an interaction, columns of a row ascending."""
    shape = (interactions.n_users, interactions.n_items)
    ones = np.ones(len(interactions.items), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (interactions.users, interactions.items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def latest(interactions: Interactions, most: int) -> Interactions:
    """Keep the last rows of each user, at most `most`."""
    from_end = interactions.offsets[interactions.users + 1] - np.arange(len(interactions.users))
    return interactions if from_end.max(initial=0) <= most else interactions.select(from_end <= most)


def sampled(matrix: "Csr[np.float32]", most: int, seed: int = 0) -> "Csr[np.float32]":
    """Keep at most `most` entries of each row: a random sample if there are more."""
    full = np.flatnonzero(np.diff(matrix.indptr) > most)
    keep = np.ones(len(matrix.indices), dtype=np.bool_)
    generator = np.random.default_rng(seed)
    for row in full:
        start, stop = matrix.indptr[row], matrix.indptr[row + 1]
        keep[start:stop] = False
        keep[start + generator.choice(stop - start, most, replace=False)] = True
    indptr = np.concatenate([[0], np.cumsum(np.minimum(np.diff(matrix.indptr), most))])
    return sp.csr_matrix((matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape)


def empty_matrix(n_rows: int, n_columns: int) -> "Csr[np.float32]":
    """Make a matrix without entries."""
    nothing = np.empty(0, dtype=np.int32)
    return sp.csr_matrix((np.empty(0, dtype=np.float32), (nothing, nothing)), shape=(n_rows, n_columns))


def degrees(matrix: "Csr[np.float32]", axis: int) -> Float32:
    """Sum a matrix over its columns (axis 1) or its rows (axis 0), float32."""
    return np.asarray(matrix.sum(axis=axis), dtype=np.float32).ravel()


def counts(matrix: "Csr[np.float32]", axis: int) -> Float32:
    """Count the entries of each row (axis 1) or column (axis 0), float32."""
    if axis == 1:
        return np.diff(matrix.indptr).astype(np.float32)
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.float32)


def power(counts: Float32, exponent: float) -> Float32:
    """Raise counts to a power; 0 stays 0 whatever the exponent."""
    raised = np.zeros(len(counts), dtype=np.float32)
    np.power(counts, np.float32(exponent), out=raised, where=counts > 0)
    return raised


def scaled(
    matrix: "Csr[np.float32]", *, rows: Float32 | None = None, columns: Float32 | None = None
) -> "Csr[np.float32]":
    """Multiply the rows and the columns of a matrix with factors."""
    data = matrix.data.astype(np.float32)
    if rows is not None:
        data *= np.repeat(rows, np.diff(matrix.indptr))
    if columns is not None:
        data *= columns[matrix.indices]
    return sp.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def top_products(left: "Csr[np.float32]", right: "Csr[np.float32]", neighbours: int) -> SparseRows:
    """Keep the largest entries of each row of `left @ right`, best first, without the diagonal."""
    # One more than requested, for the entry on the diagonal.
    product = sp.csr_matrix(
        sp_matmul_topn(left, right, top_n=neighbours + 1, sort=True, threshold=0.0, n_threads=_THREADS)
    )
    return top_of_rows(product, neighbours)


def top_of_rows(matrix: "Csr[np.float32]", neighbours: int) -> SparseRows:
    """Keep the largest entries of each row by absolute value, best first, without the diagonal."""
    lengths, indices, values = [np.zeros(1, np.int64)], [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    # A block at a time: sorting takes several times the memory of the data.
    for first in range(0, matrix.shape[0], _BLOCK):
        length, index, value = _top_of_block(matrix[first : first + _BLOCK], first, neighbours)
        lengths.append(length)
        indices.append(index)
        values.append(value)
    return SparseRows(np.cumsum(np.concatenate(lengths)), np.concatenate(indices), np.concatenate(values))


def _top_of_block(
    block: "Csr[np.float32]", first: int, neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Float32]:
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    keep = (block.indices != rows + first) & (block.data != 0)
    rows, columns, values = rows[keep], block.indices[keep], block.data[keep]
    order = np.lexsort((-np.abs(values), rows))
    counts = np.bincount(rows, minlength=block.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)])
    chosen = order[np.arange(len(rows)) - np.repeat(starts[:-1], counts) < neighbours]
    return np.minimum(counts, neighbours), columns[chosen].astype(np.int32), values[chosen].astype(np.float32)
