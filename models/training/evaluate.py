"""Runs the whole pipeline on a data set once: clean, split, learn, measure on the test part."""

import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from models.data.cleaning import CleaningReport
from models.data.cutting import RANDOM
from models.data.folder import DataSet
from models.data.goal import Goal
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.splitting import Split
from models.evaluation.calibration import calibration
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.report import EvaluationReport, peak_memory_mb
from models.evaluation.segments import (
    Values,
    measure_users,
    summarise,
)
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.ranking.rotation import LoggedRotation
from models.similar.acts import Acts
from models.training.evaluation_config import EvaluationConfig
from models.training.labelled_lists import LabelOptions
from models.training.learn import Learned, learn, learn_network
from models.training.left_out import left_out
from models.training.measuring import (
    beyond_accuracy,
    measure_kinds,
    measure_profiles,
    measure_segments,
    measure_validation,
)
from models.training.new_users import measure_new_users
from models.training.newcomer_profiles import choose_for_newcomers
from models.training.not_fitted import not_fitted
from models.training.protocol import cleaned, split_for
from models.training.refresh import refresh
from models.training.seen_repeats import tune_seen_repeats


@dataclass(frozen=True)
class Evaluated:
    """The result of one run of the pipeline.

    `everything` are all interactions, cleaned and encoded; `log` are the same including repeated pairs. `validation`
    holds NDCG@10 of the blend and of popularity, and coverage@10, on the validation part, where it was measured.
    `values` are the metrics of each user of `test`, where there was one. `window` is the length of the validation
    window in seconds, where there was one. `labels` are the options of the labels of a network that is trained once
    more, on all interactions; None where the network that was learned is published. `acts` are the purchases and views
    of the log, where they were wanted and can be told apart.
    """

    report: EvaluationReport
    learned: Learned
    everything: Interactions
    log: Interactions
    cleaning: CleaningReport
    validation: Mapping[str, float]
    test: Holdout | None = None
    values: Values = field(default_factory=dict)
    window: float | None = None
    labels: LabelOptions | None = None
    acts: Acts | None = None


