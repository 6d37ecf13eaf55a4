"""Search for the nearest of many vectors by cosine, in one index that grows and that can be memory-mapped.

Each vector is rotated at random and reduced to the signs of its numbers (Charikar 2002, "Similarity estimation
techniques from rounding algorithms"): a search counts the signs that differ, and computes the cosines of the rows with
the fewest of these only.
"""

from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from models.arrays import kernels, vector_kernels
from models.arrays.types import Array, Float32, Int32
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle

SHORTLIST, SHARE = 2000, 0.02
"""Rows whose cosines are computed: this many, or this share of all. Smaller indexes are searched exactly."""
_LEAST_BITS = 256
_SEED = 7
_ROWS = 16_384
_LEAST_ROWS = 64
_UNSIGNED = 1024
"""Rows that are put before their signs are computed, unless a search comes first."""
_LEARNING = 10_000
"""Rows up to which a growing index learns its centre anew: later it is known well enough."""


class VectorIndex:
    """Vectors by row, of length 1; a row of zeros has no vector.

    Parameters
    ----------
    rows
        float32 (n, numbers).
    signs
        uint64 (n, words).
    centre
        What is subtracted before the signs are taken: the mean of the rows. float32.
    size
        How many rows are in use; the others are room to grow.
    """

    def __init__(self, rows: Float32, signs: Array, centre: Float32, size: int) -> None:
        self.rows = rows
        self.signs = signs
        self.centre = centre
        self.size = size
        self._unsigned: list[int] = []

    @classmethod
    def of(cls, rows: Float32) -> Self:
        """Index rows of length 1."""
        centre = _centre(rows)
        return cls(rows, _signs(rows, centre), centre, len(rows))

    @classmethod
    def empty(cls, numbers: int) -> Self:
        """Make an index without rows."""
        return cls.of(np.empty((0, numbers), dtype=np.float32))

    def put(self, row: int, vector: Float32) -> None:
        """Set a row; those between are empty. With room gone the index doubles; a small one learns its centre anew."""
        if row >= len(self.rows):
            rows = np.zeros((max(2 * row, _LEAST_ROWS), self.rows.shape[1]), dtype=np.float32)
            signs = np.zeros((len(rows), self.signs.shape[1]), dtype=np.uint64)
            rows[: self.size], signs[: self.size] = self.rows[: self.size], self.signs[: self.size]
            if self.size <= _LEARNING:
                self.centre = _centre(rows[: self.size])
                signs[: self.size] = _signs(rows[: self.size], self.centre)
            self.rows, self.signs = rows, signs
        self.rows[row] = vector
        self.size = max(self.size, row + 1)
        # The signs of many rows together take a fraction of the time.
        self._unsigned.append(row)
        if len(self._unsigned) == _UNSIGNED:
            self._sign()

    def _sign(self) -> None:
        if self._unsigned:
            self.signs[self._unsigned] = _signs(self.rows[self._unsigned], self.centre)
            self._unsigned.clear()

    def nearest(self, vector: Float32, count: int, itself: int = -1) -> tuple[Int32, Float32]:
        """Find the rows with the largest cosines above 0.

        Parameters
        ----------
        vector
            Of length 1; one of zeros has no neighbours.
        itself
            A row that is left out.

        Returns
        -------
        tuple
            Rows, int32, and cosines, float32, the largest first.
        """
        shortlist = max(SHORTLIST, int(self.size * SHARE), 4 * count)
        if self.size <= shortlist:
            chosen = np.arange(self.size, dtype=np.int32)
        else:
            self._sign()
            wanted = _signs(vector[None], self.centre)[0]
            chosen = vector_kernels.fewest_differences(self.signs, self.size, wanted, shortlist)
        chosen = chosen[chosen != itself]
        cosines = vector_kernels.products_with(self.rows, chosen, vector)
        best = kernels.largest(cosines, count)
        best = best[cosines[best] > 0]
        best = best[np.lexsort((chosen[best], -cosines[best]))]
        return chosen[best], np.minimum(cosines[best], np.float32(1.0))

    def cosines(self, vector: Float32, chosen: Int32) -> Float32:
        """Return the cosines of some rows with a vector of length 1, those below 0 as 0."""
        products: Float32 = np.clip(vector_kernels.products_with(self.rows, chosen, vector), 0.0, 1.0)
        return products

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {
            f"{name}_rows": self.rows[: self.size],
            f"{name}_signs": self.signs[: self.size],
            f"{name}_centre": self.centre,
        }

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> Self:
        """Take the arrays from a bundle, memory-mapped.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        rows, signs = bundle.array(f"{name}_rows", np.float32, 2), bundle.array(f"{name}_signs", np.uint64, 2)
        centre = bundle.array(f"{name}_centre", np.float32)
        if rows.shape[1] != len(centre) or signs.shape != (len(rows), _bits(len(centre)) // 64):
            raise BundleError(f"{bundle.folder}: the arrays {name}_* do not fit together")
        return cls(rows, signs, centre, len(rows))  # type: ignore[arg-type]


def unit(rows: Float32) -> Float32:
    """Scale rows to the length 1; those of zeros stay."""
    # Squares of large float32 would overflow.
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    found: Float32 = np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 0)
    return found


def _centre(rows: Float32) -> Float32:
    """Return the mean of the rows that have a vector."""
    total = rows.sum(axis=0, dtype=np.float64)
    present = int((np.einsum("rc,rc->r", rows, rows) > 0).sum())
    return (total / max(present, 1)).astype(np.float32)


def _bits(numbers: int) -> int:
    """Return how many signs a vector has: a power of two."""
    return max(_LEAST_BITS, 1 << (numbers - 1).bit_length())


def _signs(rows: Float32, centre: Float32) -> Array:
    """Return the signs of rotated rows as bits, uint64 (n, words).

    The rotation is twice random signs and a Hadamard transform: nothing to store, and n log n operations.
    """
    bits = _bits(len(centre))
    found = np.empty((len(rows), bits // 64), dtype=np.uint64)
    for start in range(0, len(rows), _ROWS):
        block = np.zeros((len(rows[start : start + _ROWS]), bits), dtype=np.float32)
        block[:, : len(centre)] = rows[start : start + _ROWS] - centre
        for flip in _flips(bits):
            block = _hadamard(block * flip)
        found[start : start + _ROWS] = np.packbits(block > 0, axis=1).view(np.uint64)
    # No bit at all means that there is no vector.
    found[~rows.any(axis=1)] = 0
    return found


@cache
def _flips(bits: int) -> Float32:
    return np.random.default_rng(_SEED).choice(np.array([-1, 1], dtype=np.float32), (2, bits))


def _hadamard(rows: Float32) -> Float32:
    """Return the Walsh-Hadamard transform of each row, without scaling; the length is a power of two."""
    count, length = rows.shape
    half = 1
    while half < length:
        pairs = rows.reshape(count, length // (2 * half), 2, half)
        rows = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        half *= 2
    return rows.reshape(count, length)
