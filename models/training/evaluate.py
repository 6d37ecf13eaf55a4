"""Runs the whole pipeline on a data set once: clean, split, learn, measure on the test part."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.data.cleaning import CleaningReport, clean
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.splitting import Split, make_split
from models.evaluation.metrics import evaluate_lists, per_user_values
from models.evaluation.ranked import rank_held
from models.evaluation.report import EvaluationReport, bootstrap_intervals, peak_memory_mb
from models.ranking.config import NetworkConfig
from models.ranking.ranker import Ranker
from models.training.learn import Learned, learn

DEFAULT_KS = (5, 10, 20)


@dataclass(frozen=True)
class Evaluated:
    """What one run of the pipeline found; `everything` are all interactions, cleaned and encoded."""

    report: EvaluationReport
    learned: Learned
    everything: Interactions
    cleaning: CleaningReport


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
    only: Collection[str] = (),
    network: NetworkConfig | None = None,
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
    only
        Parts to use, without the network; all of them by default.
    network
        Settings of the network; the defaults where None.
    budget
        Seconds after which no further setting is tried; what is under way is finished.

    Raises
    ------
    DataSetError
        There is too little to split.
    """
    watch = _Stopwatch(progress)
    watch("cleaning", 0.0)
    table, cleaning = clean(dataset.interactions)
    watch("cleaning", 1.0)
    split: Split = make_split(
        dataset,
        table,
        protocol=protocol,
        seed=seed,
        ratings=cleaning.ratings,
        include_seen=include_seen,
        test_days=test_days,
    )
    watch("splitting", 1.0)
    learned = learn(
        split.train,
        split.validation,
        folder,
        dataset.items,
        ratings=cleaning.ratings,
        window=split.window,
        only=only,
        network=network,
        seed=seed,
        budget=budget,
        progress=watch,
    )
    ranker, everyone = learned.ranker, learned.retriever
    if split.refit:
        everyone = everyone.refitted(split.known, everyone.config, dataset.items)
        ranker = Ranker(everyone.pruned(), learned.network, split.known.item_ids, split.known.user_ids)
        watch("refit", 1.0)
    ranked = rank_held(ranker, everyone, split.test, max(ks), seed=seed, include_seen=include_seen, progress=watch)
    offsets, items = split.test.target_offsets, split.test.target_items
    metrics, intervals = {}, {}
    for name, lists in ranked.items():
        metrics[name] = evaluate_lists(lists, offsets, items, ks, split.train.n_items)
        intervals[name] = bootstrap_intervals(per_user_values(lists, offsets, items, ks), seed=seed)
    watch("metrics", 1.0)
    report = EvaluationReport(
        protocol=split.protocol,
        counts={
            **split.counts,
            "rows_read": cleaning.rows_read,
            "rows_kept": cleaning.rows_kept,
            "rows_dropped": cleaning.dropped,
        },
        metrics=metrics,
        intervals=intervals,
        settings={**ranker.retriever.config.model_dump(), "seed": seed},
        seconds={phase: round(seconds, 3) for phase, seconds in watch.seconds.items()},
        peak_memory_mb=round(peak_memory_mb(), 1),
    )
    return Evaluated(report, learned, split.everything, cleaning)
