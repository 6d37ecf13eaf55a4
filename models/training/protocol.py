"""The data of a run: cleaned, and split by the protocol that it names or that its data allow."""

from dataclasses import replace
from functools import partial

import pyarrow as pa

from models.data.cleaning import CleaningReport, clean
from models.data.cutting import LEAVE_LAST_OUT, RANDOM, TIMELINE
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.goal import Goal
from models.data.order import has_times
from models.data.splitting import Split, make_split
from models.data.strengths import with_unit
from models.training.evaluation_config import EvaluationConfig

MIN_REQUESTS = 200
"""Fewest requests of a validation and of a test: with fewer, another protocol may say more."""


def cleaned(dataset: DataSet, config: EvaluationConfig) -> tuple[DataSet, pa.Table, CleaningReport]:
    """Clean the interactions of a data set, and the histories that it gives for its test.

    Returns
    -------
    tuple
        The data set with clean histories, the clean interactions, and what was dropped; the scale of the strengths is
        the one that requests are read with.

    Raises
    ------
    DataSetError
        No row is usable.
    """
    chosen = config.chosen
    goal = chosen.config.goal if chosen else None if config.goal is None else Goal.parse(config.goal)
    table, report = clean(
        dataset.interactions,
        config.event_types,
        config.rating_scale,
        goal=goal,
        chooses_goal=chosen is None,
        leaves_out=config.exclude_seen,
    )
    report = replace(report, scale=with_unit(report.scale, table))
    if dataset.histories is not None:
        histories, _ = clean(
            dataset.histories,
            config.event_types,
            scale=report.scale,
            goal=report.goal,
            chooses_goal=False,
            leaves_out=config.exclude_seen,
        )
        dataset = replace(dataset, histories=histories)
    return dataset, table, report


def split_for(dataset: DataSet, table: pa.Table, cleaning: CleaningReport, config: EvaluationConfig) -> Split:
    """Split with the protocol of the settings, or with the first that the data is enough for.

    A log with times may be too short for a timeline. Where most rows of each user have one time, as those of a batch
    that was posted without times, nothing was last either: then the test is drawn at random.
    """
    make = partial(
        make_split,
        dataset,
        table,
        seed=config.seed,
        scale=cleaning.scale,
        disliked=cleaning.disliked,
        shown=cleaning.shown,
        include_seen=config.include_seen,
        test_days=config.test_days,
        visit_pause=config.visit_pause,
    )
    if config.protocol is not None or not config.with_timeline or dataset.test is not None or not has_times(table):
        return make(protocol=config.protocol)
    found: list[Split] = []
    for protocol in (TIMELINE, LEAVE_LAST_OUT, RANDOM):
        try:
            split = make(protocol=protocol)
        except DataSetError:
            continue
        found.append(split)
        if _requests(split) >= MIN_REQUESTS:
            return split
    # Not enough for any: the one that the most users are measured by, or the error of the last.
    return max(found, key=_requests) if found else make(protocol=RANDOM)


def _requests(split: Split) -> int:
    return min(len(split.validation), len(split.test))
