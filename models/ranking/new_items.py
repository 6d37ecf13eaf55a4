"""New items: items that are newer than the bundle, scored by the similar items in it."""

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
"""Items of the bundle that a new item is compared with, those most similar to it."""
_PRIOR = 1.0
_NOTHING = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))


@dataclass(frozen=True)
class Scored:
    """New items that are similar to candidates: codes, and their signals, float32 (signals, n)."""

    items: Int32
    signals: Float32


class NewItems:
    """Items created after the bundle was made; their codes follow those of the bundle.

    Parameters
    ----------
    content
        The bundle's content-based recommender; without one new items have no neighbours.
    n_items
        Number of items in the bundle: the code of the first new item.
    capacity
        How many new items there can be.
    """

    def __init__(self, content: Content | None, n_items: int, capacity: int) -> None:
        self.n_items = n_items
        # A copy with its own buffers, as descriptions are looked up while requests are answered.
        self._content = None if content is None else content.configured(content.config)
        self._decay = 1.0 if content is None else content.config.recency_decay
        self._neighbours: list[tuple[Int32, Float32]] = []
        self._rows: SparseRows | None = None
        self._blocked: Mask = np.zeros(capacity, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._neighbours)

    def describe(self, code: int, item: Mapping[str, Any] | None) -> None:
        """Look up the neighbours of a new item; None where it was deleted. A code beyond the last adds an item."""
        found = _NOTHING
        if item is not None and self._content is not None:
            codes, similarities = self._content.neighbours_of(item)
            found = codes[:NEIGHBOURS].copy(), similarities[:NEIGHBOURS].copy()
        place = code - self.n_items
        self._neighbours.extend([_NOTHING] * (place + 1 - len(self._neighbours)))
        self._neighbours[place] = found
        self._rows = None

    def block(self, codes: Int32, *, blocked: bool) -> None:
        """Exclude new items from every answer from now on, or include them again."""
        self._blocked[codes - self.n_items] = blocked

    def blocked(self, codes: Int32) -> Mask:
        """Return which of some new items are excluded."""
        return self._blocked[codes - self.n_items]

    @property
    def rows(self) -> SparseRows:
        """The similarity of each new item to items of the bundle, new items x items."""
        if self._rows is None:
            lengths = [0, *(len(codes) for codes, _ in self._neighbours)]
            self._rows = SparseRows(
                np.cumsum(lengths).astype(np.int64),
                np.concatenate([_NOTHING[0], *(codes for codes, _ in self._neighbours)]),
                np.concatenate([_NOTHING[1], *(values for _, values in self._neighbours)]),
            )
        return self._rows

    def add_neighbours(self, history: History, board: ScoreBoard) -> None:
        """Add the neighbours of the new items in a history to the board."""
        # Items after the last described one have a code, but no row.
        mine = (history.items >= self.n_items) & (history.items < self.n_items + len(self))
        if mine.any():
            weights = history.weights(self._decay)[mine]
            board.add_rows((_signal(board),), self.rows, history.items[mine] - np.int32(self.n_items), weights)

    def score(self, history: History, board: ScoreBoard, given: Int32) -> Scored:
        """Score the new items that are similar to candidates on the board, and the `given` ones.

        Content is computed; the other signals are estimated by those of the neighbours. New items had no interactions
        when the bundle was made, so their popularity is 0.
        """
        rows = self.rows
        signals = kernels.estimate_from_neighbours(
            rows.indptr, rows.indices, rows.values, board.slot, board.rows, _PRIOR
        )
        for name in Popularity.signals:
            signals[board.signals.index(name)] = 0.0
        known = history.where(history.items < self.n_items)
        weights = np.zeros(self.n_items, dtype=np.float32)
        np.maximum.at(weights, known.items, known.weights(self._decay))
        against = history.against
        weights[against.items] -= against.weights(self._decay)
        owners = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
        content = np.bincount(owners, weights=rows.values * weights[rows.indices], minlength=rows.n_rows)
        signals[board.signals.index(_signal(board))] = content
        alike: Mask = np.asarray((signals > 0).any(axis=0))
        places = given - self.n_items
        alike[places[places < len(alike)]] = True
        found = np.flatnonzero(alike)
        return Scored((found + self.n_items).astype(np.int32), np.ascontiguousarray(signals[:, found]))


def _signal(board: ScoreBoard) -> str:
    """Return the signal for the similarity of content; the first one if the board has none for content."""
    return Content.signals[0] if Content.signals[0] in board.signals else board.signals[0]
