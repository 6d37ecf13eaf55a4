"""Similarity matrices: the top K most similar rows of every row, by cosine."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sparse_dot_topn import sp_matmul_topn

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.interactions import Interactions

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """A sparse matrix by rows, as three arrays that can be stored and memory-mapped.

    Row r holds the columns `indices[indptr[r]:indptr[r + 1]]` with `values` beside them.
    """

    indptr: Int64
    indices: Int32
    values: Float32

    @property
    def n_rows(self) -> int:
        """Count the rows."""
        return len(self.indptr) - 1

    def __post_init__(self) -> None:
        # Mapped from a bundle they are read-only: being so everywhere, one compiled kernel serves both.
        for array in (self.indptr, self.indices, self.values):
            array.flags.writeable = False

    @property
    def n_columns(self) -> int:
        """Count the columns up to the last one that is used."""
        return int(self.indices.max(initial=-1)) + 1

    def row(self, index: int) -> tuple[Int32, Float32]:
        """Give the columns and the values of one row."""
        start, stop = self.indptr[index], self.indptr[index + 1]
        return self.indices[start:stop], self.values[start:stop]

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Name the three arrays for storing."""
        return {f"{name}_indptr": self.indptr, f"{name}_indices": self.indices, f"{name}_values": self.values}

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> "Rows":
        """Take the three arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        indptr = bundle.array(f"{name}_indptr", np.int64)
        indices = bundle.array(f"{name}_indices", np.int32)
        values = bundle.array(f"{name}_values", np.float32)
        if len(indptr) < 1 or indptr[-1] != len(indices) or len(indices) != len(values) or indptr[0] != 0:
            raise BundleError(f"{bundle.folder}: the arrays {name}_* do not fit together")
        rows = cls(indptr, indices, values)  # type: ignore[arg-type]
        # Compiled code follows these without looking.
        if np.diff(rows.indptr).min(initial=0) < 0 or rows.indices.min(initial=0) < 0:
            raise BundleError(f"{bundle.folder}: the arrays {name}_* hold impossible positions")
        return rows

    @classmethod
    def from_csr(cls, matrix: "sp.csr_matrix[np.float32]") -> "Rows":
        """Take over a SciPy matrix."""
        return cls(
            indptr=matrix.indptr.astype(np.int64),
            indices=matrix.indices.astype(np.int32),
            values=matrix.data.astype(np.float32),
        )


def binary_matrix(interactions: Interactions) -> "sp.csr_matrix[np.float32]":
    """Make the matrix of users x items: 1 where the user had the item, columns of a row ascending."""
    shape = (interactions.n_users, interactions.n_items)
    ones = np.ones(len(interactions.items), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (interactions.users, interactions.items)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def cosine_rows(matrix: "sp.csr_matrix[np.float32]", neighbours: int) -> Rows:
    """Find the rows most similar to each row by cosine, best first, itself left out.

    Parameters
    ----------
    matrix
        Sparse, rows x features.
    neighbours
        How many are kept for each row, at most.
    """
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), dtype=np.float64)).ravel()
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    unit = sp.csr_matrix(sp.diags_array(scale) @ matrix, dtype=np.float32)
    # One more than asked: a row is its own nearest neighbour.
    product = sp.csr_matrix(
        sp_matmul_topn(unit, sp.csr_matrix(unit.T), top_n=neighbours + 1, sort=True, threshold=0.0, n_threads=2)
    )
    rows = np.repeat(np.arange(product.shape[0]), np.diff(product.indptr))
    keep = product.indices != rows
    # Without itself among the top, a row has one too many: its last goes.
    counts = np.bincount(rows[keep], minlength=product.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)])
    position = np.arange(int(keep.sum())) - np.repeat(starts[:-1], counts)
    within = position < neighbours
    indptr = np.concatenate([[0], np.cumsum(np.minimum(counts, neighbours))]).astype(np.int64)
    return Rows(
        indptr=indptr,
        indices=product.indices[keep][within].astype(np.int32),
        values=product.data[keep][within].astype(np.float32),
    )
