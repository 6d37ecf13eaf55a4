"""Segments: the metrics of some of the users or of some of their targets, with the number of users in each."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from models.arrays.types import Float64, Int32, Int64, Mask
from models.data.holdout import QUESTIONS, Holdout, Ragged
from models.evaluation.metrics import per_user_values
from models.evaluation.report import bootstrap_intervals

Values = Mapping[str, Mapping[str, Float64]]
"""Name of the blend, a part or a baseline to metric to the values of each user."""

HISTORY_LENGTHS = {"1": (1, 1), "2-5": (2, 5), "6-20": (6, 20), "more": (21, None)}
"""Segments by name, with the minimum and maximum number of items in the history."""
HEAD_SHARE = 0.8
"""Share of the training interactions that defines the head; all other items are the long tail."""
_OF_TARGETS = ("recall@", "ndcg@")


class Segment(TypedDict):
    """Means over the users of a segment and their intervals, for the blend, each part and the baselines."""

    users: int
    metrics: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]


def measure_users(ranked: Mapping[str, Int32], targets: Ragged, ks: Sequence[int]) -> dict[str, dict[str, Float64]]:
    """Measure the lists of the blend, each part and the baselines for each user."""
    return {name: per_user_values(lists, targets.offsets, targets.items, ks) for name, lists in ranked.items()}


def summarise(values: Values, rows: Int64, *, seed: int) -> Segment:
    """Take the means over some of the users, and their 95 % intervals."""
    taken = {name: {metric: of_users[rows] for metric, of_users in table.items()} for name, table in values.items()}
    # All at once: the resamples are the same for all lists, and drawing them takes most of the time.
    intervals = bootstrap_intervals(
        {(name, metric): of_users for name, table in taken.items() for metric, of_users in table.items()}, seed=seed
    )
    return {
        "users": len(rows),
        "metrics": {
            name: {metric: float(of_users.mean()) if len(rows) else 0.0 for metric, of_users in table.items()}
            for name, table in taken.items()
        },
        "intervals": {name: {metric: intervals[name, metric] for metric in table} for name, table in taken.items()},
    }


def by_history_length(values: Values, holdout: Holdout, *, seed: int) -> dict[str, Segment]:
    """Measure users by the number of items in their history; lengths without users are left out."""
    lengths = holdout.lengths
    segments = {}
    for name, (fewest, most) in HISTORY_LENGTHS.items():
        rows = np.flatnonzero((lengths >= fewest) & (lengths <= (lengths if most is None else most)))
        if len(rows):
            segments[name] = summarise(values, rows, seed=seed)
    return segments


def long_tail(
    ranked: Mapping[str, Int32], holdout: Holdout, item_counts: Int64, ks: Sequence[int], *, seed: int
) -> Segment | None:
    """Measure recall and NDCG by the targets of the long tail alone, as Cremonesi et al. (2010) did.

    Users without such a target are left out.

    Parameters
    ----------
    item_counts
        Training interactions of each item.

    Returns
    -------
    Segment or None
        None where no target is in the long tail.
    """
    return _of_targets(ranked, holdout, ~popular_head(item_counts)[holdout.target_items], ks, seed=seed)


def by_question(values: Values, holdout: Holdout, *, seed: int) -> dict[str, Segment]:
    """Measure what starts a visit and what comes next in it apart; nothing where requests are of one kind."""
    if holdout.kinds is None:
        return {}
    rows = {name: np.flatnonzero(holdout.kinds == kind) for kind, name in enumerate(QUESTIONS)}
    return {name: summarise(values, of_kind, seed=seed) for name, of_kind in rows.items() if len(of_kind)}


def by_novelty(ranked: Mapping[str, Int32], holdout: Holdout, ks: Sequence[int], *, seed: int) -> dict[str, Segment]:
    """Measure targets that are new to the user and targets of the history apart, where seen items are ranked."""
    if not holdout.include_seen:
        return {}
    seen = [np.isin(holdout.targets.row(row), holdout.history(row).items) for row in range(len(holdout))]
    repeated = np.concatenate([np.empty(0, dtype=np.bool_), *seen])
    found = {
        name: _of_targets(ranked, holdout, mask, ks, seed=seed)
        for name, mask in (("new_targets", ~repeated), ("repeated_targets", repeated))
    }
    return {name: segment for name, segment in found.items() if segment is not None}


def _of_targets(
    ranked: Mapping[str, Int32], holdout: Holdout, kept: Mask, ks: Sequence[int], *, seed: int
) -> Segment | None:
    """Measure by some of the targets; users without one are left out."""
    owners = np.repeat(np.arange(len(holdout)), np.diff(holdout.target_offsets))[kept]
    counts = np.bincount(owners, minlength=len(holdout))
    some = Ragged(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), holdout.target_items[kept])
    values = {
        name: {metric: of_users for metric, of_users in table.items() if metric.startswith(_OF_TARGETS)}
        for name, table in measure_users(ranked, some, ks).items()
    }
    rows = np.flatnonzero(counts)
    return summarise(values, rows, seed=seed) if len(rows) else None


def popular_head(item_counts: Int64) -> Mask:
    """Mark the fewest items that make up 80 % of the interactions, the most popular first; the others are the tail."""
    order = np.argsort(-item_counts, kind="stable")
    reached = np.cumsum(item_counts[order])
    before = reached - item_counts[order]
    head = np.zeros(len(item_counts), dtype=np.bool_)
    head[order] = (before < HEAD_SHARE * item_counts.sum()) & (item_counts[order] > 0)
    return head
