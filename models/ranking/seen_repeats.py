"""Repeats beside the blend: what a user may want again, where seen items are wanted."""

from dataclasses import replace

import numpy as np

from models.data.history import History
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.ranked import Adjustment
from models.recommenders.repeats import Repeats
from models.recommenders.score_board import ScoreBoard


def raise_repeats(
    repeats: Repeats | None, known: History, query: CandidateQuery, weight: float, n_items: int, size: int
) -> tuple[Adjustment, CandidateQuery]:
    """Raise the scores of items that a user may want again; see `Ranker.repeated`.

    Parameters
    ----------
    known
        The single interactions with items of the bundle.
    weight
        Of the repeats, each from 0 to 1.
    n_items, size
        Numbers of items of the bundle, and of all item codes.
    """
    values = np.zeros(size, dtype=np.float32)
    items = NOTHING
    if repeats is not None and len(known):
        board = ScoreBoard(n_items, Repeats.signals)
        repeats.score(known, board)
        items, scores = board.items, board.scores(Repeats.signals[0])
        top = scores.max(initial=0.0)
        values[items] = scores / top if top > 0 else scores
    return Adjustment(Repeats.signals[0], values, weight, of_range=True), replace(query, additional=items)
