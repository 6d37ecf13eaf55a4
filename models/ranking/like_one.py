"""What the ranker would recommend to somebody who has had one item only."""

import numpy as np

from models.arrays.types import Float32, Int32
from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.new_items import NewItems
from models.ranking.ranker import Ranker
from models.recommenders.registry import RECOMMENDERS

_RELATED = np.array([entry.relates_items for entry in RECOMMENDERS for _ in entry.parts])
"""The parts that compare items; popularity only fills lists up."""


def ranked_for_one(
    ranker: Ranker, code: int, query: CandidateQuery, new_items: NewItems | None = None
) -> tuple[Int32, Float32]:
    """Rank for a history that holds only one item, without items that are merely popular.

    Returns
    -------
    tuple
        Codes, int32, and scores, float32, the best first.
    """
    ranked = ranker.rank(History(np.array([code], dtype=np.int32)), query, new_items=new_items)
    related = (ranked.candidates.parts[_RELATED][:, ranked.places] > 0).any(axis=0)
    return ranked.items[related], ranked.scores[related]
