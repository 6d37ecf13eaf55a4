"""Rules that are applied to a ranked list: present popularity, rotation, diversity, share of new items, pins."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.schemas.options import Options, Pin
from app.services.popularity.selection import in_order
from app.services.recommending.ranking import RankedList
from app.services.state.serving import Serving
from app.times import clock
from models.arrays.types import Float32, Int32
from models.data.impressions import NO_SHOWS, Shows
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.diversity import diversify
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.rotation import NAME as ROTATION
from models.ranking.rotation import NO_ROTATION, RotationConfig, lowered
from models.ranking.rules import expose, pin
from models.recommenders.profile_affinity import Lifted

_ORDERED = 2000
"""Popular items that are put in order with those that a profile raises."""
_DIVERSE = 100
"""Places from the top that diversity reorders; behind them the order of the scores stays."""


def apply_rules(
    serving: Serving,
    options: Options,
    query: CandidateQuery,
    found: RankedList,
    *,
    popular_now: tuple[Float32, Int32] | None,
    new_item_share: float,
    pins: Sequence[Pin],
    shows: Shows = NO_SHOWS,
    rotation: RotationConfig = NO_ROTATION,
) -> RankedList:
    """Apply the rules of a request and of the service to a ranked list.

    Parameters
    ----------
    popular_now
        Interactions of each code up to now, and the codes by falling count; None if there are none since the bundle.
    new_item_share
        Share of the list that is kept for new items.
    pins
        Pins of this page.
    shows, rotation
        What the user was shown and passed over, and how far that sinks.
    """
    if popular_now is not None and found.strategy == "popular" and not options.boosts:
        found = _popular_first(serving, query, found, popular_now)
    if len(shows):
        found = _rotated(found, shows, rotation, explain=options.explain)
    items, scores = found.items, found.scores
    if options.diversity > 0 and serving.ranker is not None and len(items):
        order = diversify(items, scores, min(len(items), _DIVERSE), options.diversity, serving.ranker.likenesses)
        rest = np.setdiff1d(np.arange(len(items)), order)
        places = np.concatenate([order, rest])
        items, scores = items[places], scores[places]
    if new_item_share > 0 and len(items):
        places = expose(serving.new_item_mask[items], options.limit, new_item_share)
        items, scores = items[places], scores[places]
    below_min_score = 0
    if options.min_score is not None:
        enough = scores >= options.min_score
        items, scores, below_min_score = items[enough], scores[enough], int((~enough).sum())
    if pins:
        items, scores = pin(items, scores, _shown(serving.live, pins))
    return replace(
        found,
        items=items,
        scores=scores,
        strategy=found.strategy if len(items) else "none",
        below_min_score=below_min_score,
    )


def pinned(live: LiveCatalogue, found: RankedList, pins: Sequence[Pin], taken: Int32) -> RankedList:
    """Put pinned items at their positions in a list that is made of several; `taken` are codes that must not come."""
    shown = [(position, code) for position, code in _shown(live, pins) if code not in taken]
    if not shown:
        return found
    items, scores = pin(found.items, found.scores, shown)
    return replace(found, items=items, scores=scores, strategy=found.strategy if len(found.items) else "popular")


def _rotated(found: RankedList, shows: Shows, rotation: RotationConfig, *, explain: bool) -> RankedList:
    """Let what was shown and passed over sink; to explain the list, what this adds to the scores is kept."""
    now = clock.seconds()
    change = lowered(found.items, found.scores, shows, now, rotation)
    if change is None:
        return found
    scores = found.scores + change
    places = np.argsort(-scores, kind="stable")
    ranked = found.ranked
    if explain and ranked is not None:
        added = lowered(ranked.candidates.items, ranked.scores, shows, now, rotation)
        ranked = ranked if added is None else replace(ranked, extra={**ranked.extra, ROTATION: added})
    return replace(found, items=found.items[places], scores=scores[places], ranked=ranked)


def _popular_first(
    serving: Serving, query: CandidateQuery, found: RankedList, popular_now: tuple[Float32, Int32]
) -> RankedList:
    """Put the items that are popular now first: others may have been when the bundle was made."""
    if serving.ranker is None or query.limit is None:
        return found
    counts, order = popular_now
    if found.ranked is not None and found.ranked.lifted is not None:
        counts, order = _raised(counts, order, found.ranked.lifted)
    most = in_order(serving.live, counts, order, query, query.limit)
    # Behind them come items without interactions, new ones among them.
    most = most.followed_by(found.items[~np.isin(found.items, most.items)])
    return replace(found, items=most.items, scores=most.scores)


def _raised(counts: Float32, order: Int32, lifted: Lifted) -> tuple[Float32, Int32]:
    """Raise counts by what a profile raises, and put the first items in order again."""
    known = lifted.known(len(counts))
    raised = np.where(known, counts * np.float32(lifted.others), counts)
    raised[lifted.items] = lifted.raised(lifted.items, counts[lifted.items])
    first = ~known & (counts > 0)
    first[order[:_ORDERED]] = True
    first[lifted.items] = True
    head = order[first[order]]
    return raised, np.concatenate([head[np.argsort(-raised[head], kind="stable")], order[~first[order]]])


def _shown(live: LiveCatalogue, pins: Sequence[Pin]) -> list[tuple[int, int]]:
    """Return the position and code of the pinned items that may be shown."""
    codes = live.codes([one.item_id for one in pins]).tolist()
    places = zip(pins, codes, strict=True)
    return [(one.position, code) for one, code in places if code >= 0 and not live.blocked[code]]
