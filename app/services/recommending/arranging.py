"""Puts items that were selected by likeness or popularity in order for a user, with the adjustments of the request."""

from dataclasses import replace

import numpy as np

from app.schemas.options import Options
from app.services.popularity.selection import Selection
from app.services.recommending.candidate_queries import adjusted
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import RankedList
from app.services.recommending.rules import apply_rules
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory
from app.times import clock
from models.arrays.types import Float32
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.rotation import RotationConfig

_PERSONAL = 0.5
"""Weight of the user's own scores beside those of the selection, both in standard deviations."""
_FIRST = 60
"""Items from the top for which the user's own scores count, whatever the length of a page."""


def arranged(
    serving: Serving,
    user_history: UserHistory,
    options: Options,
    query: CandidateQuery,
    selection: Selection,
    origin: Origin,
    *,
    first_page: bool,
    rotation: RotationConfig,
    personal: bool = True,
) -> RankedList:
    """Order a selection.

    Without a history and without boosts and preferences its order and scores stay. With a history the scores are
    deviations from the mean of the selection, and those of the ranker for the user count half as much.

    Parameters
    ----------
    origin
        How the items were selected.
    first_page
        Pins apply to the first page only.
    personal
        Whether the user's own scores count.
    """
    items, scores = selection.items, selection.scores
    ranker = serving.ranker
    if personal and ranker is not None and len(user_history.items) and len(items) > 1:
        head, behind = items[:_FIRST], len(items) - len(items[:_FIRST])
        new_items = serving.live.new_items if len(serving.live.new_items) else None
        history = replace(user_history.history, now=clock.seconds())
        ranked = ranker.rank(history, CandidateQuery(only=np.sort(head)), new_items=new_items)
        own = np.full(len(head), ranked.scores.min(initial=0.0), dtype=np.float32)
        order = np.argsort(head)
        own[order[np.searchsorted(head, ranked.items, sorter=order)]] = ranked.scores
        joint = _standardised(scores[:_FIRST]) + np.float32(_PERSONAL) * _standardised(own)
        # The others follow in their order.
        steps = np.arange(1, behind + 1, dtype=np.float32) * np.float32(1e-3)
        scores = np.concatenate([joint, joint.min() - steps]).astype(np.float32)
    adjustments, _ = adjusted(serving.live, options, query, has_history=True)
    if adjustments and len(items):
        deviation = float(scores.std()) or 1.0
        for one in adjustments:
            scores = scores + one.values[items] * np.float32(one.weight * deviation)
    places = np.argsort(-scores, kind="stable")
    scores = scores[places].astype(np.float32)
    found = RankedList(items[places], scores, origin.strategy, user_history.history, selections=((origin, items),))
    return apply_rules(
        serving,
        options,
        query,
        found,
        popular_now=None,
        new_item_share=0.0,
        pins=options.pins if first_page else (),
        shows=user_history.shows,
        rotation=rotation.asked(options.rotation),
    )


def _standardised(scores: Float32) -> Float32:
    return np.asarray((scores - scores.mean()) / (scores.std() or 1.0), dtype=np.float32)
