"""Similarity matrices: the top K of every row of a product of sparse matrices."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sparse_dot_topn import sp_matmul_topn

from models.data.interactions import Interactions
from models.recommenders.rows import Float32, Rows

Csr = sp.csr_matrix
Float64 = npt.NDArray[np.float64]
_THREADS = 2


def strength_matrix(interactions: Interactions) -> "Csr[np.float32]":
    """Make the matrix of users x items: the strength of each pair, repeats summed, columns of a row ascending."""
    shape = (interactions.n_users, interactions.n_items)
    values = interactions.strengths
    if values is None:
        values = np.ones(len(interactions.items), dtype=np.float32)
    matrix = sp.csr_matrix((values, (interactions.users, interactions.items)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def binary_matrix(interactions: Interactions) -> "Csr[np.float32]":
    """Make the matrix of users x items: 1 where the user had the item, columns of a row ascending."""
    shape = (interactions.n_users, interactions.n_items)
    ones = np.ones(len(interactions.items), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (interactions.users, interactions.items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def empty_matrix(n_rows: int, n_columns: int) -> "Csr[np.float32]":
    """Make a matrix without entries."""
    nothing = np.empty(0, dtype=np.int32)
    return sp.csr_matrix((np.empty(0, dtype=np.float32), (nothing, nothing)), shape=(n_rows, n_columns))


def degrees(matrix: "Csr[np.float32]", axis: int) -> Float32:
    """Sum a matrix over its columns (axis 1) or its rows (axis 0), float32."""
    return np.asarray(matrix.sum(axis=axis), dtype=np.float32).ravel()


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


def cosine_rows(matrix: "Csr[np.float32]", neighbours: int) -> Rows:
    """Find the rows most similar to each row by cosine, best first, itself left out.

    Parameters
    ----------
    matrix
        Sparse, rows x features.
    neighbours
        How many are kept for each row, at most.
    """
    unit = scaled(matrix, rows=power(degrees(matrix.multiply(matrix).tocsr(), 1), -0.5))
    return top_products(unit, unit.T.tocsr(), neighbours)


def cooccurrence_rows(matrix: "Csr[np.float32]", a: float, b: float, c: float, neighbours: int) -> Rows:
    """Find the columns that come with each column: `Di^-a R^T Du^-b R Di^-c`, best first, itself left out.

    With a = c = 0.5 and b = 0 it is the cosine; b > 0 lets busy users count less, a and c busy items.

    Parameters
    ----------
    matrix
        R, sparse, users x items; Du and Di are its row and column sums.
    neighbours
        How many are kept for each item, at most.
    """
    item_degrees = degrees(matrix, 0)
    left = scaled(matrix, rows=power(degrees(matrix, 1), -b), columns=power(item_degrees, -a))
    right = scaled(matrix, columns=power(item_degrees, -c))
    return top_products(left.T.tocsr(), right, neighbours)


def top_products(left: "Csr[np.float32]", right: "Csr[np.float32]", neighbours: int) -> Rows:
    """Keep the largest entries of each row of `left @ right`, best first, without the diagonal."""
    # One more than asked, for the entry on the diagonal.
    product = sp.csr_matrix(
        sp_matmul_topn(left, right, top_n=neighbours + 1, sort=True, threshold=0.0, n_threads=_THREADS)
    )
    return top_of_rows(product, neighbours)


def top_of_rows(matrix: "Csr[np.float32]", neighbours: int) -> Rows:
    """Keep the largest entries of each row by absolute value, best first, without the diagonal."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    keep = (matrix.indices != rows) & (matrix.data != 0)
    rows, columns, values = rows[keep], matrix.indices[keep], matrix.data[keep]
    order = np.lexsort((-np.abs(values), rows))
    counts = np.bincount(rows, minlength=matrix.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)])
    within = np.arange(len(rows)) - np.repeat(starts[:-1], counts) < neighbours
    chosen = order[within]
    return Rows(
        indptr=np.concatenate([[0], np.cumsum(np.minimum(counts, neighbours))]).astype(np.int64),
        indices=columns[chosen].astype(np.int32),
        values=values[chosen].astype(np.float32),
    )
