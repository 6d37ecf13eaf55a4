"""Tuning: chooses request-time settings on the validation part."""

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.data.held import Held
from models.data.progress import Progress
from models.evaluation.metrics import evaluate_lists
from models.ranking.blend import blend
from models.ranking.candidates import Candidates, Retriever
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder
from models.ranking.network import NetworkScorer

Float32 = npt.NDArray[np.float32]

METRIC = "ndcg@10"
_DEPTH = 10
DECAYS = (0.6, 0.85, 1.0)
USER_WEIGHTS = (0.0, 0.2, 0.5)
NETWORK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Trial:
    """One setting tried on validation and the NDCG@10 it reached."""

    setting: dict[str, float]
    ndcg: float


def tune_neighbours(
    retriever: Retriever, held: Held, *, seed: int, deadline: float = math.inf, progress: Progress
) -> tuple[RankingConfig, list[Trial]]:
    """Choose the recency decay and the share of user-based neighbours; at the deadline, from what was tried."""
    trials: list[Trial] = []
    best, best_ndcg = retriever.config, -1.0
    grid = [(decay, weight) for decay in DECAYS for weight in USER_WEIGHTS]
    for tried, (decay, weight) in enumerate(grid):
        if trials and time.monotonic() >= deadline:
            break
        config = retriever.config.model_copy(
            update={
                "item_knn": retriever.config.item_knn.model_copy(update={"recency_decay": decay}),
                "blend": retriever.config.blend.model_copy(update={"user_weight": weight}),
            }
        )
        lists = _draw(retriever.configured(config), held)
        ndcg = _ndcg(held, lists, [candidates.neighbours for candidates in lists], retriever, seed)
        trials.append(Trial({"recency_decay": decay, "user_weight": weight}, ndcg))
        if ndcg > best_ndcg:
            best, best_ndcg = config, ndcg
        progress("tuning neighbours", (tried + 1) / len(grid))
    progress("tuning neighbours", 1.0)
    return best, trials


def tune_blend(
    retriever: Retriever, network: NetworkScorer, held: Held, *, seed: int, progress: Progress
) -> tuple[RankingConfig, list[Trial]]:
    """Choose the network's weight, 0 where it does not help."""
    builder = FeatureBuilder(retriever.popularity)
    lists = _draw(retriever, held)
    scores = [network.score(builder.build(candidates)) for candidates in lists]
    trials: list[Trial] = []
    for tried, weight in enumerate(NETWORK_WEIGHTS):
        blended = [blend(candidates.neighbours, score, weight) for candidates, score in zip(lists, scores, strict=True)]
        trials.append(Trial({"network_weight": weight}, _ndcg(held, lists, blended, retriever, seed)))
        progress("tuning the blend", (tried + 1) / len(NETWORK_WEIGHTS))
    best = max(trials, key=lambda trial: trial.ndcg)
    chosen = retriever.config.blend.model_copy(update=best.setting)
    return retriever.config.model_copy(update={"blend": chosen}), trials


def _draw(retriever: Retriever, held: Held) -> list[Candidates]:
    return [
        retriever.retrieve(
            held.history(row), user=int(user), excluded=held.excluded(row), only=held.candidate_list(row)
        )
        for row, user in enumerate(held.users)
    ]


def _ndcg(held: Held, lists: list[Candidates], scores: list[Float32], retriever: Retriever, seed: int) -> float:
    rng = np.random.default_rng(seed)
    ranked = np.full((len(lists), _DEPTH), -1, dtype=np.int32)
    for row, (candidates, values) in enumerate(zip(lists, scores, strict=True)):
        order = np.lexsort((rng.random(len(values)), -values))[:_DEPTH]
        ranked[row, : len(order)] = candidates.items[order]
    n_items = len(retriever.popularity.counts)
    return evaluate_lists(ranked, held.target_offsets, held.target_items, (_DEPTH,), n_items)[METRIC]
