"""What asking for a recommendation means: history, ranking, and what to do without either."""

import secrets
from typing import Any

import numpy as np

from app.schemas.recommendations import RecommendQuery
from app.services.active_bundle import ActiveBundle
from app.services.popular import PopularItems
from app.services.times import now
from app.storage.interactions import InteractionStore
from app.storage.items import ItemStore
from models.data.strengths import RATING, StrengthScale

_NO_BUNDLE = "none"


class RecommendationService:
    """Answers with a ranked list from what the user did until this moment."""

    def __init__(
        self,
        interactions: InteractionStore,
        items: ItemStore,
        popular: PopularItems,
        bundle: ActiveBundle,
        scale: StrengthScale,
    ) -> None:
        self._interactions = interactions
        self._items = items
        self._popular = popular
        self._bundle = bundle
        self._scale = scale

    async def recommend(self, user_id: str, query: RecommendQuery) -> dict[str, Any]:
        """Rank items for a user, as the wire model `Recommendation` has it.

        Raises
        ------
        DatabaseError
            The user's history cannot be read.
        """
        log = await self._interactions.history(user_id)
        moment = now()
        ranker = self._bundle.ranker
        liked, disliked, seen = _read(log, ranker.retriever.config.scale if ranker is not None else self._scale)
        exclude = {*query.exclude, *disliked, *await self._items.unavailable(moment)}
        if query.exclude_seen:
            exclude |= seen
        strategy, version, ranked = "personalized", None, list[tuple[str, float]]()
        if ranker is not None:
            version = ranker.version
            ranked = ranker.recommend(
                list(liked), strengths=list(liked.values()), limit=query.limit, exclude=exclude, user_id=user_id
            )
            if not ranked:
                strategy, ranked = "popular", ranker.popular(limit=query.limit, exclude=exclude)
        if not ranked:
            strategy, version = "popular", None
            ranked = await self._popular.top(query.limit, exclude)
        if not ranked:
            strategy = "none"
        return {
            "user_id": user_id,
            "items": [
                {"item_id": item_id, "score": score, "rank": rank} for rank, (item_id, score) in enumerate(ranked, 1)
            ],
            "strategy": strategy,
            "bundle_version": version,
            "request_id": f"{version or _NO_BUNDLE}~{strategy}~{moment}~{secrets.token_hex(4)}",
        }


def _read(
    log: list[tuple[str, str, float | None]], scale: StrengthScale
) -> tuple[dict[str, float], set[str], set[str]]:
    """Read a user's log, oldest first: items liked with their strength (oldest first), disliked, and both together.

    An item counts where it came last, and for what that said; what was said in its favour adds up.
    """
    likes: dict[str, float] = {}
    disliked: set[str] = set()
    # All at once: a call for each rating would take milliseconds of a long log.
    values = np.array([np.nan if kind != RATING or value is None else value for _, kind, value in log])
    for (item, kind, _), signed in zip(log, scale.signed(values).tolist(), strict=True):
        weight = scale.event_weights.get(kind, 0.0) * signed
        if weight > 0:
            likes[item] = likes.pop(item, 0.0) + weight
            disliked.discard(item)
        elif weight < 0:
            likes.pop(item, None)
            disliked.add(item)
    return likes, disliked, disliked | set(likes)
