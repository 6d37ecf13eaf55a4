"""The users of a bundle whose histories have some items."""

import numpy as np

from models.arrays.types import Float32, Int32
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN


def users_of(ranker: Ranker, items: Int32, weights: Float32) -> tuple[Int32, Float32] | None:
    """Return the users whose histories have some items, the best first; None where the bundle holds no histories.

    Parameters
    ----------
    items, weights
        Codes of the items, and how much each counts, above 0.

    Returns
    -------
    tuple
        Rows of the users, int32, and their scores above 0, float32: see `UserKNN.affinities`.
    """
    part = ranker.recommenders.get(UserKNN.signals[0])
    if not isinstance(part, UserKNN):
        return None
    scores = part.affinities(items, weights)
    users = np.flatnonzero(scores > 0).astype(np.int32)
    order = users[np.lexsort((users, -scores[users]))]
    return order, scores[order]
