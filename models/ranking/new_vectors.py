"""The vectors of items that are newer than the bundle, or of all items before the first one."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.arrays.types import Float32, Int32
from models.arrays.vocabulary import Vocabulary
from models.recommenders.vectors import ItemVectors
from models.similarity.vector_index import VectorIndex

_NOTHING = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)


class NewVectors:
    """Compares new items with one another as soon as they are put.

    Parameters
    ----------
    n_items
        Number of items in the bundle: the code of the first new item.
    of_bundle
        The vectors of the bundle: new items are compared by the same ones. None where it has none.
    """

    def __init__(self, n_items: int, of_bundle: ItemVectors | None = None) -> None:
        self._n_items = n_items
        self._fixed = of_bundle is not None
        self._items: ItemVectors | None = None
        if of_bundle is not None:
            self._items = _empty(of_bundle.names, of_bundle.lengths.tolist())

    def declare(self, lengths: Mapping[str, int]) -> None:
        """Compare by these vectors from now on, where there are none of a bundle.

        If they are others than before, all items must be put again.

        Parameters
        ----------
        lengths
            Their numbers, by name.
        """
        if self._fixed:
            return
        names = Vocabulary.of(lengths)
        ordered = [lengths[names[code]] for code in range(len(names))]
        before = self._items
        if before is None or before.lengths.tolist() != ordered or before.names.text.tobytes() != names.text.tobytes():
            self._items = _empty(names, ordered) if ordered else None

    def put(self, code: int, item: Mapping[str, Any] | None) -> None:
        """Set the vectors of a new item; None where it was deleted."""
        items, row = self._items, code - self._n_items
        if items is None:
            return
        vector = None if item is None else items.of_item(item)
        if vector is not None:
            items.index.put(row, vector)
        elif row < items.index.size:
            items.index.put(row, np.zeros_like(items.index.centre))

    def nearest(self, code: int, count: int) -> tuple[Int32, Float32]:
        """Find the new items nearest to a new item: codes, int32, and cosines, float32, the nearest first."""
        items, row = self._items, code - self._n_items
        if items is None or not 0 <= row < items.index.size:
            return _NOTHING
        rows, cosines = items.index.nearest(items.index.rows[row], count, row)
        return rows + np.int32(self._n_items), cosines


def _empty(names: Vocabulary, lengths: list[int]) -> ItemVectors:
    return ItemVectors(names, np.array(lengths, dtype=np.int64), VectorIndex.empty(sum(lengths)))
