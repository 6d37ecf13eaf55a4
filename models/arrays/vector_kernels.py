"""Compiled search for the vectors that are nearest to one: first by the signs of their numbers, then exactly."""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from models.arrays.compiled import FLOAT32_ROWS, FLOAT32S, INT, INT32S, INT64S, array_of, kernel
from models.arrays.types import Array, Float32, Int32, Int64

WORDS = array_of(types.uint64)
WORD_ROWS = array_of(types.uint64, 2)


def _count_ones(_: Any, word: Any) -> Any:  # noqa: ARG001 - its name is that of the argument
    """Count the bits of a word that are 1."""
    return types.uint64(types.uint64), lambda _context, builder, _signature, given: builder.ctpop(given[0])


_ones: Any = intrinsic(_count_ones)


@kernel(WORD_ROWS, INT, WORDS, INT)
def fewest_differences(signs: Array, rows: int, wanted: Array, count: int) -> Int32:
    """Find the rows whose bits differ least from some bits, at most `count` of them, in order.

    Rows without any bit have no vector, and are not found.

    Parameters
    ----------
    signs
        uint64 (at least `rows`, words); further rows are not read.
    """
    words = signs.shape[1]
    differences = np.empty(rows, dtype=np.int32)
    tally = np.zeros(64 * words + 2, dtype=np.int64)
    for row in range(rows):
        different, held = np.uint64(0), np.uint64(0)
        for word in range(words):
            different += _ones(signs[row, word] ^ wanted[word])
            held |= signs[row, word]
        differences[row] = np.int32(different) if held else np.int32(64 * words + 1)
        tally[differences[row]] += 1
    last, below = 0, 0
    while last <= 64 * words and below + tally[last] < count:
        below += tally[last]
        last += 1
    ties = min(count - below, tally[last]) if last <= 64 * words else 0
    found = np.empty(below + ties, dtype=np.int32)
    place = 0
    for row in range(rows):
        if differences[row] < last:
            found[place] = row
            place += 1
        elif differences[row] == last and ties > 0:
            found[place] = row
            place += 1
            ties -= 1
    return found


@kernel(FLOAT32_ROWS, INT64S, INT64S, fastmath=True)
def products_of_pairs(rows: Float32, left: Int64, right: Int64) -> Float32:
    """Multiply pairs of rows: float32, one product for each."""
    products = np.empty(len(left), dtype=np.float32)
    for place in range(len(left)):
        one, other = rows[left[place]], rows[right[place]]
        total = np.float32(0.0)
        for column in range(len(one)):
            total += one[column] * other[column]
        products[place] = total
    return products


@kernel(FLOAT32_ROWS, INT32S, FLOAT32S, fastmath=True)
def products_with(rows: Float32, chosen: Int32, vector: Float32) -> Float32:
    """Multiply some rows by a vector: float32, one product for each."""
    products = np.empty(len(chosen), dtype=np.float32)
    for place in range(len(chosen)):
        row = rows[chosen[place]]
        total = np.float32(0.0)
        for column in range(len(vector)):
            total += row[column] * vector[column]
        products[place] = total
    return products
