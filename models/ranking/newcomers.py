"""Users without a history: popular items, those first that are popular among users with the same attributes."""

from dataclasses import replace

import numpy as np

from models.arrays.kernels import largest
from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.retriever import Retriever
from models.recommenders.popularity import Popularity
from models.recommenders.profile_affinity import Lifted

_MORE = 2
"""Raised items that are candidates, for each one that is asked for: some of them may be hidden or excluded."""


def newcomer_lift(retriever: Retriever, history: History) -> Lifted | None:
    """Return what a profile raises; None for a user with a history, and where nothing is known of the profile."""
    return None if retriever.affinity is None or len(history) else retriever.affinity.lifted(history.profile)


def lifted_query(query: CandidateQuery, lifted: Lifted, popularity: Popularity, limit: int) -> CandidateQuery:
    """Make the items that a profile raises candidates: no other one can come before the popular items.

    Parameters
    ----------
    limit
        Number of candidates where the query does not say it.
    """
    if query.only is not None:
        return query
    marks = query.wanted_among(lifted.items)
    items = lifted.items if marks is None else lifted.items[marks]
    scores = lifted.raised(items, popularity.newcomer_counts_of(items))
    best = items[largest(scores, _MORE * (query.limit or limit))]
    return replace(query, additional=best if query.additional is None else np.union1d(query.additional, best))
