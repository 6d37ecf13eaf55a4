"""Masks: users of the training data of whom a bundle must not tell."""

from collections.abc import Sequence

from models.data.interactions import find
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN


def hide_users(ranker: Ranker, user_ids: Sequence[str]) -> None:
    """Let users be nobody's neighbours; those that the bundle does not know are passed over.

    What they had has its part in similarities of items and in popularity, where nobody can be told apart.
    """
    rows = find(ranker.user_ids, list(user_ids))
    for part in (*ranker.retriever.recommenders, *ranker.recommenders.values()):
        if isinstance(part, UserKNN):
            part.mask(rows[rows >= 0])
