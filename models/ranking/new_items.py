"""New items: items that are newer than the bundle, scored by the similar items in it."""

from collections.abc import Mapping, Sequence
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
from models.recommenders.vectors import Vectors

NEIGHBOURS = 50
"""Items of the bundle that a new item is compared with, those most similar to it."""
_PRIOR = 1.0
Neighbours = tuple[Int32, Float32]
"""Codes and similarities."""
_NOTHING: Neighbours = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))


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
    vectors
        The bundle's recommender that compares vectors, if it has one.
    n_items
        Number of items in the bundle: the code of the first new item.
    capacity
        How many new items there can be.
    """

    def __init__(self, content: Content | None, n_items: int, capacity: int, vectors: Vectors | None = None) -> None:
        self.n_items = n_items
        # Copies with their own buffers, as descriptions are looked up while requests are answered.
        given: list[Any] = [part for part in (content, vectors) if part is not None]
        self._parts: list[Content | Vectors] = [part.configured(part.config) for part in given]
        self._neighbours: list[tuple[Neighbours, ...]] = []
        self._rows: list[SparseRows] = []
        self._blocked: Mask = np.zeros(capacity, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._neighbours)

    def describe(self, code: int, item: Mapping[str, Any] | None) -> None:
        """Look up the neighbours of a new item; None where it was deleted. A code beyond the last adds an item."""
        found = [_NOTHING for _ in self._parts]
        for number, part in enumerate(self._parts if item is not None else ()):
            codes, similarities = part.neighbours_of(item or {})
            found[number] = codes[:NEIGHBOURS].copy(), similarities[:NEIGHBOURS].copy()
        place = code - self.n_items
        # All parts together, then each of them alone.
        nothing = (_NOTHING,) * (len(self._parts) + 1)
        self._neighbours.extend([nothing] * (place + 1 - len(self._neighbours)))
        self._neighbours[place] = (_joined(found), *found)
        self._rows = []

    def block(self, codes: Int32, *, blocked: bool) -> None:
        """Exclude new items from every answer from now on, or include them again."""
        self._blocked[codes - self.n_items] = blocked

    def blocked(self, codes: Int32) -> Mask:
        """Return which of some new items are excluded."""
        return self._blocked[codes - self.n_items]

    @property
    def rows(self) -> SparseRows:
        """The similarity of each new item to items of the bundle, new items x items; the greatest of all parts."""
        return self._all_rows[0]

    def rows_of(self, part: str) -> SparseRows | None:
        """Return the similarities by one part alone; None where there is no such part."""
        names = [one.signals[0] for one in self._parts]
        return self._all_rows[names.index(part) + 1] if part in names else None

    @property
    def _all_rows(self) -> list[SparseRows]:
        if not self._rows:
            # With one part, both are the same.
            kept = range(1 if len(self._parts) < 2 else len(self._parts) + 1)  # noqa: PLR2004
            rows = [_stacked([of_item[number] for of_item in self._neighbours]) for number in kept]
            self._rows = rows if len(rows) > 1 else rows * 2
        return self._rows

    def add_neighbours(self, history: History, board: ScoreBoard) -> None:
        """Add the neighbours of the new items in a history to the board."""
        # Items after the last described one have a code, but no row.
        mine = (history.items >= self.n_items) & (history.items < self.n_items + len(self))
        if mine.any():
            for signal, decay, rows in self._signals(board):
                weights = history.weights(decay)[mine]
                board.add_rows((signal,), rows, history.items[mine] - np.int32(self.n_items), weights)

    def score(self, history: History, board: ScoreBoard, given: Int32) -> Scored:
        """Score the new items that are similar to candidates on the board, and the `given` ones.

        Content and vectors are computed; the other signals are estimated by those of the neighbours. New items had no
        interactions when the bundle was made, so their popularity is 0.
        """
        rows = self.rows
        signals = kernels.estimate_from_neighbours(
            rows.indptr, rows.indices, rows.values, board.slot, board.rows, _PRIOR
        )
        for name in Popularity.signals:
            signals[board.signals.index(name)] = 0.0
        known, against = history.where(history.items < self.n_items), history.against
        for signal, decay, own in self._signals(board):
            weights = np.zeros(self.n_items, dtype=np.float32)
            np.maximum.at(weights, known.items, known.weights(decay))
            weights[against.items] -= against.weights(decay)
            owners = np.repeat(np.arange(own.n_rows), np.diff(own.indptr))
            scores = np.bincount(owners, weights=own.values * weights[own.indices], minlength=own.n_rows)
            signals[board.signals.index(signal)] = scores
        alike: Mask = np.asarray((signals > 0).any(axis=0))
        places = given - self.n_items
        alike[places[places < len(alike)]] = True
        found = np.flatnonzero(alike)
        return Scored((found + self.n_items).astype(np.int32), np.ascontiguousarray(signals[:, found]))

    def _signals(self, board: ScoreBoard) -> list[tuple[str, float, SparseRows]]:
        """Return the signals that are computed, each with its decay and its rows.

        They are those of the parts on the board; if it has none of them, the first signal stands for all parts.
        """
        alone = [(part.signals[0], part.config.recency_decay) for part in self._parts]
        found = [(name, decay, self._all_rows[place]) for place, (name, decay) in enumerate(alone, 1)]
        found = [one for one in found if one[0] in board.signals]
        return found or [(board.signals[0], alone[0][1] if alone else 1.0, self.rows)]


def _joined(found: Sequence[Neighbours]) -> Neighbours:
    """Join neighbours: of each item the greatest similarity."""
    filled = [one for one in found if len(one[0])]
    if len(filled) < 2:  # noqa: PLR2004
        return filled[0] if filled else _NOTHING
    items, place = np.unique(np.concatenate([codes for codes, _ in filled]), return_inverse=True)
    greatest = np.zeros(len(items), dtype=np.float32)
    np.maximum.at(greatest, place, np.concatenate([values for _, values in filled]))
    return items, greatest


def _stacked(rows: Sequence[Neighbours]) -> SparseRows:
    return SparseRows(
        np.cumsum([0, *(len(codes) for codes, _ in rows)]).astype(np.int64),
        np.concatenate([_NOTHING[0], *(codes for codes, _ in rows)]),
        np.concatenate([_NOTHING[1], *(values for _, values in rows)]),
    )
