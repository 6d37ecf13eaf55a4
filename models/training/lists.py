"""Labelled candidate lists: what the network learns from."""

import numpy as np
import numpy.typing as npt

from models.data.interactions import Interactions
from models.data.progress import Progress
from models.ranking.candidates import Retriever
from models.ranking.config import RankingConfig
from models.ranking.features import FEATURES, FeatureBuilder, Scaler
from models.training.network import LabelledLists

MAX_LISTS = 14_000
MIN_HISTORY = 2
"""Shortest sequence that gives a label: one item to know and one to predict."""
MIN_LISTS = 2
"""Fewest lists to train on: one to learn from and one to stop by."""


def labelled_lists(
    train: Interactions, config: RankingConfig, *, seed: int, progress: Progress
) -> tuple[LabelledLists, Scaler] | None:
    """Hide the last interaction of a sample of users from the recommenders, and label their candidates with it.

    Lists whose candidates lack the hidden item teach nothing and are left out.

    Returns
    -------
    tuple or None
        The lists and the scaler that standardised them; None where fewer than two lists have their label.
    """
    rng = np.random.default_rng(seed)
    lengths = np.diff(train.offsets)
    users = np.flatnonzero(lengths >= MIN_HISTORY)
    if len(users) > MAX_LISTS:
        users = np.sort(rng.choice(users, MAX_LISTS, replace=False))
    keep = np.ones(len(train.items), dtype=np.bool_)
    keep[train.offsets[users + 1] - 1] = False
    retriever = Retriever.fit(train.select(keep), config)
    builder = FeatureBuilder(retriever.popularity)
    width = config.blend.candidates
    features = np.zeros((len(users), width, len(FEATURES)), dtype=np.float32)
    present = np.zeros((len(users), width), dtype=np.bool_)
    labels = np.zeros((len(users), width), dtype=np.float32)
    step = max(len(users) // 100, 1)
    for row, user in enumerate(users):
        sequence = train.items[train.offsets[user] : train.offsets[user + 1]]
        history, label = sequence[:-1], sequence[-1]
        candidates = retriever.retrieve(history, user=int(user), excluded=history)
        count = len(candidates.items)
        features[row, :count] = builder.build(candidates)
        present[row, :count] = True
        labels[row, :count] = candidates.items == label
        if row % step == 0:
            progress("candidate lists", row / len(users))
    progress("candidate lists", 1.0)
    taught: npt.NDArray[np.int64] = np.flatnonzero(labels.any(axis=1))
    if len(taught) < MIN_LISTS:
        return None
    lists = LabelledLists(features, present, labels).part(taught)
    scaler = Scaler.fit(lists.features[lists.present])
    return LabelledLists(scaler.transform(lists.features), lists.present, lists.labels), scaler
