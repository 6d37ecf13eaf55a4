"""The newest items: those that came last, or became available last."""

import numpy as np

from app.services.kit.database_timeout import with_timeout
from app.services.popularity.selection import first_eligible
from app.services.state.serving import Serving
from app.storage.items import ItemStore
from app.times import clock
from models.arrays.types import Int32
from models.ranking.candidate_generation import CandidateQuery

_SECONDS = 5.0
_FIRST, _MOST = 1000, 50_000
"""Items that are read at first, and where too few of them meet a request."""


class Newest:
    """Lists items by the time they appeared, the latest first; what was read is used for some seconds."""

    def __init__(self, items: ItemStore) -> None:
        self._items = items
        self._read: dict[int, tuple[float, list[str]]] = {}

    async def items(self, serving: Serving, query: CandidateQuery, limit: int) -> Int32:
        """Return the codes of the newest items that meet a request, int32.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        found: Int32 = np.empty(0, dtype=np.int32)
        for most in (_FIRST, _MOST):
            names = await self._names(most)
            found = first_eligible(serving.live, serving.live.known_codes(names), query, limit)
            if len(found) == limit or len(names) < most:
                break
        return found

    async def _names(self, most: int) -> list[str]:
        until, names = self._read.get(most, (0.0, []))
        if clock.elapsed() >= until:
            names = await with_timeout(self._items.newest(most))
            self._read[most] = clock.elapsed() + _SECONDS, names
        return names
