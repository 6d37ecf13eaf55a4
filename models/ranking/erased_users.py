"""Erased users: users of the training data that a bundle must not show any more."""

from collections.abc import Sequence

from models.data.codes import find
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN


def hide_users(ranker: Ranker, user_ids: Sequence[str]) -> None:
    """Leave users out of all neighbours; ids that the bundle does not know are ignored.

    Their interactions still count in similarities of items and in popularity, where single users cannot be recognised.
    """
    rows = find(ranker.user_ids, list(user_ids))
    for part in (*ranker.retriever.recommenders, *ranker.recommenders.values()):
        if isinstance(part, UserKNN):
            part.leave_out(rows[rows >= 0])
