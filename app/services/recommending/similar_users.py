"""Similar users: those of the bundle whose histories resemble that of a user at this moment."""

import numpy as np

from app.errors import UnknownMethodError
from app.schemas.similar import SimilarUser, SimilarUsers, SimilarUsersQuery
from app.services.kit.database_timeout import with_timeout
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Histories
from app.services.state.serving import Serving
from models.data.history import History
from models.recommenders.user_knn import UserKNN

_METHOD = UserKNN.signals[0]
_NO_BUNDLE = "there is no bundle yet: training makes one"
_NO_HISTORY = "the user has no history"
_NOTHING_KNOWN = "the bundle knows no item of the user's history"
_NOBODY = "nobody has a similar history"


class SimilarUsersService:
    """Answers with the users who resemble one."""

    def __init__(self, bundle: ActiveBundle, histories: Histories) -> None:
        self._bundle = bundle
        self._histories = histories

    async def similar(self, user_id: str, query: SimilarUsersQuery) -> SimilarUsers:
        """Give the users whose histories are most similar, without the user; empty for somebody without a history.

        A user who did something since training is compared anew; others are found as they were at that time.

        Raises
        ------
        UnknownMethodError
            There is no such method.
        DatabaseError
            The history is not in memory and cannot be read.
        """
        if query.method != _METHOD:
            raise UnknownMethodError(f"{query.method!r} is not {_METHOD}")
        log = await with_timeout(self._histories.get(user_id))
        serving = self._bundle.serving
        reading = serving.read(user_id, log.events)
        found: list[SimilarUser] = []
        if serving.ranker is None:
            reason: str | None = _NO_BUNDLE if reading.has_log else _NO_HISTORY
        elif not len(reading.history):
            reason = _NOTHING_KNOWN if reading.has_log else _NO_HISTORY
        else:
            found = _neighbours(serving, reading.history, query.limit)
            reason = None if found else _NOBODY
        return SimilarUsers.model_construct(
            user_id=user_id,
            method=query.method,
            items=found,
            bundle_version=serving.version,
            next_cursor=None,
            reason=reason,
        )


def _neighbours(serving: Serving, history: History, limit: int) -> list[SimilarUser]:
    ranker = serving.ranker
    part = None if ranker is None else ranker.recommenders.get(_METHOD)
    if ranker is None or not isinstance(part, UserKNN):
        return []
    # As the ranker reads it: what came after the bundle cannot be compared.
    config = ranker.retriever.config
    known = history.where(history.items < len(ranker.item_ids)).raised(config.strength_exponent)
    users, similarities = part.neighbours(known.latest(config.max_history))
    keep = (similarities > 0) & (users != history.user)
    users, similarities = users[keep], similarities[keep]
    order = np.lexsort((users, -similarities))[:limit]
    return [
        SimilarUser.model_construct(user_id=ranker.user_ids[user].decode(), similarity=float(similarity), rank=rank)
        for rank, (user, similarity) in enumerate(zip(users[order], similarities[order], strict=True), 1)
    ]
