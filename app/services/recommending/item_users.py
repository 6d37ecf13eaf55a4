"""Whom to tell about an item: the users of the bundle whose histories it fits best."""

import asyncio
from collections.abc import Sequence

import numpy as np

from app.schemas.item_users import ItemUser, ItemUsers, ItemUsersQuery
from app.schemas.similar import BLEND
from app.services.kit.database_timeout import with_timeout
from app.services.recommending.known_items import KnownItems
from app.services.recommending.likeness import similar_to
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Histories
from app.services.state.serving import Serving
from app.services.state.user_history import read_history
from models.arrays.types import Float32, Int32
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker
from models.ranking.users_of_items import users_of

_SIMILAR = 200
"""Similar items that users are found by."""
_MOST_READ = 5000
"""Users whose logs are read for one answer, at most."""
_NO_BUNDLE = "there is no bundle yet: train one"
_NO_HISTORIES = "the bundle holds no histories of users"
_NOBODY = "no user of the bundle has interacted with similar items"
_ALL_HAVE_IT = "all users whom the item fits have interacted with it"


class ItemUsersService:
    """Answers with the users whom an item fits best."""

    def __init__(self, bundle: ActiveBundle, histories: Histories, known: KnownItems) -> None:
        self._bundle = bundle
        self._histories = histories
        self._known = known

    async def users(self, item_id: str, query: ItemUsersQuery) -> ItemUsers:
        """Return the users with the most of what is similar to an item.

        Who has interacted with the item is known as of now; all else of the histories is as of the training.

        Raises
        ------
        NotFoundError
            Neither the catalogue nor the bundle nor the log has the item.
        DatabaseError
            Histories are not in memory and cannot be read.
        """
        await self._known.require(item_id)
        serving = self._bundle.serving
        found, reason = list[ItemUser](), _NO_BUNDLE
        if serving.ranker is not None:
            found, reason = await self._found(serving, serving.ranker, item_id, query)
        return ItemUsers.model_construct(
            item_id=item_id,
            items=found,
            bundle_version=serving.version,
            next_cursor=None,
            reason=None if found else reason,
        )

    async def _found(
        self, serving: Serving, ranker: Ranker, item_id: str, query: ItemUsersQuery
    ) -> tuple[list[ItemUser], str]:
        """Return the users, and why there might be none."""
        code = int(serving.live.codes([item_id])[0])
        ranked = await asyncio.to_thread(users_of, ranker, *_like(serving, ranker, code))
        if ranked is None:
            return [], _NO_HISTORIES
        users, scores = ranked
        found = await self._first(serving, ranker, code, users[:_MOST_READ], scores, query)
        return found, _ALL_HAVE_IT if len(users) else _NOBODY

    async def _first(
        self, serving: Serving, ranker: Ranker, code: int, users: Int32, scores: Float32, query: ItemUsersQuery
    ) -> list[ItemUser]:
        """Return the first users that the request wants."""
        found: list[ItemUser] = []
        for start in range(0, len(users), 2 * query.limit):
            page = users[start : start + 2 * query.limit].tolist()
            names = [ranker.user_ids[user].decode() for user in page]
            wanted = await self._wanted(serving, code, names, query)
            for name, score in zip(names, scores[start:].tolist(), strict=False):
                if name in wanted:
                    found.append(ItemUser.model_construct(user_id=name, score=score, rank=len(found) + 1))
                if len(found) == query.limit:
                    return found
        return found

    async def _wanted(self, serving: Serving, code: int, names: Sequence[str], query: ItemUsersQuery) -> set[str]:
        """Return the users to whom the item may be recommended."""
        logs = await with_timeout(self._histories.get_many(names))
        wanted = set()
        for name in names:
            history = read_history(serving, name, logs[name], exclude_seen=query.exclude_seen)
            if code not in history.excluded:
                wanted.add(name)
        return wanted


def _like(serving: Serving, ranker: Ranker, code: int) -> tuple[Int32, Float32]:
    """Return the bundle's items that are similar to one, and itself: who has looked at it may want it."""
    found = similar_to(serving, ranker, code, BLEND, _SIMILAR, CandidateQuery(), enough=1)
    known = found.where(found.items < serving.live.n_items)
    if not 0 <= code < serving.live.n_items:
        return known.items, known.scores
    own = known.scores.max(initial=0.0) or 1.0
    return np.append(known.items, np.int32(code)), np.append(known.scores, np.float32(own))
