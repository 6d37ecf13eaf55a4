"""The automatic recipe: fits the recommenders, trains the network and chooses every setting on validation."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models.bundle.errors import BundleError
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.strengths import StrengthScale
from models.ranking.candidates import PARTS
from models.ranking.config import BlendConfig, NetworkConfig, RankingConfig
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.labelled_lists import LabelOptions, labelled_lists
from models.training.network import predict, save_network, train_networks
from models.training.tuning import Trial, Tuner, tune_network_weight

KERAS_FILE = "network.keras"
MAX_VALIDATION_USERS = 5000
PARITY = 1e-5
TUNING_SHARE = 0.6
"""Of the budget; the rest is left to the network."""
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

    `ranker` has the recommenders that help, `retriever` all that the data allows, with the same settings. `files`
    holds the network in both forms; it lasts as long as the folder that `learn` was given. `budget_spent` tells
    whether settings were left untried, for want of time.
    """

    ranker: Ranker
    retriever: Retriever
    network: NetworkScorer | None
    files: list[Path]
    curves: dict[str, list[float]]
    trials: list[Trial]
    budget_spent: bool = False


def learn(
    train: Interactions,
    validation: Holdout,
    folder: Path,
    catalogue: pa.Table | None = None,
    *,
    scale: StrengthScale | None = None,
    window: float | None = None,
    parts: Collection[str] = PARTS,
    with_network: bool = True,
    network: NetworkConfig | None = None,
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
    scale
        The scale of the strengths, to be stored with the settings.
    window
        Length of the test where it is a window of time.
    parts
        Recommenders to use.
    with_network
        Whether to train the network at all.
    network
        Settings of the network; the defaults where None.
    budget
        Seconds after which no further setting is tried; what is under way is finished. By default it grows with the
        data.
    """
    seconds = default_budget(len(train.items)) if budget is None else budget
    deadline = time.monotonic() + seconds * TUNING_SHARE
    sample = validation.sample(MAX_VALIDATION_USERS, seed)
    progress("similarities", 0.0)
    start = RankingConfig() if train.timestamps is not None else UNORDERED
    start = start.model_copy(
        update={
            "scale": scale or StrengthScale(),
            "strength_exponent": 0.0 if train.strengths is None else 1.0,
            "blend": _start_blend(start.blend, parts),
        }
    )
    everyone = Retriever.fit(train, start, catalogue, parts)
    progress("similarities", 1.0)
    tuner = Tuner(train, everyone, sample, seed, progress, catalogue, deadline, parts)
    everyone = tuner.tune()
    trials = tuner.trials
    retriever = everyone.pruned()
    options = LabelOptions(catalogue, window, validation.include_seen)
    learned = None
    if seconds > 0 and with_network:
        learned = learn_network(train, retriever, folder, options, network, seed=seed, progress=progress)
    if learned is None:
        ranker = Ranker(retriever, None, train.item_ids, train.user_ids)
        return Learned(ranker, everyone, None, [], {}, trials, tuner.budget_spent)
    scorer, curves = learned
    config, more = tune_network_weight(retriever, scorer, sample, seed=seed, progress=progress)
    ranker = Ranker(retriever.configured(config), scorer, train.item_ids, train.user_ids)
    files = [folder / KERAS_FILE, folder / NETWORK_FILE]
    return Learned(ranker, everyone.configured(config), scorer, files, curves, [*trials, *more], tuner.budget_spent)


def learn_network(
    known: Interactions,
    retriever: Retriever,
    folder: Path,
    options: LabelOptions,
    network: NetworkConfig | None = None,
    *,
    seed: int,
    progress: Progress,
) -> tuple[NetworkScorer, dict[str, list[float]]] | None:
    """Train the network on labels from some interactions, and write it in both forms.

    Returns
    -------
    tuple or None
        The network as the service runs it and its learning curves; None where there are too few labels.
    """
    labelled = labelled_lists(known, retriever, options, seed=seed, progress=progress)
    if labelled is None:
        return None
    lists, scaler = labelled
    settings = network or NetworkConfig()
    trained = train_networks(lists, settings, seed=seed, on_epoch=lambda done: progress("network", done))
    files = [folder / KERAS_FILE, folder / NETWORK_FILE]
    save_network(trained.model, *files)
    scorer = NetworkScorer(files[1], scaler)
    check_parity(trained.model, scorer, lists.features[:64].reshape(-1, lists.features.shape[-1]))
    return scorer, trained.history


def default_budget(interactions: int) -> float:
    """Give the seconds for choosing settings where nobody says: more for more data, up to a quarter of an hour.

    About twice what is needed: a budget that binds makes the outcome depend on how busy the machine is.
    """
    return min(240.0 + interactions * 6e-4, 900.0)


def _start_blend(blend: BlendConfig, parts: Collection[str]) -> BlendConfig:
    """Take the start weights of some parts; where all of these are 0, each has 1."""
    weights = {part: float(getattr(blend, part)) if part in parts else 0.0 for part in PARTS}
    if not any(weights.values()):
        weights |= dict.fromkeys(parts, 1.0)
    return blend.model_copy(update=weights)


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