class _Stopwatch:
    """Passes progress on, and adds up the seconds of each phase."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def __call__(self, phase: str, done: float) -> None:
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now
        self._progress(phase, done)


def evaluate(dataset: DataSet, folder: Path, config: EvaluationConfig, *, progress: Progress) -> Evaluated:
    """Train with the automatic recipe and measure once on the test part.

    Parameters
    ----------
    dataset
        As read from a data-set folder or from the log.
    folder
        Where the network's files are written.

    Raises
    ------
    TooFewInteractionsError
        There are too few interactions to split.
    BundleError
        The settings that were chosen before need a network, and there are too few interactions to train one.
    """
    watch = _Stopwatch(progress)
    seed = config.seed
    watch("cleaning", 0.0)
    dataset, table, cleaning = cleaned(dataset, config)
    watch("cleaning", 1.0)
    split = split_for(dataset, table, cleaning, config)
    watch("splitting", 1.0)
    acts = acts_of(table, split.everything, config, cleaning.goal)
    del table  # the split holds what is needed; the table of millions of rows takes hundreds of megabytes
    options = LabelOptions(
        split.train_log,
        dataset.items,
        split.window,
        config.include_seen,
        split.timeline,
        split.disliked,
        impressions=split.impressions,
        pause=config.visit_pause,
    )
    large = not_fitted(config.parts, split.counts["items"], split.everything)
    wanted, config = config.parts, _without(config, large)
    learned = _learn(split, cleaning, folder, options, config, watch)
    if config.with_validation and config.chosen is None and not config.include_seen and split.protocol != RANDOM:
        learned = tune_seen_repeats(learned, split.train_log, split.known_log, seed=seed)
        watch("tuning repeats", 1.0)
    validation = measure_validation(learned.ranker, split.validation, seed, watch) if config.with_validation else {}
    ranker, everyone, fitted = learned.ranker, learned.retriever, split.train
    if split.refit:
        fitted = split.known
        everyone = everyone.refitted(fitted, everyone.config, dataset.items)
        options = replace(options, log=split.known_log)
        ranker = _refitted(learned, everyone, fitted, folder, options, config, watch)
    test = split.test if config.test_users is None else split.test.sample(config.test_users, seed)
    rotation = None
    if split.impressions is not None:
        rotation = LoggedRotation(split.impressions, config.rotation, config.visit_pause)
    ranked = rank_holdout(ranker, everyone, test, max(config.ks), seed=seed, progress=watch, rotation=rotation)
    values = measure_users(ranked, test.targets, config.ks)
    whole = summarise(values, np.arange(len(test.users)), seed=seed)
    metrics = beyond_accuracy(whole, ranked, fitted, config.ks, seed)
    if split.later is not None:
        for name, lists in ranked.items():
            metrics[name] |= split.later.means(test.users, lists, config.ks)
    watch("metrics", 1.0)
    segments = measure_segments(ranked, values, test, split.newcomers, fitted, ranker, config.ks, seed)
    watch("segments", 1.0)
    profiles = measure_profiles(ranker, split.newcomers, learned.newcomers, config.ks, seed)
    kinds = measure_kinds(ranker, everyone, test, values, dataset, config, watch)
    calibrated: Sequence[Mapping[str, Any]] = ()
    if not config.brief:
        calibrated = calibration(ranker, test, seed=seed)
        watch("calibration", 1.0)
        new_users = measure_new_users(
            ranker, fitted, test, values, config.ks, catalogue=dataset.items, seed=seed, progress=watch
        )
        if new_users is not None:
            segments["new_users"] = new_users
    report = EvaluationReport(
        protocol=split.protocol,
        counts={
            **split.counts,
            **({} if split.impressions is None else {"impressions": len(split.impressions)}),
            "measured_users": len(test.users),
            "rows_read": cleaning.rows_read,
            "rows_kept": cleaning.rows_kept,
            "rows_dropped": cleaning.dropped,
        },
        metrics=metrics,
        intervals=whole["intervals"],
        settings={**ranker.retriever.config.model_dump(), "seed": seed, "budget_spent": learned.budget_spent},
        seconds={phase: round(seconds, 3) for phase, seconds in watch.seconds.items()},
        peak_memory_mb=round(peak_memory_mb(), 1),
        segments=segments,
        trials=[asdict(trial) for trial in learned.trials],
        curves=learned.curves,
        calibration=calibrated,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        left_out=left_out(
            ranker.retriever.config,
            learned.retriever.present,
            large,
            wanted=wanted,
            has_network=learned.network is not None,
        ),
        kinds=kinds,
        goal=None if cleaning.goal is None else str(cleaning.goal),
        profiles=profiles,
    )
    labels = replace(options, log=split.log) if _learns_again(learned.retriever, options, config) else None
    return Evaluated(
        report, learned, split.everything, split.log, cleaning, validation, test, values, split.window, labels, acts
    )


def acts_of(table: pa.Table, everything: Interactions, config: EvaluationConfig, goal: Goal | None) -> Acts | None:
    """Read what reached the goal and the views of a clean table, if they are wanted."""
    if not config.with_acts:
        return None
    return Acts.from_table(table, everything.user_ids, everything.item_ids, config.visit_pause, goal)


def _without(config: EvaluationConfig, parts: Collection[str]) -> EvaluationConfig:
    """Leave some parts out of a run, and out of the settings that it keeps."""
    chosen = None if config.chosen is None else config.chosen.without(parts)
    return replace(config, parts=[part for part in config.parts if part not in parts], chosen=chosen)


def _learn(
    split: Split,
    cleaning: CleaningReport,
    folder: Path,
    options: LabelOptions,
    config: EvaluationConfig,
    progress: Progress,
) -> Learned:
    """Choose all settings, or fit with those chosen before."""
    if config.chosen is not None:
        return refresh(
            split.train,
            config.chosen,
            folder,
            options,
            config.network,
            scale=cleaning.scale,
            seed=config.seed,
            progress=progress,
        )
    newcomers = choose_for_newcomers(split.known.successes, split.window, config.visit_pause, config.seed)
    if split.known.profiles is not None or split.known.contexts is not None:
        progress("newcomers", 1.0)
    return learn(
        split.train,
        split.validation,
        folder,
        options,
        scale=cleaning.scale,
        parts=config.parts,
        network=config.network if config.with_network else None,
        seed=config.seed,
        budget=config.budget,
        progress=progress,
        newcomers=newcomers,
        goal=cleaning.goal,
    )


def _refitted(
    learned: Learned,
    everyone: Retriever,
    known: Interactions,
    folder: Path,
    options: LabelOptions,
    config: EvaluationConfig,
    progress: Progress,
) -> Ranker:
    """Rank with the recommenders and the network fitted on all interactions before the test."""
    retriever, network = everyone.pruned(), learned.network
    progress("refit", 1.0)
    if _learns_again(retriever, options, config):
        # Beside the files of the first network, which is published where there are too few labels for another one.
        with tempfile.TemporaryDirectory(prefix="refit-", dir=folder) as own:
            again = learn_network(
                known, retriever, Path(own), options, config.network, seed=config.seed, progress=progress
            )
        network = network if again is None else again[0]
    return Ranker(retriever, network, known.item_ids, known.user_ids)


def _learns_again(retriever: Retriever, options: LabelOptions, config: EvaluationConfig) -> bool:
    """Return whether the network is trained once more now that the settings are chosen.

    The latest window was held out, and it gives the best labels.
    """
    kept = config.chosen is not None and config.chosen.network is not None
    return options.window is not None and retriever.config.blend.reads_network and not kept
