"""The score board: what the recommenders write for one request."""

from typing import Self

import numpy as np
import numpy.typing as npt

from models.recommenders import kernels

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]


class Board:
    """Scores of the items that one request touches, a row for each recommender's signal.

    Its buffers are as large as the catalogue and are reused from request to request, so one board serves one
    thread. Use it as a context manager: leaving gives all slots back.

    Parameters
    ----------
    n_items
        Size of the catalogue.
    """

    def __init__(self, n_items: int) -> None:
        self.slot: Int32 = np.full(n_items, -1, dtype=np.int32)
        self.touched: Int32 = np.empty(n_items, dtype=np.int32)
        self.columns: Float32 = np.empty((kernels.COLUMNS, n_items), dtype=np.float32)
        self.count = 0
        self._excluded: Int32 = np.empty(0, dtype=np.int32)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        kernels.release(self.slot, self.touched, self.count, self._excluded)
        self.count = 0
        self._excluded = self._excluded[:0]

    def exclude(self, items: Int32) -> None:
        """Keep items (codes, -1 for unknown ones) out; call it before any recommender writes."""
        self._excluded = items
        kernels.exclude(self.slot, items)

    def touch(self, items: Int32) -> None:
        """Make items candidates, with scores of 0 where no recommender has given one."""
        self.count = kernels.touch_all(self.slot, self.touched, self.columns, self.count, items)

    @property
    def items(self) -> Int32:
        """The touched items, as codes, in slot order."""
        return self.touched[: self.count]

    def scores(self, column: int) -> Float32:
        """Scores of one signal, in slot order."""
        return self.columns[column, : self.count]
