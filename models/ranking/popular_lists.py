"""Lists of popular and trending items of a bundle, which are the same for every user."""

from models.arrays.types import Float32, Int32
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker


def popular(ranker: Ranker, query: CandidateQuery, limit: int, window: int | None = None) -> tuple[Int32, Float32]:
    """Return the most popular items that a request wants, at most `limit`.

    Parameters
    ----------
    window
        Row of `Popularity.recent`; all interactions count alike where None.

    Returns
    -------
    tuple
        Codes, and the number of interactions of each, decayed with the window's half-life if there is one.
    """
    popularity = ranker.popularity
    counts = popularity.counts if window is None else popularity.recent[window]
    order = popularity.order if window is None else popularity.order_of(window)
    items = ranker.retriever.first(order, query, limit)
    return items, counts[items]


def trending(ranker: Ranker, query: CandidateQuery, limit: int, window: int) -> tuple[Int32, Float32]:
    """Return the items that a request wants whose share of the interactions rises most, at most `limit`.

    Parameters
    ----------
    window
        Row of `Popularity.recent`.

    Returns
    -------
    tuple
        Codes, and their rises, above 0: see `popularity.rises`.
    """
    rise, order = ranker.popularity.rise(window)
    items = ranker.retriever.first(order, query, limit)
    items = items[rise[items] > 0]
    return items, rise[items]
