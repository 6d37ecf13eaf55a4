"""The items that a bundle finds similar to one, by each method."""

import numpy as np

from app.schemas.similar import BLEND
from app.services.popularity.selection import Selection, highest, nothing
from app.services.state.serving import Serving
from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.like_one import ranked_for_one
from models.ranking.new_items import NEIGHBOURS
from models.ranking.ranker import Ranker
from models.recommenders.content import Content
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.vectors import Vectors
from models.similar.similar_items import BY_CONTENT, SimilarItemsOf
from models.similar.with_vectors import ContentWithVectors

_COMPARING = [entry.name for entry in RECOMMENDERS if entry.compares_items]
_NONE = NOTHING, np.empty(0, dtype=np.float32)


def similar_to(
    serving: Serving,
    ranker: Ranker,
    code: int,
    method: str,
    limit: int,
    candidate_query: CandidateQuery,
    *,
    enough: int,
) -> Selection:
    """Select the items most similar to one.

    Parameters
    ----------
    code
        The item's code; -1 for one that only the log knows.
    limit
        Items to select, at most.
    enough
        Where `blend` finds fewer than this, the items that the ranker gives for a history of this item follow.
    """
    if code < 0:
        return nothing()
    if method != BLEND:
        return _by_rows(serving, ranker, method, code, limit, candidate_query)
    found = nothing()
    if ranker.similar is not None:
        found = _by_both(serving, ranker.similar, code, limit, candidate_query)
    if len(found.items) >= enough:
        return found
    # Few items are alike that meet the request, or the bundle is older than likeness with settings of its own.
    ranked = _by_ranking(serving, ranker, code, enough, candidate_query)
    return found.topped_up(ranked, enough) if len(found.items) else ranked


def _by_both(
    serving: Serving,
    similar: SimilarItemsOf,
    code: int,
    limit: int,
    candidate_query: CandidateQuery,
) -> Selection:
    """Join likeness by users and by descriptions."""
    live = serving.live
    newer = code >= live.n_items
    by_users = _NONE if newer else similar.by_users.row(code)
    by_content = _by_content(serving, similar.content, code)
    items, scores = similar.blend(code, by_users, by_content)
    return highest(live, items[scores > 0], scores[scores > 0], candidate_query, limit)


def _by_ranking(serving: Serving, ranker: Ranker, code: int, limit: int, candidate_query: CandidateQuery) -> Selection:
    """Rank for a history that holds only this item."""
    new = code >= serving.live.n_items or not ranker.popularity.interacted[code]
    if new and ranker.weight_of(Content.signals[0]) == 0:
        # Without interactions only its description is known, and the blend does not read that.
        return _by_first(serving, ranker, code, limit, candidate_query)
    drawn = CandidateQuery(
        candidate_query.excluded, wanted=candidate_query.wanted, limit=max(ranker.n_candidates, limit)
    )
    new_items = serving.live.new_items if len(serving.live.new_items) else None
    items, scores = ranked_for_one(ranker, code, drawn, new_items)
    found = Selection(items[:limit], scores[:limit])
    return found if len(found.items) else _by_first(serving, ranker, code, limit, candidate_query)


def _by_first(serving: Serving, ranker: Ranker, code: int, limit: int, candidate_query: CandidateQuery) -> Selection:
    """Compare by common interactions, or else by descriptions, whether the blend reads these recommenders or not."""
    for name in _COMPARING:
        found = _by_rows(serving, ranker, name, code, limit, candidate_query)
        if len(found.items):
            return found
    return nothing()


def _by_rows(
    serving: Serving, ranker: Ranker, method: str, code: int, limit: int, candidate_query: CandidateQuery
) -> Selection:
    """Read the matrix of a method: that of similar items, or else that of the recommender of this name."""
    if method == BY_CONTENT and ranker.similar is not None:
        items, scores = _by_content(serving, ranker.similar.content, code)
        return highest(serving.live, items[scores > 0], scores[scores > 0], candidate_query, limit)
    part = ranker.recommenders.get(method)
    rows = None if ranker.similar is None else ranker.similar.rows_of(method)
    if rows is None and isinstance(part, ItemMatrix):
        rows = part.rows
    if rows is None:
        return nothing()
    items, scores = _with_new_items(serving, rows, serving.live.new_items.rows_of(method), code)
    if method == Vectors.signals[0]:
        items, scores = _with_nearest_new(serving, (items, scores), code, 1.0)
    return highest(serving.live, items[scores > 0], scores[scores > 0], candidate_query, limit)


def _by_content(serving: Serving, content: Content, code: int) -> tuple[Int32, Float32]:
    """Read the likeness of descriptions and vectors."""
    found = _with_new_items(serving, content.rows, serving.live.alike.rows, code)
    if not isinstance(content, ContentWithVectors):
        return found
    return _with_nearest_new(serving, found, code, float(content.share))


def _with_nearest_new(serving: Serving, found: tuple[Int32, Float32], code: int, share: float) -> tuple[Int32, Float32]:
    """Add the new items with the nearest vectors, where the item is new too."""
    near, cosines = serving.live.new_vectors.nearest(code, NEIGHBOURS)
    return np.concatenate([found[0], near]), np.concatenate([found[1], np.float32(share) * cosines])


def _with_new_items(serving: Serving, rows: SparseRows, newer: SparseRows | None, code: int) -> tuple[Int32, Float32]:
    """Read a row of a matrix; items that are newer than the bundle have rows of likeness by descriptions only."""
    n_items = serving.live.n_items
    if code >= n_items:
        return _NONE if newer is None or code - n_items >= newer.n_rows else newer.row(code - n_items)
    items, scores = rows.row(code)
    if newer is None or not len(newer.indices):
        return items, scores
    entries = np.flatnonzero(newer.indices == code)
    places = np.searchsorted(newer.indptr, entries, side="right") - 1
    return (
        np.concatenate([items, (places + n_items).astype(np.int32)]),
        np.concatenate([scores, newer.values[entries]]),
    )
