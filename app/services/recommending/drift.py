"""Drift: how much requests have moved away from the data that the bundle was trained on.

The counts are those of this process, or of all workers of a server together where it has several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.services.recommending.answers import Answer
from app.services.state.serving import Serving

_SCORES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
LISTS = Counter(
    "braid_recommendations",
    "Lists of recommendations that were given, by strategy and by whether the bundle was trained on the user.",
    ["strategy", "known_user"],
)
ITEMS = Counter(
    "braid_requested_items",
    "Items that requests were about (similar items, sessions), by whether the bundle was trained on the item.",
    ["known"],
)
TOP_SCORES = Histogram(
    "braid_top_score", "Score of the first item of each list that was ranked by the bundle.", buckets=_SCORES
)
_RANKED = {"personalized", "session", "preferences"}


def answered(answer: Answer) -> None:
    """Count a list."""
    _lists(answer.strategy, answer.known_user).inc()
    if answer.top_score is not None and answer.strategy in _RANKED:
        TOP_SCORES.observe(answer.top_score)


@lru_cache
def _lists(strategy: str, known: bool | None) -> Counter:
    # Looked up once: this is on the path of every request.
    return LISTS.labels(strategy, _word(known))


def asked_about(serving: Serving, item_ids: Sequence[str]) -> None:
    """Count the items that a request names."""
    if serving.ranker is None or not item_ids:
        return
    codes = serving.live.codes(item_ids)
    known = int(np.count_nonzero((codes >= 0) & (codes < serving.live.n_items)))
    for word, count in (("true", known), ("false", len(item_ids) - known)):
        if count:
            ITEMS.labels(word).inc(count)


@dataclass(frozen=True)
class Drift:
    """The counts in words."""

    users: str
    items: str
    score: str


def drift_of(registry: CollectorRegistry) -> Drift:
    """Sum up the counts of a registry."""
    lists, items = {"true": 0.0, "false": 0.0}, {"true": 0.0, "false": 0.0}
    count, total = 0.0, 0.0
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == "braid_recommendations_total" and sample.labels["known_user"] in lists:
                lists[sample.labels["known_user"]] += sample.value
            elif sample.name == "braid_requested_items_total":
                items[sample.labels["known"]] += sample.value
            elif sample.name == "braid_top_score_count":
                count += sample.value
            elif sample.name == "braid_top_score_sum":
                total += sample.value
    return Drift(_share(lists), _share(items), f"{total / count:.3f} of {count:,.0f} lists" if count else "none yet")


def _share(counts: dict[str, float]) -> str:
    every = sum(counts.values())
    return f"{counts['false'] / every:.1%} of {every:,.0f}" if every else "none yet"


def _word(known: bool | None) -> str:
    return "none" if known is None else str(known).lower()
