"""New users: the metrics of users whose history is known only at request time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from models.arrays.types import Int32
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.segments import Segment, Values, measure_users, summarise
from models.ranking.ranker import Ranker

MAX_USERS = 2000
MAX_SHARE = 0.2
"""Largest share of the test users that are taken out, so that the training data stays much the same."""


class NewUsers(Segment):
    """Metrics of users the recommenders were fitted without; `known` are those of the same users in the main run."""

    known: Segment


def measure_new_users(
    ranker: Ranker,
    fitted: Interactions,
    test: Holdout,
    values: Values,
    ks: Sequence[int],
    *,
    catalogue: pa.Table | None,
    seed: int,
    progress: Progress,
) -> NewUsers | None:
    """Take a sample of the test users out of the training data, fit once more and rank for them.

    The settings and the network stay as they were chosen; the users' histories are given with the request.

    Parameters
    ----------
    ranker
        As it ranked the test.
    fitted
        The interactions that its recommenders were fitted on.
    values
        The metrics of each test user in the main run.

    Returns
    -------
    NewUsers or None
        None where there are fewer than 5 test users.
    """
    count = min(MAX_USERS, int(len(test.users) * MAX_SHARE))
    if not count:
        return None
    rows = test.sample_rows(count, seed)
    sample = test.take(rows)
    left = fitted.select(~np.isin(fitted.users, sample.users))
    progress("refit without new users", 0.0)
    retriever = ranker.retriever.refitted(left, ranker.retriever.config, catalogue)
    progress("refit without new users", 1.0)
    unknown = replace(sample, anonymous=True)
    ranked: Mapping[str, Int32] = rank_holdout(
        Ranker(retriever, ranker.network, ranker.item_ids, ranker.user_ids),
        retriever,
        unknown,
        max(ks),
        seed=seed,
        progress=progress,
        phase="ranking new users",
    )
    found = summarise(measure_users(ranked, sample.targets, ks), np.arange(count), seed=seed)
    known = summarise(values, rows, seed=seed)
    return {**found, "known": known}
