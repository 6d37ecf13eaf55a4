"""One data set, all systems: the same split, seconds, final fit and measure for each."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.baselines.registry import SYSTEMS, installed
from benchmarks.baselines.system import System
from benchmarks.ranking import rank
from benchmarks.search import Trial, space_for, tune
from models.data.folder import DataSet
from models.data.progress import Progress
from models.data.splitting import Split
from models.evaluation.metrics import evaluate_lists, per_user_values
from models.evaluation.report import BLEND, bootstrap_intervals
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.learn import MAX_VALIDATION_USERS
from models.training.protocol import cleaned, split_for

BRAID = BLEND
NAMES = (BRAID, *(system.name for system in SYSTEMS))
_NOT_LEARNING = {
    "cleaning",
    "splitting",
    "refit",
    "ranking",
    "metrics",
    "segments",
    "calibration",
    "refit without new users",
    "ranking new users",
}
"""Phases of Braid's evaluation before and after its learning."""


@dataclass(frozen=True)
class Options:
    """Options of a comparison: those of `braid evaluate`, and the names of the systems to measure.

    `budget` bounds Braid's choice of settings; each other system gets the seconds that Braid's training took, or
    `budget` if Braid is not measured.
    """

    protocol: str | None = None
    test_days: float | None = None
    include_seen: bool = False
    ks: Sequence[int] = (5, 10, 20)
    seed: int = 0
    budget: float | None = None
    only: Sequence[str] = NAMES


@dataclass(frozen=True)
class Result:
    """The test metrics of one system, and the settings and seconds that led to them.

    `overlaps` tells for each metric whether the interval overlaps with Braid's; it is empty for Braid itself.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    overlaps: dict[str, bool]
    setting: dict[str, Any]
    trials: list[dict[str, Any]]
    space: dict[str, str]
    seconds: dict[str, float]
    parts: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass
class Comparison:
    """All results on one data set; `left_out` gives the reason for each system without one."""

    data: str
    protocol: str
    counts: dict[str, Any]
    budget: float | None = None
    results: dict[str, Result] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def compare(
    name: str, dataset: DataSet, options: Options, *, progress: Progress, on_result: Callable[[Comparison], None]
) -> Comparison:
    """Measure Braid and then each other system.

    Parameters
    ----------
    on_result
        Called with all that is known so far whenever a system is done.

    Raises
    ------
    DataSetError
        There is too little to split.
    """
    config = EvaluationConfig(
        protocol=options.protocol, seed=options.seed, include_seen=options.include_seen, test_days=options.test_days
    )
    dataset, table, cleaning = cleaned(dataset, config)
    split = split_for(dataset, table, cleaning, config)
    counts = {**split.counts, "rows_read": cleaning.rows_read, "rows_kept": cleaning.rows_kept}
    found = Comparison(name, split.protocol, counts, options.budget)
    if BRAID in options.only:
        found.results[BRAID] = _braid(dataset, options, progress)
        found.budget = found.results[BRAID].seconds["tuning"]
        on_result(found)
    if found.budget is None:
        raise ValueError("without Braid there must be a budget")
    for system in SYSTEMS:
        if system.name not in options.only:
            continue
        reason = _reason_against(system, split, include_seen=options.include_seen)
        if reason is None:
            result = _measure(system, split, options, found.budget, progress)
            found.results[system.name] = _beside(found.results.get(BRAID), result)
        else:
            found.left_out[system.name] = reason
        on_result(found)
    return found


def _reason_against(system: System, split: Split, *, include_seen: bool) -> str | None:
    if system.package is not None and installed(system.package) is None:
        return f"{system.package} is not installed"
    return system.left_out(split.known if split.refit else split.train, include_seen=include_seen)


def _braid(dataset: DataSet, options: Options, progress: Progress) -> Result:
    with tempfile.TemporaryDirectory(prefix="braid-benchmark-") as folder:
        config = EvaluationConfig(
            protocol=options.protocol,
            ks=options.ks,
            seed=options.seed,
            budget=options.budget,
            include_seen=options.include_seen,
            test_days=options.test_days,
        )
        run = evaluate(dataset, Path(folder), config, progress=lambda phase, done: progress(f"braid: {phase}", done))
    report = run.report
    learning = sum(seconds for phase, seconds in report.seconds.items() if phase not in _NOT_LEARNING)
    return Result(
        metrics=report.metrics[BRAID],
        intervals=report.intervals[BRAID],
        overlaps={},
        setting=report.settings,
        trials=[asdict(trial) for trial in run.learned.trials],
        space={},
        seconds={**report.seconds, "tuning": round(learning, 3)},
        parts={part: values for part, values in report.metrics.items() if part != BRAID},
    )


def _measure(system: System, split: Split, options: Options, budget: float, progress: Progress) -> Result:
    before = time.perf_counter()
    validation = split.validation.sample(MAX_VALIDATION_USERS, options.seed)
    trials = tune(system, split.train, validation, budget=budget, seed=options.seed, progress=progress)
    chosen: Trial = max(trials, key=lambda trial: trial.ndcg)
    tuned = time.perf_counter()
    scorer = system.fit(split.known if split.refit else split.train, chosen.setting, seed=options.seed)
    fitted = time.perf_counter()
    test, n_items = split.test, split.train.n_items
    lists = rank(scorer, test, n_items, max(options.ks), seed=options.seed)
    ranked = time.perf_counter()
    per_user = per_user_values(lists, test.target_offsets, test.target_items, options.ks)
    return Result(
        metrics=evaluate_lists(lists, test.target_offsets, test.target_items, options.ks, n_items),
        intervals=bootstrap_intervals(per_user, seed=options.seed),
        overlaps={},
        setting=dict(chosen.setting),
        trials=[asdict(trial) for trial in trials],
        space={part: str(values) for part, values in space_for(system, split.train).items()},
        seconds={
            "tuning": round(tuned - before, 3),
            "fitting": round(fitted - tuned, 3),
            "ranking": round(ranked - fitted, 3),
        },
    )


def _beside(braid: Result | None, result: Result) -> Result:
    if braid is None:
        return result
    pairs = {metric: (ends, braid.intervals[metric]) for metric, ends in result.intervals.items()}
    overlaps = {metric: own[0] <= other[1] and other[0] <= own[1] for metric, (own, other) in pairs.items()}
    return Result(**{**vars(result), "overlaps": overlaps})
