"""Runs the whole pipeline on a data set once: clean, split, learn, measure on the test part."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.arrays.types import Int32
from models.data.cleaning import CleaningReport, clean
from models.data.events import EventType
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.splitting import Split, make_split
from models.evaluation.beyond_accuracy import BeyondAccuracy
from models.evaluation.calibration import calibration
from models.evaluation.metrics import coverage
from models.evaluation.ranked import rank_holdout, rank_popular
from models.evaluation.report import BLEND, POPULARITY, EvaluationReport, peak_memory_mb
from models.evaluation.segments import Segment, Values, by_history_length, long_tail, measure_users, summarise
from models.ranking.candidates import PARTS
from models.ranking.config import NetworkConfig
from models.ranking.ranker import Ranker
from models.training.labelled_lists import LabelOptions
from models.training.learn import MAX_VALIDATION_USERS, Learned, learn, learn_network
from models.training.new_users import measure_new_users
from models.training.refresh import ChosenSettings, learn_with_chosen

DEFAULT_KS = (5, 10, 20)


@dataclass(frozen=True)
class Evaluated:
    """What one run of the pipeline found.

    `everything` are all interactions, cleaned and encoded; `log` are the same with their repeated pairs. `validation`
    holds NDCG@10 of the blend and of popularity, and coverage@10, on the validation part, where it was asked for.
    """

    report: EvaluationReport
    learned: Learned
    everything: Interactions
    log: Interactions
    cleaning: CleaningReport
    validation: Mapping[str, float]


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


def evaluate(
    dataset: DataSet,
    folder: Path,
    *,
    protocol: str | None = None,
    ks: Sequence[int] = DEFAULT_KS,
    seed: int = 0,
    budget: float | None = None,
    include_seen: bool = False,
    test_days: float | None = None,
    parts: Collection[str] = PARTS,
    with_network: bool = True,
    network: NetworkConfig | None = None,
    event_types: Mapping[str, float | EventType] | None = None,
    test_users: int | None = None,
    settled: ChosenSettings | None = None,
    brief: bool = False,
    with_validation: bool = False,
    progress: Progress,
) -> Evaluated:
    """Train with the automatic recipe and measure once on the test part.

    Parameters
    ----------
    dataset
        As read from a data-set folder or from the log.
    folder
        Where the network's files are written; they are gone with it.
    protocol
        `fixed`, `leave-last-out`, `temporal` or `random`; by default what the data allows.
    ks
        Lengths of the lists that are measured.
    parts
        Recommenders to use.
    with_network
        Whether to train the network at all.
    network
        Settings of the network; the defaults where None.
    event_types
        What event types say; those left out are as in `EVENT_WEIGHTS`.
    test_users
        How many test users are measured, a random sample of more; all by default.
    budget
        Seconds after which no further setting is tried; what is under way is finished.
    settled
        Settings that were chosen before; all are chosen anew where None.
    brief
        Whether calibration and new users are left out.
    with_validation
        Whether the validation part is measured as well.

    Raises
    ------
    DataSetError
        There is too little to split.
    """
    watch = _Stopwatch(progress)
    watch("cleaning", 0.0)
    table, cleaning = clean(dataset.interactions, event_types)
    watch("cleaning", 1.0)
    split: Split = make_split(
        dataset,
        table,
        protocol=protocol,
        seed=seed,
        scale=cleaning.scale,
        disliked=cleaning.disliked,
        include_seen=include_seen,
        test_days=test_days,
    )
    watch("splitting", 1.0)
    del table  # what is needed of it is in the split; of millions of rows it is hundreds of megabytes
    options = LabelOptions(dataset.items, split.window, include_seen)
    if settled is None:
        learned = learn(
            split.train,
            split.validation,
            folder,
            dataset.items,
            scale=cleaning.scale,
            window=split.window,
            parts=parts,
            with_network=with_network,
            network=network,
            seed=seed,
            budget=budget,
            progress=watch,
        )
    else:
        learned = learn_with_chosen(
            split.train, settled, folder, options, network, scale=cleaning.scale, seed=seed, progress=watch
        )
    validation = _validation(learned.ranker, split.validation, seed, watch) if with_validation else {}
    ranker, everyone, fitted = learned.ranker, learned.retriever, split.train
    if split.refit:
        fitted = split.known
        everyone = everyone.refitted(fitted, everyone.config, dataset.items)
        ranker = Ranker(everyone.pruned(), learned.network, fitted.item_ids, fitted.user_ids)
        watch("refit", 1.0)
        kept = settled is not None and settled.network is not None
        if split.window is not None and ranker.retriever.config.blend.network_weight > 0 and not kept:
            # The latest window was the validation: now that the settings are chosen, it is the best of labels.
            again = learn_network(fitted, ranker.retriever, folder, options, network, seed=seed, progress=watch)
            ranker.network = ranker.network if again is None else again[0]
    test = split.test if test_users is None else split.test.sample(test_users, seed)
    ranked = rank_holdout(ranker, everyone, test, max(ks), seed=seed, progress=watch)
    values = measure_users(ranked, test.targets, ks)
    whole = summarise(values, np.arange(len(test.users)), seed=seed)
    metrics = _beyond_accuracy(whole, ranked, fitted, ks, seed)
    watch("metrics", 1.0)
    segments = _segments(ranked, values, test, split.newcomers, fitted, ranker, ks, seed)
    watch("segments", 1.0)
    calibrated: Sequence[Mapping[str, Any]] = ()
    if not brief:
        calibrated = calibration(ranker, test, seed=seed)
        watch("calibration", 1.0)
        new_users = measure_new_users(
            ranker, fitted, test, values, ks, catalogue=dataset.items, seed=seed, progress=watch
        )
        if new_users is not None:
            segments["new_users"] = new_users
    report = EvaluationReport(
        protocol=split.protocol,
        counts={
            **split.counts,
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
    )
    return Evaluated(report, learned, split.everything, split.log, cleaning, validation)


def _validation(ranker: Ranker, holdout: Holdout, seed: int, progress: Progress) -> dict[str, float]:
    """Measure the blend and popularity on the part that the settings were chosen on."""
    sample = holdout.sample(MAX_VALIDATION_USERS, seed)
    ranked = rank_holdout(
        ranker, ranker.retriever, sample, 10, seed=seed, progress=progress, phase="validating", alone=False
    )
    values = measure_users(ranked, sample.targets, [10])
    blend, popular = (float(values[name]["ndcg@10"].mean()) for name in (BLEND, POPULARITY))
    covered = coverage(ranked[BLEND], [10], holdout.source.n_items)
    return {"users": len(sample.users), "ndcg@10": blend, f"{POPULARITY}_ndcg@10": popular, **covered}


def _beyond_accuracy(
    whole: Segment, ranked: dict[str, Int32], fitted: Interactions, ks: Sequence[int], seed: int
) -> dict[str, dict[str, float]]:
    beyond = BeyondAccuracy(fitted, seed)
    return {
        name: whole["metrics"][name] | coverage(lists, ks, fitted.n_items) | beyond.measure(lists, ks)
        for name, lists in ranked.items()
    }


def _segments(
    ranked: dict[str, Int32],
    values: Values,
    test: Holdout,
    new: Holdout,
    fitted: Interactions,
    ranker: Ranker,
    ks: Sequence[int],
    seed: int,
) -> dict[str, Any]:
    segments: dict[str, Any] = {"history_length": by_history_length(values, test, seed=seed)}
    item_counts = np.bincount(fitted.items, minlength=fitted.n_items)
    tail = long_tail(ranked, test, item_counts, ks, seed=seed)
    if tail is not None:
        segments["long_tail"] = tail
    if len(new.users):
        popular = rank_popular(ranker, new, max(ks), seed=seed)
        # Without a history the blend's answer is the popular list.
        of_users = measure_users({BLEND: popular, POPULARITY: popular}, new.targets, ks)
        segments["no_history"] = summarise(of_users, np.arange(len(new.users)), seed=seed)
    return segments
