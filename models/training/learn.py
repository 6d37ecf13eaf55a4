"""The automatic recipe: fits the recommenders, trains the network and chooses every setting on validation."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle.errors import BundleError
from models.data.goal import Goal
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.strengths import StrengthScale
from models.data.timeline import VISIT_PAUSE
from models.evaluation.list_kinds import lists_by_kind
from models.ranking.candidates import PARTS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.registry import RECOMMENDERS
from models.training.budget import Budget
from models.training.kind_weights import choose_by_kind
from models.training.labelled_lists import LabelOptions, labelled_lists, signals_of
from models.training.network import predict, save_network, train_networks
from models.training.newcomer_profiles import NewcomerChoice
from models.training.tuning import Trial, Tuner, tune_network_weight

KERAS_FILE = "network.keras"
MAX_VALIDATION_USERS = 5000
PARITY = 1e-5
TUNING_SHARE = 0.6
"""Share of the budget for the recommenders; the rest is for the network."""


@dataclass(frozen=True)
class Learned:
    """The result of the recipe.

    `ranker` has the recommenders that help, `retriever` all that the data allows, both with the same settings. `files`
    are those of the network in both forms, in the folder that `learn` was given. `budget_spent` tells whether some
    settings were not tried because the budget was spent. `newcomers` are the settings of lists for users without a
    history, where they were chosen.
    """

    ranker: Ranker
    retriever: Retriever
    network: NetworkScorer | None
    files: list[Path]
    curves: dict[str, list[float]]
    trials: list[Trial]
    budget_spent: bool = False
    newcomers: NewcomerChoice | None = None


def learn(
    train: Interactions,
    validation: Holdout,
    folder: Path,
    options: LabelOptions,
    *,
    scale: StrengthScale,
    parts: Collection[str],
    network: NetworkConfig | None,
    seed: int,
    budget: float | None,
    progress: Progress,
    newcomers: NewcomerChoice | None = None,
    goal: Goal | None = None,
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
    options
        Inputs of the network's lists besides the interactions; its catalogue is that of the recommenders.
    scale
        The scale of the strengths, stored with the settings.
    parts
        The parts that may have a weight.
    network
        Settings of the network; None trains no network.
    budget
        Seconds of processor time after which no further setting is tried; the trial that is running is finished. Where
        None it grows with the data.
    newcomers
        The settings of lists for users without a history; the defaults where None.
    goal
        What counts as success, stored with the settings.
    """
    seconds = default_budget(len(train.items)) if budget is None else budget
    search = Budget(seconds * TUNING_SHARE)
    sample = validation.sample(MAX_VALIDATION_USERS, seed)
    progress("similarities", 0.0)
    start = start_settings(train, scale, parts).model_copy(update={**context_settings(options), "goal": goal})
    if newcomers is not None:
        start = start.changed("popularity", newcomer_window=newcomers.window)
        start = start.model_copy(update={"profile_affinity": newcomers.config})
    everyone = Retriever.fit(train, start, options.catalogue, parts)
    progress("similarities", 1.0)
    tuner = Tuner(train, everyone, sample, seed, progress, options.catalogue, search, parts)
    everyone = tuner.tune()
    trials = tuner.trials
    retriever = everyone.pruned()
    learned = None
    if seconds > 0 and network is not None:
        learned = learn_network(train, retriever, folder, options, network, seed=seed, progress=progress)
    if learned is None:
        ranker = Ranker(retriever, None, train.item_ids, train.user_ids)
        return Learned(ranker, everyone, None, [], {}, trials, tuner.budget_spent, newcomers)
    scorer, curves = learned
    config, more = tune_network_weight(retriever, scorer, sample, seed=seed, progress=progress)
    kinds = lists_by_kind(sample, options.catalogue, seed=seed)
    config, of_kinds = choose_by_kind(retriever.configured(config), scorer, kinds, seed=seed)
    more += of_kinds
    ranker = Ranker(retriever.configured(config), scorer, train.item_ids, train.user_ids)
    files = network_files(folder)
    return Learned(
        ranker, everyone.configured(config), scorer, files, curves, [*trials, *more], tuner.budget_spent, newcomers
    )


def learn_network(
    known: Interactions,
    retriever: Retriever,
    folder: Path,
    options: LabelOptions,
    network: NetworkConfig,
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
    trained = train_networks(lists, network, seed=seed, on_epoch=lambda done: progress("network", done))
    files = network_files(folder)
    save_network(trained.model, *files)
    scorer = NetworkScorer(files[1], scaler, signals_of(retriever), context=retriever.config.context)
    check_parity(trained.model, scorer, lists.features[:64].reshape(-1, lists.features.shape[-1]))
    return scorer, trained.history


def network_files(folder: Path) -> list[Path]:
    """Return the files of a network in both forms."""
    return [folder / KERAS_FILE, folder / NETWORK_FILE]


def context_settings(options: LabelOptions) -> dict[str, Any]:
    """Return the settings of the context: the network reads it where its labels follow a timeline."""
    pause = VISIT_PAUSE if options.timeline is None else options.timeline.pause
    return {"context": options.timeline is not None, "visit_pause": pause}


def default_budget(interactions: int) -> float:
    """Return the default seconds of processor time for choosing settings, which grow with the data up to half an hour.

    They are about twice the usual need: if the budget is spent, some settings are not tried.
    """
    return min(480.0 + interactions * 1.2e-3, 1800.0)


def start_settings(train: Interactions, scale: StrengthScale, parts: Collection[str]) -> RankingConfig:
    """Return the settings where the search starts, and stays where there is nothing to choose them on."""
    start = RankingConfig() if train.timestamps is not None else RankingConfig.unordered()
    return start.model_copy(
        update={
            "scale": scale,
            "strength_exponent": 0.0 if train.strengths is None else 1.0,
            "blend": _start_blend(start.blend, parts),
        }
    )


def _start_blend(blend: BlendConfig, parts: Collection[str]) -> BlendConfig:
    """Return the start weights of some parts, 0 for all others; where all are 0, each of these parts has 1."""
    weights = {part: float(getattr(blend, part)) if part in parts else 0.0 for part in PARTS}
    # These parts are among the others only where there are acts before a goal.
    weights |= {entry.name: entry.acts_weight for entry in RECOMMENDERS if entry.needs_acts and entry.name in parts}
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
