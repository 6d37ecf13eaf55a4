"""The automatic recipe: fits the recommenders, trains the network and chooses every setting on validation."""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models.bundle.errors import BundleError
from models.data.held import Held
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.ranking.candidates import Retriever
from models.ranking.config import RankingConfig
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.ranker import Ranker
from models.training.lists import labelled_lists
from models.training.network import NetworkConfig, predict, save_network, train_networks
from models.training.tuning import Trial, Tuner, tune_network_weight

KERAS_FILE = "network.keras"
MAX_VALIDATION_USERS = 5000
PARITY = 1e-5
UNORDERED = (
    RankingConfig()
    .changed("item_knn", target_exponent=0.3, recency_decay=1.0)
    .changed("content", recency_decay=1.0)
    .changed("blend", successor=0.0)
)
"""Where to start when the data has no order; with an order the defaults are the start."""


@dataclass(frozen=True)
class Learned:
    """What the recipe found.

    `files` holds the network in both forms; it lasts as long as the folder that `learn` was given.
    """

    ranker: Ranker
    network: NetworkScorer | None
    files: list[Path]
    curves: dict[str, list[float]]
    trials: list[Trial]


def learn(
    train: Interactions,
    validation: Held,
    folder: Path,
    catalogue: pa.Table | None = None,
    *,
    seed: int,
    budget: float | None = None,
    progress: Progress,
) -> Learned:
    """Run the recipe on a training part; nothing of the test part is read.

    Parameters
    ----------
    train
        What the recommenders are fitted on.
    validation
        Held-out items of the same users, on which all settings are chosen.
    folder
        Where the network's files are written.
    budget
        Seconds after which no further setting is tried; what is under way is finished.
    """
    deadline = math.inf if budget is None else time.monotonic() + budget
    sample = validation.sample(MAX_VALIDATION_USERS, seed)
    progress("similarities", 0.0)
    start = RankingConfig() if train.timestamps is not None else UNORDERED
    retriever = Retriever.fit(train, start, catalogue)
    progress("similarities", 1.0)
    tuner = Tuner(train, retriever, sample, seed, progress, deadline)
    retriever = tuner.tune()
    trials = tuner.trials
    in_time = time.monotonic() < deadline
    labelled = labelled_lists(train, retriever.config, catalogue, seed=seed, progress=progress) if in_time else None
    if labelled is None:
        ranker = Ranker(retriever, None, train.item_ids, train.user_ids)
        return Learned(ranker, None, [], {}, trials)
    lists, scaler = labelled
    trained = train_networks(lists, NetworkConfig(), seed=seed, on_epoch=lambda done: progress("network", done))
    files = [folder / KERAS_FILE, folder / NETWORK_FILE]
    save_network(trained.model, *files)
    network = NetworkScorer(files[1], scaler)
    check_parity(trained.model, network, lists.features[:64].reshape(-1, lists.features.shape[-1]))
    config, more = tune_network_weight(retriever, network, sample, seed=seed, progress=progress)
    ranker = Ranker(retriever.configured(config), network, train.item_ids, train.user_ids)
    return Learned(ranker, network, files, trained.history, [*trials, *more])


def check_parity(model: Any, network: NetworkScorer, standardised: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    """Refuse a network whose exported form differs from the trained one by more than 1e-5 on real inputs.

    Raises
    ------
    BundleError
        They differ.
    """
    difference = float(np.abs(predict(model, standardised) - network.raw(standardised)).max(initial=0.0))
    if not difference <= PARITY:
        raise BundleError(f"{NETWORK_FILE} differs from {KERAS_FILE} by {difference:.2g}, more than {PARITY:g}")
