"""The protocol of a run: the one it names, or the one that its data allow."""

from functools import partial

import pyarrow as pa

from models.data.cleaning import CleaningReport
from models.data.cutting import LEAVE_LAST_OUT, RANDOM, TIMELINE
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.order import has_times
from models.data.splitting import Split, make_split
from models.training.evaluation_config import EvaluationConfig

MIN_REQUESTS = 200
"""Fewest requests of a validation and of a test: with fewer, another protocol may say more."""


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
