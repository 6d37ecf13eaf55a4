"""Candidate queries: which items a request wants, in the codes of the ranker."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.schemas.options import Options
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory
from models.arrays.kernels import largest
from models.arrays.types import Int32
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranked import Adjustment

_PREFERENCES = "preferences"
_WEIGHT_BESIDE_HISTORY = 2.0
"""What meeting all preferences adds to a score, in standard deviations of the list."""
_WEIGHT_ALONE = 1000.0
"""The same without a history: popularity only decides between items that meet the preferences equally well."""
_REMOVED = 50
"""Maximum number of items of `exclude` that are ranked before they are removed."""
_SATISFYING = 200
"""Candidates that are added because they meet the preferences best."""


def candidate_query(
    serving: Serving, user_history: UserHistory, options: Options, delivered: Int32, *, favour_new_items: bool
) -> CandidateQuery:
    """Build the candidate query of a request: which items it wants.

    Parameters
    ----------
    delivered
        Codes of the items of earlier pages, which are excluded.
    favour_new_items
        Whether new items are added to the candidates, so that a share of the list can be kept for them.
    """
    live = serving.live
    excluded, removed = user_history.excluded, NOTHING
    if options.exclude or len(delivered):
        removed = live.known_codes(options.exclude)
        removed = np.setdiff1d(removed, excluded).astype(np.int32)
        excluded = np.concatenate([excluded, removed, delivered]).astype(np.int32)
    only = None
    if options.candidates is not None:
        only = np.unique(live.codes(options.candidates))
        only = only[only >= 0].astype(np.int32)
        if serving.ranker is not None and serving.ranker.generated_reference:
            # Scores are relative to what would be generated: for most lists, and in training, new items.
            excluded = np.union1d(excluded, np.setdiff1d(user_history.history.seen, only)).astype(np.int32)
    preferred = [live.mask(boost.filter) for boost in options.boosts if boost.weight > 0]
    if favour_new_items and serving.ranker is not None:
        preferred.append(serving.new_item_mask)
    drawn = 0 if serving.ranker is None else serving.ranker.n_candidates
    wanted = None if options.filter is None else live.mask(options.filter)
    # Many would be candidates for nothing; and what a filter leaves decides the network's share.
    removed = removed if len(removed) <= _REMOVED and wanted is None else NOTHING
    limit = max(drawn, options.limit)
    return CandidateQuery(excluded, removed, only, wanted, preferred=tuple(preferred), limit=limit)


def adjusted(
    live: LiveCatalogue, options: Options, query: CandidateQuery, *, has_history: bool
) -> tuple[Sequence[Adjustment], CandidateQuery]:
    """Turn boosts, buries and preferences into adjustments of the scores.

    Returns
    -------
    tuple
        The adjustments, and the query with the items that meet the preferences best as further candidates.
    """
    adjustments = [
        Adjustment("boosts" if boost.weight > 0 else "buries", live.mask(boost.filter), boost.weight)
        for boost in options.boosts
    ]
    if not options.preferences:
        return adjustments, query
    satisfaction = live.satisfaction(options.preferences)
    allowed = satisfaction if query.wanted is None else np.where(query.wanted, satisfaction, np.float32(0.0))
    best = np.zeros(len(satisfaction), dtype=np.bool_)
    best[largest(allowed, _SATISFYING)] = True
    best &= allowed > 0
    weight = _WEIGHT_BESIDE_HISTORY if has_history else _WEIGHT_ALONE
    adjustments.append(Adjustment(_PREFERENCES, satisfaction, weight))
    return adjustments, replace(query, preferred=(*query.preferred, best))
