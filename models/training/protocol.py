"""The protocol of a run: the one it names, or the one that its data allow."""

from functools import partial

import pyarrow as pa

from models.data.cleaning import CleaningReport
from models.data.cutting import TIMELINE
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.order import has_times
from models.data.splitting import Split, make_split
from models.training.evaluation_config import EvaluationConfig

MIN_REQUESTS = 200
"""Fewest requests of a timeline's validation and of its test: with fewer the last interactions of users say more."""


def split_for(dataset: DataSet, table: pa.Table, cleaning: CleaningReport, config: EvaluationConfig) -> Split:
    """Split with the protocol of the settings, or with `timeline` where it is wanted and there is enough for it."""
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
    if config.protocol is None and config.with_timeline and dataset.test is None and has_times(table):
        try:
            split = make(protocol=TIMELINE)
        except DataSetError:
            return make()
        if min(len(split.validation), len(split.test)) >= MIN_REQUESTS:
            return split
    return make(protocol=config.protocol)
