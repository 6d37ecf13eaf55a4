"""The requests that a holdout stands for: the history and the candidate query of each row."""

import numpy as np

from models.arrays.types import Mask
from models.data.history import History
from models.data.holdout import Holdout
from models.ranking.candidate_generation import CandidateQuery


def request_of(
    holdout: Holdout, row: int, *, limit: int | None = None, wanted: Mask | None = None, top_only: bool = True
) -> tuple[History, CandidateQuery]:
    """Return what a server would read and look for; see `CandidateQuery` for `limit`, `wanted` and `top_only`."""
    history = holdout.history(row)
    excluded, only = holdout.excluded(row, history), holdout.candidate_list(row)
    if only is not None:
        # As a server does: what the user had is no candidate unless it is given.
        excluded = np.union1d(excluded, np.setdiff1d(history.seen, only)).astype(np.int32)
    query = CandidateQuery(
        excluded=excluded,
        only=only,
        wanted=wanted,
        limit=limit,
        top_only=top_only,
    )
    return history, query
