"""Similarity measures between two rows of a matrix, computed from the features that they share.

With x and y two rows of strengths above 0:

- `cosine`: x.y / (|x| |y|).
- `adjusted_cosine` (Sarwar et al. 2001): the cosine of deviations from the means of the features. Between items the
  features are users: a strength counts by its deviation from its user's mean.
- `pearson`: the cosine of deviations from the means of the rows.
- `euclidean`: 1 / (1 + |x - y|).
- `jaccard`: x.y / (|x|^2 + |y|^2 - x.y), also called Tanimoto; for binary rows it is the size of the intersection /
that of the union. - `cooccurrence`: debiased co-occurrence, `D^-a X F^-b X^T D^-c`, where D counts the features of a
row and F the rows with a
  feature. With a = c = 0.5 and b = 0 it is the cosine of binary rows; b > 0 gives frequent features less weight.

Means and lengths are over all entries of a row, not only over those that two rows share, so that two rows with little
in common do not match perfectly. A row without deviations (all strengths equal, as with views alone) is compared by the
correlation of whole rows, where absent entries are 0: for binary rows that is the phi coefficient. A similarity that is
undefined or not above 0 is left out. `shrinkage` s multiplies with n / (n + s), n the number of features in common.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Int64
from models.similarity import nearest
from models.similarity.matrices import counts, degrees, power, scaled, top_products
from models.similarity.nearest import Peers

Measure = Literal["cosine", "adjusted_cosine", "pearson", "euclidean", "jaccard", "cooccurrence"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
OF_RATINGS: tuple[Measure, ...] = ("pearson", "adjusted_cosine")
"""Measures of deviations, which compare low ratings as well: likes alone hardly deviate from one another."""
_BLOCK = 2048


@dataclass(frozen=True)
class Similarity:
    """A measure with its settings; the exponents a, b and c are those of `cooccurrence`.

    `row_exponent` (a) is for the row that is compared, `feature_exponent` (b) for the features and `peer_exponent` (c)
    for the rows it is compared with.
    """

    measure: Measure
    shrinkage: float = 0.0
    row_exponent: float = 0.5
    feature_exponent: float = 0.0
    peer_exponent: float = 0.5


def peers(similarity: Similarity, rows: SparseRows, columns: SparseRows) -> Peers:
    """Prepare the rows of a matrix for comparisons.

    Parameters
    ----------
    rows
        The matrix, columns of a row ascending.
    columns
        The same matrix by columns. Entries that are missing there are not compared, but count for their rows.
    """
    measure = MEASURES.index(similarity.measure)
    n_features = columns.n_rows
    holders = np.bincount(rows.indices, minlength=n_features).astype(np.float64)
    means, weights = np.zeros(n_features), np.ones(n_features)
    if similarity.measure == "adjusted_cosine":
        np.divide(np.bincount(rows.indices, rows.values, n_features), holders, out=means, where=holders > 0)
    if similarity.measure == "cooccurrence":
        np.power(holders, -similarity.feature_exponent, out=weights, where=holders > 0)
    described = nearest.row_statistics(
        measure, float(similarity.peer_exponent), rows.indptr, rows.indices, rows.values, means
    )
    return Peers(
        measure, float(similarity.shrinkage), float(similarity.row_exponent),
        columns.indptr, columns.indices, columns.values, means, weights, described,
    )  # fmt: skip


def similarity_matrix(rows: SparseRows, compared: Peers, neighbours: int) -> SparseRows:
    """Find the rows most similar to each row, best first, itself left out.

    Parameters
    ----------
    rows
        The matrix.
    compared
        The same rows, prepared.
    neighbours
        How many are kept for each row, at most.
    """

    def block(first: int) -> tuple[Int64, Int32, Float32]:
        last = min(first + _BLOCK, rows.n_rows)
        return nearest.neighbours_of_each(first, last, rows.indptr, rows.indices, rows.values, neighbours, *compared)

    # Compiled code releases the interpreter's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return _joined(pool.map(block, range(0, rows.n_rows, _BLOCK)))


def is_product(similarity: Similarity) -> bool:
    """Return whether a measure is a plain product of two scaled matrices."""
    return similarity.measure in {"cosine", "cooccurrence"} and not similarity.shrinkage


def products(
    matrix: "sp.csr_matrix[np.float32]",
    compared: "sp.csr_matrix[np.float32]",
    similarity: Similarity,
    neighbours: int,
) -> SparseRows:
    """Find the rows most similar to each row by a measure that is a product.

    Parameters
    ----------
    matrix
        The rows.
    compared
        The same matrix without the entries that are not compared.
    """
    if similarity.measure == "cosine":
        length = power(degrees(matrix.multiply(matrix).tocsr(), 1), -0.5)
        return top_products(scaled(matrix, rows=length), scaled(compared, rows=length).T.tocsr(), neighbours)
    features = counts(matrix, 0)
    held = counts(matrix, 1)
    left = scaled(
        matrix,
        rows=power(held, -similarity.row_exponent),
        columns=power(features, -similarity.feature_exponent),
    )
    right = scaled(compared, rows=power(held, -similarity.peer_exponent)).T.tocsr()
    return top_products(left, right, neighbours)


def column_similarities(matrix: "sp.csr_matrix[np.float32]", similarity: Similarity, neighbours: int) -> SparseRows:
    """Find the columns most similar to each column of a SciPy matrix."""
    if is_product(similarity):
        turned = matrix.T.tocsr()
        return products(turned, turned, similarity, neighbours)
    columns = SparseRows.from_csr(matrix.T.tocsr())
    return similarity_matrix(columns, peers(similarity, columns, SparseRows.from_csr(matrix)), neighbours)


def _joined(blocks: Iterable[tuple[Int64, Int32, Float32]]) -> SparseRows:
    counts, indices, values = [np.zeros(1, dtype=np.int64)], [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    for count, index, value in blocks:
        counts.append(count)
        indices.append(index)
        values.append(value)
    return SparseRows(np.cumsum(np.concatenate(counts)), np.concatenate(indices), np.concatenate(values))
