"""Counts by 64-bit key in little memory: 12 bytes a key."""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]


class KeyCounts:
    """How often each key was added.

    The keys are in sorted runs, each less than half as long as the one before: adding n keys page by page sorts each of
    them log(n) times, and a key is looked for in log(n) runs.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Numbers]] = []

    def of(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Return how often each of these keys was added."""
        found = np.zeros(len(keys), dtype=np.int64)
        for there, counts in self._runs:
            places = np.minimum(np.searchsorted(there, keys), len(there) - 1)
            found += np.where(there[places] == keys, counts[places], 0)
        return found

    def add(self, keys: Keys) -> None:
        """Count these keys once more, each as often as it comes."""
        if not len(keys):
            return
        unique, counts = np.unique(keys, return_counts=True)
        self._runs.append((unique, counts.astype(np.int32)))
        while len(self._runs) > 1 and 2 * len(self._runs[-1][0]) >= len(self._runs[-2][0]):
            self._runs.append(_joined(self._runs.pop(), self._runs.pop()))


def _joined(one: tuple[Keys, Numbers], other: tuple[Keys, Numbers]) -> tuple[Keys, Numbers]:
    keys = np.concatenate([one[0], other[0]])
    # The stable sort takes two sorted runs as they are, and merges them.
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    counts = np.concatenate([one[1], other[1]])[order]
    return keys[first], np.add.reduceat(counts, first, dtype=np.int32)
