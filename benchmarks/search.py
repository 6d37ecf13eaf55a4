"""Random search: settings are drawn and tried on the validation part until the seconds are spent."""

import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.baselines.system import COUNTS, OneOf, Range, Setting, System
from benchmarks.ranking import rank
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.evaluation.metrics import evaluate_lists

DEPTH = 10
METRIC = f"ndcg@{DEPTH}"
_DRAWS = 100
"""Number of consecutive repeated draws after which a search space counts as exhausted."""


@dataclass(frozen=True)
class Trial:
    """One setting tried on validation, the NDCG@10 it reached and the seconds it took."""

    setting: Setting
    ndcg: float
    seconds: float


def tune(
    system: System, train: Interactions, validation: Holdout, *, budget: float, seed: int, progress: Progress
) -> list[Trial]:
    """Try settings until the budget is spent, the system's start first; a running trial is finished.

    Parameters
    ----------
    budget
        Seconds for fitting and ranking together.
    """
    phase = f"tuning {system.name}"
    # The draws of a system do not depend on which others are measured.
    rng = np.random.default_rng([seed, zlib.crc32(system.name.encode())])
    space = space_for(system, train)
    setting: Setting | None = {**system.start, **({COUNTS: True} if COUNTS in space else {})}
    begin = time.perf_counter()
    trials: list[Trial] = []
    while setting is not None:
        progress(phase, min((time.perf_counter() - begin) / max(budget, 1e-9), 0.99))
        before = time.perf_counter()
        scorer = system.fit(train, setting, seed=seed)
        lists = rank(scorer, validation, train.n_items, DEPTH, seed=seed)
        found = evaluate_lists(lists, validation.target_offsets, validation.target_items, (DEPTH,), train.n_items)
        now = time.perf_counter()
        trials.append(Trial(setting, found[METRIC], round(now - before, 3)))
        setting = _untried(space, trials, rng) if now - begin < budget else None
    progress(phase, 1.0)
    return trials


def space_for(system: System, train: Interactions) -> Mapping[str, Range]:
    """Return the search space for some data; if pairs repeat or differ in strength, it includes whether to use that."""
    pairs = train.users.astype(np.int64) * train.n_items + train.items
    differ = train.strengths is not None or len(np.unique(pairs)) < len(pairs)
    return {**system.space, COUNTS: OneOf((False, True))} if differ and system.reads_counts else system.space


def _untried(space: Mapping[str, Range], trials: list[Trial], rng: np.random.Generator) -> Setting | None:
    tried = [trial.setting for trial in trials]
    for _ in range(_DRAWS):
        drawn = {name: values.draw(rng) for name, values in space.items()}
        if drawn not in tried:
            return drawn
    return None
