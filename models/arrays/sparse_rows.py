"""Sparse matrices by rows, as arrays that can be stored and memory-mapped."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from models.arrays.types import Float32, Int32, Int64
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle

Csr = sp.csr_matrix


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix by rows, as three arrays that can be stored and memory-mapped.

    Row r holds the columns `indices[indptr[r]:indptr[r + 1]]` with `values` beside them.
    """

    indptr: Int64
    indices: Int32
    values: Float32

    @classmethod
    def empty(cls, n_rows: int) -> "SparseRows":
        """Make a matrix without entries."""
        return cls(np.zeros(n_rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))

    @property
    def n_rows(self) -> int:
        """Count the rows."""
        return len(self.indptr) - 1

    def fits(self, n_rows: int, n_columns: int) -> bool:
        """Return whether it has this number of rows, and all columns are below a number."""
        return self.n_rows == n_rows and int(self.indices.max(initial=-1)) < n_columns

    def row(self, index: int) -> tuple[Int32, Float32]:
        """Return the columns and the values of one row."""
        start, stop = self.indptr[index], self.indptr[index + 1]
        return self.indices[start:stop], self.values[start:stop]

    def best(self, count: int) -> "SparseRows":
        """Keep the largest values of each row, at most a given number."""
        lengths = np.diff(self.indptr)
        if lengths.max(initial=0) <= count:
            return self
        rows = np.repeat(np.arange(self.n_rows), lengths)
        order = np.lexsort((-self.values, rows))
        places = np.arange(len(order)) - self.indptr[rows]
        kept = np.sort(order[places < count])
        indptr = np.concatenate([[0], np.cumsum(np.minimum(lengths, count))]).astype(np.int64)
        return SparseRows(indptr, self.indices[kept], self.values[kept])

    def without(self, rows: Int32, columns: Int32) -> "SparseRows":
        """Empty some rows, and leave some columns out of all of them; rows and columns keep their numbers."""
        of_row = np.repeat(np.arange(self.n_rows), np.diff(self.indptr))
        kept = ~np.isin(of_row, rows) & ~np.isin(self.indices, columns)
        lengths = np.bincount(of_row[kept], minlength=self.n_rows)
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return SparseRows(indptr, self.indices[kept], self.values[kept])

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the three arrays by name, for storing."""
        return {f"{name}_indptr": self.indptr, f"{name}_indices": self.indices, f"{name}_values": self.values}

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> "SparseRows":
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
        # Compiled code does not check these positions.
        if np.diff(rows.indptr).min(initial=0) < 0 or rows.indices.min(initial=0) < 0:
            raise BundleError(f"{bundle.folder}: the arrays {name}_* hold impossible positions")
        return rows

    @classmethod
    def from_csr(cls, matrix: "sp.csr_matrix[np.float32]") -> "SparseRows":
        """Convert a SciPy matrix."""
        return cls(
            indptr=matrix.indptr.astype(np.int64),
            indices=matrix.indices.astype(np.int32),
            values=matrix.data.astype(np.float32),
        )
