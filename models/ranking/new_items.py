"""Arrivals: items that are newer than the bundle, scored by what resembles them in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Mask
from models.data.history import History
from models.ranking import kernels
from models.recommenders.content import Content
from models.recommenders.popularity import Popularity
from models.recommenders.score_board import ScoreBoard

NEIGHBOURS = 50
"""Items of the bundle that an arrival is compared with, those most similar to it."""
_PRIOR = 1.0
_NOTHING = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))


@dataclass(frozen=True)
class Scored:
    """Arrivals that resemble what a request draws: codes, and their signals, float32 (signals, n)."""

    items: Int32
    signals: Float32


class NewItems:
    """Items that came after the bundle was made; each has a code that follows those of the bundle.

    Parameters
    ----------
    content
        The bundle's content-based recommender; without one no arrival resembles anything.
    n_items
        Number of items in the bundle: the code of the first arrival.
    capacity
        How many arrivals there can be.
    """

    def __init__(self, content: Content | None, n_items: int, capacity: int) -> None:
        self.n_items = n_items
        # Its own buffers: descriptions are looked up while requests are answered.
        self._content = None if content is None else content.configured(content.config)
        self._neighbours: list[tuple[Int32, Float32]] = []
        self._rows: SparseRows | None = None
        self._kept_out: Mask = np.zeros(capacity, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._neighbours)

    def describe(self, code: int, item: Mapping[str, Any] | None) -> None:
        """Look up what an arrival resembles; None for one that is gone. A code beyond the last is a new arrival."""
        found = _NOTHING
        if item is not None and self._content is not None:
            codes, similarities = self._content.neighbours_of(item)
            found = codes[:NEIGHBOURS].copy(), similarities[:NEIGHBOURS].copy()
        place = code - self.n_items
        self._neighbours.extend([_NOTHING] * (place + 1 - len(self._neighbours)))
        self._neighbours[place] = found
        self._rows = None

    def block(self, codes: Int32, *, blocked: bool) -> None:
        """Keep arrivals out of every answer from now on, or let them in again."""
        self._kept_out[codes - self.n_items] = blocked

    def blocked(self, codes: Int32) -> Mask:
        """Tell which arrivals are kept out."""
        return self._kept_out[codes - self.n_items]

    @property
    def rows(self) -> SparseRows:
        """The similarity of each arrival to items of the bundle, arrivals x items."""
        if self._rows is None:
            lengths = [0, *(len(codes) for codes, _ in self._neighbours)]
            self._rows = SparseRows(
                np.cumsum(lengths).astype(np.int64),
                np.concatenate([_NOTHING[0], *(codes for codes, _ in self._neighbours)]),
                np.concatenate([_NOTHING[1], *(values for _, values in self._neighbours)]),
            )
        return self._rows

    def lead(self, history: History, board: ScoreBoard, decay: float) -> None:
        """Let what the user had of the arrivals count for the items that resemble it."""
        # Of those that came later still nothing is known but their codes.
        mine = (history.items >= self.n_items) & (history.items < self.n_items + len(self))
        if mine.any():
            weights = history.weights(decay)[mine]
            board.add_rows((_lead(board),), self.rows, history.items[mine] - np.int32(self.n_items), weights)

    def score(self, history: History, board: ScoreBoard, decay: float, given: Int32) -> Scored:
        """Score those that resemble what is on the board, and those that are given.

        Content is as it is; the other signals are estimated by those of the neighbours. Nobody had them when the
        bundle was made, so they have no popularity.
        """
        rows = self.rows
        signals = kernels.estimate(rows.indptr, rows.indices, rows.values, board.slot, board.rows, _PRIOR)
        for name in Popularity.signals:
            signals[board.signals.index(name)] = 0.0
        known = history.where(history.items < self.n_items)
        weights = np.zeros(self.n_items, dtype=np.float32)
        np.maximum.at(weights, known.items, known.weights(decay))
        owners = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
        content = np.bincount(owners, weights=rows.values * weights[rows.indices], minlength=rows.n_rows)
        signals[board.signals.index(_lead(board))] = content
        alike: Mask = np.asarray((signals > 0).any(axis=0))
        places = given - self.n_items
        alike[places[places < len(alike)]] = True
        found = np.flatnonzero(alike)
        return Scored((found + self.n_items).astype(np.int32), np.ascontiguousarray(signals[:, found]))


def _lead(board: ScoreBoard) -> str:
    """Name the signal that likeness of content is written to; where content is not asked, the first there is."""
    return Content.signals[0] if Content.signals[0] in board.signals else board.signals[0]
