"""The users of a bundle whose histories are most similar to one."""

import numpy as np

from models.arrays.types import Float32, Int32
from models.data.history import History
from models.ranking.candidate_generation import NOTHING
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN


def similar_users(ranker: Ranker, history: History, limit: int) -> tuple[Int32, Float32]:
    """Return the users of the bundle whose histories are most similar, at most `limit`.

    The history is read as for a ranked list: without items that are newer than the bundle, and its latest part only.

    Returns
    -------
    tuple
        Rows of the users without `history.user`, and their similarities above 0, the greatest first; both empty where
        the bundle holds no histories of users.
    """
    part = ranker.recommenders.get(UserKNN.signals[0])
    if not isinstance(part, UserKNN):
        return NOTHING, np.empty(0, dtype=np.float32)
    config = ranker.retriever.config
    known = history.where(history.items < len(ranker.item_ids)).raised(config.strength_exponent)
    users, similarities = part.neighbours(known.latest(config.max_history))
    keep = (similarities > 0) & (users != history.user)
    users, similarities = users[keep], similarities[keep]
    order = np.lexsort((users, -similarities))[:limit]
    return users[order], similarities[order]
