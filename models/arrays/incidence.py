"""Incidence matrices: which of one kind of things occur with which of another."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp


def incidence(rows: npt.NDArray[Any], columns: npt.NDArray[Any], shape: tuple[int, int]) -> "sp.csr_matrix[np.float32]":
    """Count how often each row stands beside each column: float32 of a shape."""
    return sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
