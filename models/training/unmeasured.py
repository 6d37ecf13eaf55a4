"""A bundle of what can be known from a log that is too small to measure anything on."""

import time
from datetime import UTC, datetime

import numpy as np

from models.data.cleaning import present
from models.data.columns import ITEM
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.profiles import Profiles
from models.data.progress import Progress
from models.evaluation.report import EvaluationReport, peak_memory_mb
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.evaluate import Evaluated, acts_of
from models.training.evaluation_config import EvaluationConfig
from models.training.learn import Learned, start_settings
from models.training.left_out import NO_VALIDATION, left_out
from models.training.not_fitted import not_fitted
from models.training.protocol import cleaned

PROTOCOL = "none"


def fit_unmeasured(dataset: DataSet, config: EvaluationConfig, reason: str, *, progress: Progress) -> Evaluated:
    """Fit popularity, content and the neighbours, as far as they go, on everything with the settings of the start.

    Parameters
    ----------
    reason
        Why the data cannot be split.

    Raises
    ------
    DataSetError
        No row is usable.
    """
    began = time.perf_counter()
    dataset, table, cleaning = cleaned(dataset, config)
    catalogue = [] if dataset.items is None else [dataset.items.filter(present(dataset.items[ITEM]))[ITEM]]
    log = Interactions.from_table(table, more_items=catalogue, first_only=False, scale=cleaning.scale, seed=config.seed)
    log = log.with_profiles(Profiles.fit(dataset.users, dataset.user_types))
    everything = log.first_of_each_pair().accumulated(log, None).standing_for(log)
    used = len(np.unique(everything.items))
    large = not_fitted(config.parts, used, everything)
    parts = [part for part in config.parts if part not in large]
    progress("similarities", 0.0)
    settings = start_settings(everything, cleaning.scale, parts).model_copy(update={"goal": cleaning.goal})
    everyone = Retriever.fit(everything, settings, dataset.items, parts)
    absent = {part: 0.0 for part in config.parts if part not in everyone.present}
    everyone = everyone.configured(settings.changed("blend", **absent))
    progress("similarities", 1.0)
    ranker = Ranker(everyone.pruned(), None, everything.item_ids, everything.user_ids)
    report = EvaluationReport(
        protocol=PROTOCOL,
        counts={
            "users": everything.n_users,
            "items": used,
            "interactions": len(everything.items),
            "test_users": 0,
            "rows_read": cleaning.rows_read,
            "rows_kept": cleaning.rows_kept,
            "rows_dropped": cleaning.dropped,
        },
        metrics={},
        intervals={},
        settings={**everyone.config.model_dump(), "seed": config.seed, "budget_spent": False},
        seconds={"similarities": round(time.perf_counter() - began, 3)},
        peak_memory_mb=round(peak_memory_mb(), 1),
        segments={},
        trials=[],
        curves={},
        calibration=[],
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        left_out=left_out(
            everyone.config, everyone.present, large, wanted=config.parts, has_network=False, reason=NO_VALIDATION
        ),
        unmeasured=reason,
        goal=None if cleaning.goal is None else str(cleaning.goal),
    )
    learned = Learned(ranker, everyone, None, [], {}, [])
    return Evaluated(
        report, learned, everything, log, cleaning, {}, acts=acts_of(table, everything, config, cleaning.goal)
    )
