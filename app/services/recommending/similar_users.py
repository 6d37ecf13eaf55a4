"""Similar users: the users of the bundle whose histories are most like that of a user at this moment."""

from app.errors import UnknownMethodError
from app.schemas.similar import SimilarUser, SimilarUsers, SimilarUsersQuery
from app.services.kit.database_timeout import with_timeout
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Histories
from app.services.state.user_history import UserHistory, read_log
from models.ranking.ranker import Ranker
from models.ranking.similar_users import similar_users
from models.recommenders.user_knn import UserKNN

_METHOD = UserKNN.signals[0]
_NO_BUNDLE = "there is no bundle yet: train one"
_NO_HISTORY = "the user has no history"
_NOTHING_KNOWN = "the bundle knows no item of the user's history"
_NO_SIMILAR = "no user of the bundle has a similar history"


class SimilarUsersService:
    """Answers with the users who are most similar to one."""

    def __init__(self, bundle: ActiveBundle, histories: Histories) -> None:
        self._bundle = bundle
        self._histories = histories

    async def similar(self, user_id: str, query: SimilarUsersQuery) -> SimilarUsers:
        """Return the users whose histories are most similar, without the user; empty for a user without a history.

        The user's history is as of now; those of the others are as of the training of the bundle.

        Raises
        ------
        UnknownMethodError
            No recommender of this name compares users.
        DatabaseError
            The history is not in memory and cannot be read.
        """
        if query.method != _METHOD:
            raise UnknownMethodError(f"{query.method!r} does not compare users: use {_METHOD}")
        log = await with_timeout(self._histories.get(user_id))
        serving = self._bundle.serving
        user_history = read_log(serving, user_id, log)
        found: list[SimilarUser] = []
        if serving.ranker is None:
            reason: str | None = _NO_BUNDLE if user_history.has_log else _NO_HISTORY
        elif not len(user_history.items):
            reason = _NOTHING_KNOWN if user_history.has_log else _NO_HISTORY
        else:
            found = _similar(serving.ranker, user_history, query.limit)
            reason = None if found else _NO_SIMILAR
        return SimilarUsers.model_construct(
            user_id=user_id,
            method=query.method,
            items=found,
            bundle_version=serving.version,
            next_cursor=None,
            reason=reason,
        )


def _similar(ranker: Ranker, user_history: UserHistory, limit: int) -> list[SimilarUser]:
    users, similarities = similar_users(ranker, user_history.history, limit)
    return [
        SimilarUser.model_construct(user_id=ranker.user_ids[user].decode(), similarity=similarity, rank=rank)
        for rank, (user, similarity) in enumerate(zip(users, similarities.tolist(), strict=True), 1)
    ]
