"""Calibration: whether the probabilities that the network predicts agree with the observed hits."""

from typing import TypedDict

import numpy as np

from models.arrays.types import Float64
from models.data.holdout import Holdout
from models.evaluation.requests import request_of
from models.ranking.ranker import Ranker

MAX_USERS = 2000
EDGES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Ends of the bins; most candidates have a small probability."""


class Bin(TypedDict):
    """Candidates of similar probability: their number, mean prediction and share of hits."""

    low: float
    high: float
    candidates: int
    predicted: float
    observed: float


def calibration(ranker: Ranker, holdout: Holdout, *, seed: int) -> list[Bin]:
    """Compare the softmax of the network's scores over a user's candidates with the hits among them.

    The network was trained on lists that hold the next item, so users whose candidates hold no test item are left out;
    of several test items, each counts as an equal share of one hit. At most 2,000 users are sampled.

    Returns
    -------
    list
        The bins that are not empty, by rising probability; none without a network.
    """
    network = ranker.network
    if network is None:
        return []
    sample = holdout.sample(MAX_USERS, seed)
    predicted, observed = [], []
    for row in range(len(sample.users)):
        candidates = ranker.retriever.retrieve(*request_of(sample, row))
        hits = np.isin(candidates.items, sample.targets.row(row))
        if hits.any():
            predicted.append(_softmax(network.score(ranker.features.build(candidates)).astype(np.float64)))
            observed.append(hits / hits.sum())
    nothing: Float64 = np.empty(0)
    return bins(np.concatenate([nothing, *predicted]), np.concatenate([nothing, *observed]))


def bins(predicted: Float64, observed: Float64) -> list[Bin]:
    """Put probabilities and hits, float64 of the same length, into bins; each holds its lower end."""
    place = np.clip(np.searchsorted(EDGES, predicted, side="right") - 1, 0, len(EDGES) - 2)
    filled = []
    for index in np.unique(place):
        inside = place == index
        filled.append(
            Bin(
                low=EDGES[index],
                high=EDGES[index + 1],
                candidates=int(inside.sum()),
                predicted=float(predicted[inside].mean()),
                observed=float(observed[inside].mean()),
            )
        )
    return filled


def _softmax(scores: Float64) -> Float64:
    raised = np.exp(scores - scores.max())
    shares: Float64 = raised / raised.sum()
    return shares
