"""Worth: what reaching the goal with an item counts, where a goal has values or is weighed by a field."""

from dataclasses import dataclass

import numpy as np

from models.arrays.types import Float32, Int32, Int64
from models.data.interactions import Interactions


@dataclass(frozen=True)
class Worth:
    """What each pair of user and item counts as a label: that of its first target.

    `keys` (int64, ascending) are those of `Interactions.pair_keys`, `values` (float32) stand beside them; `n_items` is
    the number of item codes, by which keys are made.
    """

    keys: Int64
    values: Float32
    n_items: int

    @classmethod
    def of(cls, log: Interactions, factors: Float32 | None = None) -> "Worth | None":
        """Read it from the single rows of a log; None where all targets count alike.

        Parameters
        ----------
        factors
            By how much more or less each row counts, float32.
        """
        if log.worth is None and factors is None:
            return None
        values = np.ones(len(log.items), dtype=np.float32) if log.worth is None else log.worth
        values = values if factors is None else values * factors
        rows = np.flatnonzero(log.first_targets)
        keys = log.pair_keys[rows]
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], values[rows][order], log.n_items)

    def of_items(self, user: int, items: Int32) -> Float32:
        """Return what some items count for a user, float32; 0 for pairs that are no targets."""
        wanted = np.int64(user) * self.n_items + items
        places = np.minimum(np.searchsorted(self.keys, wanted), max(len(self.keys) - 1, 0))
        found = np.zeros(len(items), dtype=np.float32)
        if len(self.keys):
            known = self.keys[places] == wanted
            found[known] = self.values[places[known]]
        return found
