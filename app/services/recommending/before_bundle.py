"""Before the first bundle: lists from the counts of the log, descriptions, and the users that items share."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from app.errors import DatabaseError
from app.schemas.options import Options
from app.schemas.similar import BLEND
from app.services.popularity.log_counts import LogCounts
from app.services.recommending.catalogue_content import CatalogueContent
from app.services.recommending.co_occurrence import CoOccurrence
from app.services.state.histories import Log
from app.services.state.serving import Serving
from app.services.state.user_history import read_history
from models.arrays.types import Float32, Int32
from models.ranking.candidate_generation import NOTHING
from models.ranking.live_catalogue import LiveCatalogue
from models.recommenders.content import Content
from models.recommenders.item_knn import ItemKNN
from models.recommenders.vectors import Vectors
from models.similar.similar_items import BY_CONTENT

_FAR_BEHIND = 1e-3
_OWN_ITEMS = 10
"""Latest items of a user whose likeness counts."""
_CONTENT, _TOGETHER, _VECTORS = Content.signals[0], ItemKNN.signals[0], Vectors.signals[0]
_NONE = NOTHING, np.empty(0, dtype=np.float32)


@dataclass(frozen=True)
class LogScores:
    """What lists are made of while there is no bundle, float32 with a place for each code.

    `counts` are the interactions of the log. `personal` says how much items resemble those of the user; None where no
    item does. `because` names for such an item what speaks most for it: a recommender, and the code of the user's item.
    """

    counts: Float32
    personal: Float32 | None = None
    because: Mapping[int, tuple[str, int]] = field(default_factory=dict)

    @property
    def scores(self) -> Float32:
        """What items are ranked by: likeness, and far behind it the interactions."""
        if self.personal is None:
            return self.counts
        return self.personal + self.counts * np.float32(_FAR_BEHIND / max(float(self.counts.max(initial=0.0)), 1.0))


class BeforeBundle:
    """Scores items without a bundle."""

    def __init__(self, popular: LogCounts, content: CatalogueContent, together: CoOccurrence) -> None:
        self._popular = popular
        self._content = content
        self._together = together

    async def scores(self, serving: Serving, log: Log | None, options: Options) -> LogScores:
        """Count the interactions of each item, and compare items with the latest of the user.

        Raises
        ------
        DatabaseError
            The log cannot be read, and there is no earlier count.
        """
        live = serving.live
        counts = await self._popular.counts(live)
        history = read_history(serving, None, log, session_items=options.session_items).history
        own = history.items[-_OWN_ITEMS:]
        if not len(own):
            return LogScores(counts)
        strengths = np.ones(len(own)) if history.strengths is None else history.strengths[-_OWN_ITEMS:]
        if not strengths.any():
            # All have decayed to less than a float32 holds.
            strengths = np.ones(len(own))
        await self._together.count()
        parts = await self._parts(live, own)
        # Only now: the catalogue may have grown meanwhile.
        personal = np.zeros(live.size, dtype=np.float32)
        best: dict[int, tuple[float, str, int]] = {}
        for code, strength, found in zip(own.tolist(), (strengths / strengths.max()).tolist(), parts, strict=True):
            for name, (items, scores) in found.items():
                weighed = np.float32(strength) * scores
                personal[items] += weighed
                for item, score in zip(items.tolist(), weighed.tolist(), strict=True):
                    best[item] = max(best.get(item, (0.0, "", -1)), (score, name, code))
        if not best:
            return LogScores(counts)
        counts = np.concatenate([counts, np.zeros(live.size - len(counts), dtype=np.float32)])
        return LogScores(counts, personal, {item: (name, code) for item, (_, name, code) in best.items()})

    async def alike(self, live: LiveCatalogue, item_id: str, method: str) -> tuple[Int32, Float32]:
        """Return the codes of the items that are like another one by a method, and how alike.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        if method == _VECTORS:
            return self._content.nearest(live, item_id)
        if method == BY_CONTENT:
            return await self._content.alike(live, item_id)
        if method not in {BLEND, _TOGETHER}:
            return _NONE
        await self._together.count()
        together = self._together.alike(live, item_id)
        return together if method == _TOGETHER else _joined(await self._content.alike(live, item_id), together)

    async def _parts(self, live: LiveCatalogue, own: Int32) -> list[dict[str, tuple[Int32, Float32]]]:
        """Return for each item what it shares users with, and what is described like it, as far as SQL answers."""
        names = live.ids(own)
        found = [{_TOGETHER: self._together.alike(live, item_id)} for item_id in names]
        with suppress(DatabaseError):
            for item_id, one in zip(names, found, strict=True):
                one[_CONTENT] = await self._content.alike_by_now(live, item_id)
        return found


def _joined(one: tuple[Int32, Float32], other: tuple[Int32, Float32]) -> tuple[Int32, Float32]:
    """Add up the scores of two selections."""
    items, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    scores = np.bincount(place, np.concatenate([one[1], other[1]]), len(items))
    return items.astype(np.int32), scores.astype(np.float32)
