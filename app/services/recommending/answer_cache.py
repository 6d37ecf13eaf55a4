"""Answers that are used again for as long as everything that they were made from is unchanged."""

import math
from typing import NamedTuple

from cachetools import LRUCache
from prometheus_client import Counter

from app.services.recommending.answers import Answer
from app.times import clock

_MAX_CACHED = 4096
LOOKUPS = Counter("braid_answer_cache_lookups", "Lists looked up among earlier answers, by outcome.", ["outcome"])
_HITS, _MISSES = LOOKUPS.labels("hit"), LOOKUPS.labels("miss")


class _Cached(NamedTuple):
    """An answer, with everything that it was made from, and the seconds for which it holds from a moment on."""

    answer: Answer
    made_from: tuple[object, ...]
    made_at: float
    holds: float

    @property
    def current(self) -> bool:
        """Whether it still holds; most answers do not depend on the time."""
        return self.holds == math.inf or abs(clock.seconds() - self.made_at) < self.holds


class AnswerCache:
    """Keeps the latest answers by user and options."""

    def __init__(self) -> None:
        self._cached: LRUCache[tuple[str, object], _Cached] = LRUCache(_MAX_CACHED)

    def get(self, user_id: str, key: object, made_from: tuple[object, ...]) -> Answer | None:
        """Return an answer that was made from the same and still holds."""
        cached = self._cached.get((user_id, key))
        if cached is not None and cached.made_from == made_from and cached.current:
            _HITS.inc()
            return cached.answer
        _MISSES.inc()
        return None

    def put(self, user_id: str, key: object, answer: Answer, made_from: tuple[object, ...], holds: float) -> None:
        """Keep an answer; without changes it holds for some seconds."""
        self._cached[user_id, key] = _Cached(answer, made_from, clock.seconds(), holds)
