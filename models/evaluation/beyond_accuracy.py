"""Metrics beyond accuracy: novelty and diversity.

novelty@k is the mean self-information of the items of a list, -log2(share of the training users with the item), in bits
(Zhou et al. 2010); an item without users counts as an item with one user. diversity@k is 1 minus the mean cosine
between the items of a list (Ziegler et al. 2005), each item taken as the column of its users in training; it is a mean
over at most 2,000 users. Empty lists have no novelty, and lists of fewer than two items no diversity: they are left out
of the means.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from models.arrays.types import Float64, Int32
from models.data.interactions import Interactions
from models.similarity.matrices import binary_matrix, degrees, power, scaled

MAX_USERS = 2000
"""Maximum number of users whose lists are measured for diversity."""
_LISTS_AT_ONCE = 100


class BeyondAccuracy:
    """Measures lists by the interactions that the recommenders were fitted on.

    Parameters
    ----------
    interactions
        The training data of the recommenders.
    seed
        Seed of the sample of users; the sample is the same for all lists of the same users.
    """

    def __init__(self, interactions: Interactions, seed: int) -> None:
        matrix = binary_matrix(interactions)
        counts = degrees(matrix, 0)
        n_users = max(int((np.diff(matrix.indptr) > 0).sum()), 1)
        self._information: Float64 = -np.log2(np.maximum(counts, 1.0).astype(np.float64) / n_users)
        self._columns = scaled(matrix, columns=power(counts, -0.5)).T.tocsr().astype(np.float64)
        self._seed = seed

    def measure(self, ranked: Int32, ks: Sequence[int]) -> dict[str, float]:
        """Measure ranked lists, int32 (users, at least max(ks)), -1 where a list ends early; each metric at each k."""
        sample = ranked
        if len(ranked) > MAX_USERS:
            sample = ranked[np.random.default_rng(self._seed).choice(len(ranked), MAX_USERS, replace=False)]
        values: dict[str, float] = {}
        for k in ks:
            values[f"novelty@{k}"] = self._novelty(ranked[:, :k])
            values[f"diversity@{k}"] = self._diversity(sample[:, :k])
        return values

    def _novelty(self, ranked: Int32) -> float:
        listed = ranked >= 0
        information = np.where(listed, self._information[ranked], 0.0).sum(axis=1)
        lengths = listed.sum(axis=1)
        return _mean(information[lengths > 0] / lengths[lengths > 0])

    def _diversity(self, ranked: Int32) -> float:
        return _mean(np.concatenate([
            self._diversities(ranked[start : start + _LISTS_AT_ONCE])
            for start in range(0, max(len(ranked), 1), _LISTS_AT_ONCE)
        ]))  # fmt: skip

    def _diversities(self, ranked: Int32) -> Float64:
        lists, places = np.nonzero(ranked >= 0)
        items = ranked[lists, places]
        members = sp.csr_matrix((np.ones(len(items)), (lists, items)), shape=(len(ranked), self._columns.shape[0]))
        # The squared length of a sum contains twice the product of each pair, so the pairs are not computed one by one.
        total = members @ self._columns
        squared = np.asarray(total.multiply(total).sum(axis=1)).ravel()
        alone = members @ (np.diff(self._columns.indptr) > 0).astype(np.float64)
        lengths = np.bincount(lists, minlength=len(ranked))
        several = lengths > 1
        pairs = lengths[several] * (lengths[several] - 1.0)
        # Through rounding, lists of items with the same users may be slightly outside 0 to 1.
        diversities: Float64 = np.clip(1.0 - (squared[several] - alone[several]) / pairs, 0.0, 1.0)
        return diversities


def _mean(values: Float64) -> float:
    return float(values.mean()) if len(values) else 0.0
