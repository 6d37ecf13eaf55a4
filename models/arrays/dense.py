"""Compiled search for the largest values of every row of a dense matrix."""

from typing import Any

import numpy as np

from models.arrays.compiled import FLOAT, FLOAT32_ROWS, INT, helper, kernel
from models.arrays.types import Array, Float32, Int32

_STRETCH = 64
_STRIDE = 64


@helper()
def _guess(line: Array, count: int) -> Any:
    """Estimate from a sample a limit that slightly more than `count` values exceed."""
    sample = line[::_STRIDE]
    expected = count / _STRIDE
    rank = int(expected + 4 * np.sqrt(expected)) + 1
    return -np.partition(-sample, rank)[rank] if len(sample) > 2 * rank else np.float32(-np.inf)


@helper()
def _search(line: Array, own: int, least: Any, count: int, columns: Array, values: Array) -> int:
    """Write the values above a limit, at least the `count` best of them, by column; return how many were written."""
    found = 0
    for start in range(0, len(line), _STRETCH):
        stretch = line[start : start + _STRETCH]
        # Most stretches hold no value that is large enough; a vectorised count finds that out quickly.
        if not _count(stretch, least):
            continue
        for at in range(len(stretch)):
            if stretch[at] > least and start + at != own:
                columns[found], values[found] = start + at, stretch[at]
                found += 1
                if found == len(values):
                    # Only values above the count-th best so far can still be among the best.
                    least, found = _keep_best(columns, values, count), count
    return found


@helper()
def _count(stretch: Array, least: Any) -> Any:
    found = np.int32(0)
    for value in stretch:
        found += np.int32(value > least)
    return found


@helper()
def _keep_best(columns: Array, values: Array, count: int) -> Any:
    """Move the largest values and their columns to the front, keeping their order; return the smallest of them.

    Of equal values the first are kept.
    """
    least = -np.partition(-values, count - 1)[count - 1]
    ties = count - (values > least).sum()
    kept = 0
    for place in range(len(values)):
        value = values[place]
        if value < least or (value == least and ties == 0):
            continue
        ties -= value == least
        columns[kept], values[kept] = columns[place], value
        kept += 1
    return least


@kernel(FLOAT32_ROWS, INT, INT, FLOAT)
def top_of_dense(block: Float32, first: int, count: int, above: float) -> tuple[Int32, Float32]:
    """Find the largest values of each row that are above a limit, best first; short rows are filled with 0.

    Row r is searched without column first + r. Of equal values those of the first columns are found.
    """
    columns = np.zeros((block.shape[0], count), dtype=np.int32)
    values = np.zeros((block.shape[0], count), dtype=np.float32)
    found_columns = np.empty(3 * count, dtype=np.int32)
    found_values = np.empty(3 * count, dtype=np.float32)
    limit: Any = np.float32(above)
    for row in range(block.shape[0]):
        line, own = block[row], first + row
        guess: Any = max(limit, _guess(line, count))
        found = _search(line, own, guess, count, found_columns, found_values)
        if found < count and guess > limit:
            found = _search(line, own, limit, count, found_columns, found_values)
        if found > count:
            _keep_best(found_columns[:found], found_values[:found], count)
            found = count
        best = np.argsort(-found_values[:found], kind="mergesort")
        columns[row, :found] = found_columns[best]
        values[row, :found] = found_values[best]
    return columns, values
