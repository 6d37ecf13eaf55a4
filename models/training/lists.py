"""Labelled candidate lists: what the network learns from."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.interactions import Interactions
from models.data.progress import Progress
from models.ranking.candidates import Retriever
from models.ranking.config import RankingConfig
from models.ranking.features import FEATURES, FeatureBuilder, Scaler
from models.training.network import Float32, LabelledLists

MAX_LISTS = 14_000
"""Lists that hold their label; more of them teach little that is new."""
MAX_SAMPLE = 70_000
"""Labels that are tried for it, at most."""
POSITIONS = 3
"""How many of a user's latest interactions are labels, each with what came before it as the history."""
FOLD_SHARE = 0.2
"""Share of the users that are left out of a fit whose scores their lists are made of, at most."""
MIN_LISTS = 2
"""Fewest lists to train on: one to learn from and one to stop by."""


def labelled_lists(
    train: Interactions, config: RankingConfig, catalogue: pa.Table | None = None, *, seed: int, progress: Progress
) -> tuple[LabelledLists, Scaler] | None:
    """Label the candidates of a sample of users with what each had next.

    The recommenders are fitted without the users of the lists they score, fold by fold, so that the network sees
    scores as unbiased as those of a user's future. Lists whose candidates lack the label teach nothing and are left
    out.

    Returns
    -------
    tuple or None
        The lists and the scaler that standardised them; None where fewer than two lists have their label.
    """
    rng = np.random.default_rng(seed)
    owners, cuts = _sample(train, rng)
    n_folds = max(int(np.ceil(len(np.unique(owners)) / max(FOLD_SHARE * train.n_users, 1))), 1)
    fold_of = rng.permutation(train.n_users) % n_folds
    late = train.offsets[train.users + 1] - np.arange(len(train.items)) <= POSITIONS
    sampled = np.zeros(train.n_users, dtype=np.bool_)
    sampled[owners] = True
    lists: list[tuple[Float32, int]] = []
    done, step = 0, max(len(owners) // 100, 1)
    for fold in range(n_folds):
        left_out = sampled & (fold_of == fold)
        retriever = Retriever.fit(train.select(~(left_out[train.users] & late)), config, catalogue)
        builder = FeatureBuilder(retriever.popularity)
        rows = np.flatnonzero(left_out[owners])
        most = MAX_LISTS * (fold + 1) // n_folds
        for row in rng.permutation(rows):
            if len(lists) < most:
                history = train.items[train.offsets[owners[row]] : cuts[row]]
                candidates = retriever.retrieve(history, user=int(owners[row]), excluded=history)
                place = np.flatnonzero(candidates.items == train.items[cuts[row]])
                if len(place):
                    lists.append((builder.build(candidates), int(place[0])))
            done += 1
            if done % step == 0:
                progress("candidate lists", done / len(owners))
    progress("candidate lists", 1.0)
    return _padded(lists, config.blend.candidates) if len(lists) >= MIN_LISTS else None


def _padded(lists: list[tuple[Float32, int]], width: int) -> tuple[LabelledLists, Scaler]:
    features = np.zeros((len(lists), width, len(FEATURES)), dtype=np.float32)
    present = np.zeros((len(lists), width), dtype=np.bool_)
    labels = np.zeros((len(lists), width), dtype=np.float32)
    scaler = Scaler.fit(np.concatenate([columns for columns, _ in lists]))
    for row, (columns, place) in enumerate(lists):
        features[row, : len(columns)] = scaler.transform(columns)
        present[row, : len(columns)] = True
        labels[row, place] = 1.0
    return LabelledLists(features, present, labels), scaler


def _sample(train: Interactions, rng: np.random.Generator) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Choose label rows at random among the latest ones of each user; the first of a user has no history."""
    rows = np.arange(len(train.items))
    from_end = train.offsets[train.users + 1] - rows
    labels = np.flatnonzero((from_end <= POSITIONS) & (rows > train.offsets[train.users]))
    if len(labels) > MAX_SAMPLE:
        labels = np.sort(rng.choice(labels, MAX_SAMPLE, replace=False))
    return train.users[labels], labels
