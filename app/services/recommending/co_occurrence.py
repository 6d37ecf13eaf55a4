"""Co-occurrence before the first bundle: which items the same users have, counted in the process."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import scipy.sparse as sp

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.storage.interactions import InteractionStore
from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32
from models.data.events import positive_types
from models.data.strengths import StrengthScale
from models.ranking.candidate_generation import NOTHING
from models.ranking.live_catalogue import LiveCatalogue
from models.similarity.matrices import sampled
from models.similarity.measures import Similarity, column_similarities

MAX_ROWS = 200_000
"""Latest interactions that are counted."""
_MAX_ITEMS = 500
"""Items of a user that are counted."""
_NEIGHBOURS = 100
_SIMILARITY = Similarity("cosine", shrinkage=2.0)
"""With few users every pair that two of them share would be as alike as can be."""
_READING = 5.0
"""Seconds that reading the interactions may take."""
_WAITED = 0.1
"""Seconds: where the last count took longer, no request waits for the next one."""
_PATIENCE = 10.0
"""A count is used for this many times as long as it took, while the log grows."""
_OUTDATED = 60.0
"""Seconds after which the log is counted again, as rows may have been deleted."""
_NONE = NOTHING, np.empty(0, dtype=np.float32)


class CoOccurrence:
    """Compares items by the users that they share, in the latest 200,000 interactions that show interest.

    Parameters
    ----------
    scale
        Interactions of the event types with a weight above 0 are counted, but no low ratings.
    """

    def __init__(self, interactions: InteractionStore, scale: StrengthScale) -> None:
        self._interactions = interactions
        self._scale = scale
        self._positive = positive_types(scale.event_weights)
        self._item_ids: Sequence[str] = []
        self._codes: dict[str, int] = {}
        self._rows: SparseRows | None = None
        self._newest = -1
        self._outdated_at = 0.0
        self._again_at = 0.0
        self._took = 0.0
        self._counting: asyncio.Task[None] | None = None

    async def count(self) -> None:
        """Count the log again, if it has grown and the last count is long enough ago.

        Of a long log only the first count is waited for: a later one goes on while requests use the one before. While
        the database is unavailable, the last count is used.
        """
        if time.monotonic() < self._again_at:
            return
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        if self._took <= _WAITED:
            await asyncio.wait({self._counting})

    async def _count(self) -> None:
        began = time.monotonic()
        with suppress(DatabaseError):
            newest = await with_timeout(self._interactions.newest_id())
            if newest != self._newest or began >= self._outdated_at:
                rows = self._interactions.latest_pairs(self._positive, self._scale, MAX_ROWS)
                pairs = await with_timeout(rows, _READING)
                self._item_ids, self._codes, self._rows = await asyncio.to_thread(_compared, pairs)
                self._newest, self._outdated_at = newest, began + _OUTDATED
                self._took = time.monotonic() - began
        now = time.monotonic()
        self._again_at = now + _PATIENCE * (now - began)

    def alike(self, live: LiveCatalogue, item_id: str) -> tuple[Int32, Float32]:
        """Return the codes of the items whose users an item shares, and how alike by the last count."""
        code = self._codes.get(item_id)
        if code is None or self._rows is None:
            return _NONE
        items, scores = self._rows.row(code)
        codes = live.codes([self._item_ids[item] for item in items.tolist()])
        keep = (codes >= 0) & (scores > 0)
        return codes[keep], scores[keep]


def _compared(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], dict[str, int], SparseRows | None]:
    """Compare the items of pairs of a user and an item."""
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    places = [(users.setdefault(user, len(users)), items.setdefault(item, len(items))) for user, item in set(pairs)]
    if not places:
        return [], {}, None
    rows, columns = np.array(places, dtype=np.int32).T
    ones = np.ones(len(places), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (rows, columns)), (len(users), len(items)))
    return list(items), items, column_similarities(sampled(matrix, _MAX_ITEMS), _SIMILARITY, _NEIGHBOURS)
