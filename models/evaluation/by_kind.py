"""Measures the blend on each kind of list beside its parts: it may not be worse than the best of them."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from models.arrays.types import Float32, Float64, Int32
from models.evaluation.list_kinds import ListsOfKind
from models.evaluation.metrics import per_user_values
from models.evaluation.report import BLEND, MIX, NETWORK, bootstrap_intervals
from models.ranking.candidates import PARTS, Candidates
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

METRICS = ("recall@10", "ndcg@10")
CERTAINTY = 0.99
"""Of the interval of the difference: the best of several parts is compared, on several kinds of lists."""
_LENGTH = 10


class MeasuredKind(TypedDict):
    """Metrics on one kind of list.

    `metrics` are those of the blend, the mix, the network and each part; `difference` is that of the blend to the best
    part in NDCG@10, with its paired interval.
    """

    users: int
    network_weight: float
    metrics: dict[str, dict[str, float]]
    best_part: str
    difference: tuple[float, float, float]


def measure_kind(ranker: Ranker, everyone: Retriever, lists: ListsOfKind, *, seed: int) -> MeasuredKind:
    """Rank the lists of one kind with the blend, its mix, the network, and each part alone.

    Ties are broken at random.

    Parameters
    ----------
    ranker
        Fitted without the held-out items.
    everyone
        All parts, for their evaluation alone.
    """
    rng = np.random.default_rng(seed)
    ranked: dict[str, list[Int32]] = {}
    for candidates in lists.generate(ranker.retriever):
        scores = {MIX: candidates.neighbours}
        if ranker.network is not None:
            scores[NETWORK] = ranker.network.score(ranker.features.build(candidates))
        scores[BLEND] = ranker.score(candidates, scores.get(NETWORK))
        _rank(ranked, candidates, scores, rng)
    for candidates in lists.generate(everyone, top_only=False):
        _rank(ranked, candidates, {name: candidates.parts[PARTS.index(name)] for name in everyone.present}, rng)
    targets = lists.holdout.targets
    values = {
        name: per_user_values(np.stack(rows), targets.offsets, targets.items, [_LENGTH])
        for name, rows in ranked.items()
    }
    return compare_with_best(values, ranker.retriever.config.blend.weight_for(lists.kind), seed=seed)


def compare_with_best(values: Mapping[str, Mapping[str, Float64]], network_weight: float, *, seed: int) -> MeasuredKind:
    """Compare the blend with the best part, given the metrics of each user."""
    metrics = {
        name: {metric: float(of_users[metric].mean()) for metric in METRICS} for name, of_users in values.items()
    }
    parts = [name for name in metrics if name not in {BLEND, NETWORK, MIX}]
    best = max(parts, key=lambda name: metrics[name]["ndcg@10"])
    difference = values[BLEND]["ndcg@10"] - values[best]["ndcg@10"]
    low, high = bootstrap_intervals({"ndcg@10": difference}, seed=seed, certainty=CERTAINTY)["ndcg@10"]
    return MeasuredKind(
        users=len(difference),
        network_weight=network_weight,
        metrics=metrics,
        best_part=best,
        difference=(float(difference.mean()), low, high),
    )


def _rank(
    ranked: dict[str, list[Int32]], candidates: Candidates, scores: Mapping[str, Float32], rng: np.random.Generator
) -> None:
    noise = rng.random(len(candidates.items))
    for name, values in scores.items():
        order = np.lexsort((noise, -values))
        best = candidates.items[order if candidates.wanted is None else order[candidates.wanted[order]]][:_LENGTH]
        row = np.full(_LENGTH, -1, dtype=np.int32)
        row[: len(best)] = best
        ranked.setdefault(name, []).append(row)
