"""Ranked lists: candidates, ranking and rules in one call, for requests and exports alike."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.schemas.options import Options
from app.services.popularity.selection import without_interactions
from app.services.recommending.before_bundle import LogScores
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import DEPTH, RankedList, rank
from app.services.recommending.rules import apply_rules
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory
from models.arrays.types import Float32, Int32
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.rotation import NO_ROTATION, RotationConfig
from models.ranking.timing import Timed, untimed


def ranked_list(
    serving: Serving,
    user_history: UserHistory,
    options: Options,
    *,
    new_item_share: float,
    delivered: Int32 = NOTHING,
    log_scores: LogScores | None = None,
    popular_now: tuple[Float32, Int32] | None = None,
    before_deadline: Callable[[], bool] = lambda: True,
    timed: Timed = untimed,
    rotation: RotationConfig = NO_ROTATION,
) -> RankedList:
    """Rank items for a history and apply the rules.

    Parameters
    ----------
    new_item_share
        Share of the list that is kept for new items.
    delivered
        Codes of the items of earlier pages; they are excluded, and pins apply to the first page only.
    log_scores
        Used while there is no bundle.
    popular_now
        Interactions of each code up to now, and the codes by falling count; None if there are none since the bundle.
    before_deadline
        Whether there is time left for the network.
    timed
        Entered around each phase.
    rotation
        How far items sink that the user was shown and passed over.
    """
    query = candidate_query(serving, user_history, options, delivered, favour_new_items=new_item_share > 0)
    found = rank(
        serving, user_history, options, query, log_scores=log_scores, before_deadline=before_deadline, timed=timed
    )
    if options.min_score is None:
        found = _filled(serving, query, found, max(options.limit, DEPTH) + 1)
    return apply_rules(
        serving,
        options,
        query,
        found,
        popular_now=popular_now,
        new_item_share=new_item_share,
        pins=() if len(delivered) else options.pins,
        shows=user_history.shows,
        rotation=rotation.asked(options.rotation),
    )


def _filled(serving: Serving, query: CandidateQuery, found: RankedList, limit: int) -> RankedList:
    """Add items that are newer than the bundle to a short list, the latest first, whatever they resemble."""
    if serving.ranker is None or len(found.items) >= limit:
        return found
    newest = without_interactions(serving.live, query, found.items, serving.live.n_items, limit)
    if not len(newest):
        return found
    scores = np.full(len(newest), found.scores.min(initial=0.0), dtype=np.float32)
    return replace(
        found,
        items=np.concatenate([found.items, newest]).astype(np.int32),
        scores=np.concatenate([found.scores, scores]).astype(np.float32),
        selections=(*found.selections, (Origin("newest"), newest)),
    )
