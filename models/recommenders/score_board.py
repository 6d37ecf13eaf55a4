"""The score board: the signals that the recommenders write for one request."""

from typing import Self

import numpy as np

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32
from models.recommenders import kernels

_STRONGEST = 10
"""Entries that are read of the rows of older items, if not all rows are read in full."""


class ScoreBoard:
    """Scores of the candidates of one request, a row for each signal.

    Its buffers are as large as the catalogue and are reused from request to request, so one board serves one
    thread. Use it as a context manager: leaving it frees all slots.

    Parameters
    ----------
    n_items
        Size of the catalogue.
    signals
        Names of the signals, in the order of the rows.
    whole
        Number of the latest items of a history whose rows are read in full; of older items only the strongest entries
        are read, which come first. All rows are read in full where None.
    """

    def __init__(self, n_items: int, signals: tuple[str, ...], whole: int | None = None) -> None:
        self.signals = signals
        self.slot: Int32 = np.full(n_items, -1, dtype=np.int32)
        self.touched: Int32 = np.empty(n_items, dtype=np.int32)
        # A row for each signal: signals are mixed one by one, and one row fits into the L1 cache.
        self.rows: Float32 = np.zeros((len(signals), n_items), dtype=np.float32)
        self._row = {signal: row for row, signal in enumerate(signals)}
        self.count = 0
        self.whole = whole
        self._excluded: Int32 = np.empty(0, dtype=np.int32)
        self._dense: list[tuple[int, Float32, float]] = []
        self._factors: list[tuple[int, Float32, Float32]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        kernels.release(self.slot, self.touched, self.rows, self.count, self._excluded)
        self.count = 0
        self._excluded = self._excluded[:0]
        self._dense.clear()
        self._factors.clear()

    def block(self, items: Int32) -> None:
        """Exclude items (codes) from every request from now on; call it between requests."""
        self.slot[items] = -3

    def unblock(self, items: Int32) -> None:
        """Include items (codes) in requests again; call it between requests."""
        self.slot[items] = -1

    def exclude(self, items: Int32) -> None:
        """Exclude items (codes, -1 for unknown ones) from this request; call it before any recommender writes."""
        self._excluded = items
        kernels.exclude(self.slot, items)

    def add_rows(self, signals: tuple[str, ...], matrix: SparseRows, rows: Int32, weights: Float32) -> None:
        """Add rows of a matrix to consecutive signals; the items in them become candidates.

        Parameters
        ----------
        weights
            Weight of each row for each signal, (rows, signals); or of each row, for a single signal.
        """
        self._add_rows(signals, matrix, rows, weights, len(rows))

    def add_history(self, signals: tuple[str, ...], matrix: SparseRows, items: Int32, weights: Float32) -> None:
        """Add the rows of a history's items, the latest last; see `whole`."""
        self._add_rows(signals, matrix, items, weights, len(items) if self.whole is None else self.whole)

    def lower(self, signal: str, matrix: SparseRows, items: Int32, weights: Float32) -> None:
        """Subtract the rows of some items, the latest last, from the scores of the candidates; see `whole`."""
        whole = len(items) if self.whole is None else self.whole
        kernels.lower_rows(
            matrix.indptr, matrix.indices, matrix.values, items, weights,
            self.slot, self.rows[self._row[signal]], whole, _STRONGEST,
        )  # fmt: skip

    def _add_rows(
        self, signals: tuple[str, ...], matrix: SparseRows, rows: Int32, weights: Float32, whole: int
    ) -> None:
        self.count = kernels.add_rows(
            matrix.indptr, matrix.indices, matrix.values, rows, weights.reshape(len(rows), len(signals)),
            self.slot, self.touched, self.rows, self._row[signals[0]], self.count, whole, _STRONGEST,
        )  # fmt: skip

    def add(self, signal: str, items: Int32, values: Float32) -> None:
        """Add a value to each of some distinct items; they become candidates."""
        self.add_candidates(items)
        slots = self.slot[items]
        known = slots >= 0
        self.rows[self._row[signal], slots[known]] += values[known]

    def add_dense(self, signal: str, scores: Float32, best: Int32, above: float = -np.inf) -> None:
        """Write a signal for every candidate, including those added later.

        Parameters
        ----------
        scores
            One for each item of the catalogue.
        best
            Items that become candidates.
        above
            Scores that are not above it count as 0.
        """
        self.add_candidates(best)
        self._dense.append((self._row[signal], scores, above))

    def add_factors(self, signal: str, factors: Float32, vector: Float32) -> None:
        """Write the product of the factors of every candidate with a vector, including candidates added later.

        Parameters
        ----------
        factors
            (items, factors).
        """
        self._factors.append((self._row[signal], factors, vector))

    def write_deferred(self, slots: Int32 | None = None) -> None:
        """Write the signals of `add_dense` and `add_factors`; call it after the last candidate was added.

        Parameters
        ----------
        slots
            The slots to compute products of factors for, int32; all by default.
        """
        for row, scores, above in self._dense:
            kernels.write_scores(self.rows[row], self.touched, self.count, scores, above)
        if slots is None:
            slots = np.arange(self.count, dtype=np.int32)
        for row, factors, vector in self._factors:
            kernels.write_products(self.rows[row], slots, self.touched, factors, vector)

    def add_candidates(self, items: Int32) -> None:
        """Add items to the candidates, with scores of 0 where no recommender wrote one."""
        self.count = kernels.give_slots(self.slot, self.touched, self.count, items)

    @property
    def items(self) -> Int32:
        """The candidates, as codes, in slot order."""
        return self.touched[: self.count]

    def slots(self, items: Int32) -> Int32:
        """Slots of the given items that are candidates."""
        slots = self.slot[items]
        return slots[slots >= 0]

    def scores(self, signal: str) -> Float32:
        """Scores of one signal, in slot order."""
        return self.rows[self._row[signal], : self.count]
