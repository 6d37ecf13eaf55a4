"""A log that is cut at a moment: what comes before is trained on, what comes after is replayed."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.schemas.ids import in_force
from benchmarks.load.errors import LoadError
from models.arrays.types import Int64
from models.data.cleaning import clean
from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.folder import DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.history import SECONDS_A_DAY
from models.data.holdout import QUESTIONS, Holdout, Ragged
from models.data.interactions import Interactions
from models.data.order import has_times
from models.data.row_order import row_order
from models.data.timeline import Timeline

NEWCOMERS = "newcomers"
"""The first question of a user whom the log before the cut does not know."""


@dataclass(frozen=True)
class ReplayedLog:
    """The questions and posts after a cut.

    `log` holds all interactions, rows of one time in random order; `table` are the same rows as they are posted.
    `order` (int64) are the rows to post, in order of time. `questions` are asked before the row `stops` of the log;
    `kinds` are places in `names`.
    """

    log: Interactions
    table: pa.Table
    order: Int64
    questions: Holdout
    names: tuple[str, ...]
    cut: float

    @property
    def train(self) -> Interactions:
        """The interactions before the cut."""
        return self.log.select(self.log.times < self.cut)


def cut_log(folder: Path, before: Path, *, days: float, include_seen: bool, seed: int) -> ReplayedLog:
    """Write the part of a data set before the last days as a folder of its own, and make questions of the rest.

    Raises
    ------
    LoadError
        The log has no times, or too few.
    """
    dataset = read_folder(folder)
    # As the import does: ids that the API refuses are left out.
    valid = pc.and_(*(in_force.rule.take(dataset.interactions[name]) for name in (USER, ITEM)))
    table, report = clean(dataset.interactions.filter(valid))
    if not has_times(table):
        raise LoadError(f"{folder}: a replay needs times in 'timestamp'")
    log = Interactions.from_table(table, first_only=False, scale=report.scale, seed=seed)
    cut = float(np.nextafter(log.times.max() - days * SECONDS_A_DAY, np.inf))
    early = pc.less(dataset.interactions[TIMESTAMP], pa.scalar(cut))
    write_folder(before, DataSet(dataset.interactions.filter(early), items=dataset.items))
    known, new = Timeline(include_seen=include_seen, seed=seed, steps=None).requests(log, cut, np.inf)
    if not len(known) or not (log.times < cut).any():
        raise LoadError(f"{folder}: nobody has interactions before and after the last {days:g} days")
    rows = np.flatnonzero(log.times >= cut)
    # Within a user the log has its order; of users who post at one time the code decides.
    order = rows[np.lexsort((rows, log.times[rows]))]
    return ReplayedLog(
        log, table.take(row_order(table, seed)), order, _together(known, new), (*QUESTIONS, NEWCOMERS), cut
    )


def _together(known: Holdout, new: Holdout) -> Holdout:
    stops = np.concatenate([_stops(known), _stops(new)])
    kinds = np.concatenate([_kinds(known), np.full(len(new), len(QUESTIONS), dtype=np.int8)])
    lists = [one.targets.row(row) for one in (known, new) for row in range(len(one))]
    sizes = np.concatenate([np.diff(known.targets.offsets), np.diff(new.targets.offsets)])
    targets = Ragged(np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(lists))
    order = np.argsort(stops)
    found = replace(known, users=known.source.users[stops], targets=targets, stops=stops, kinds=kinds)
    return replace(found, moments=known.source.times[stops]).take(order)


def _stops(holdout: Holdout) -> Int64:
    assert holdout.stops is not None  # noqa: S101 - a timeline's requests have them
    return holdout.stops


def _kinds(holdout: Holdout) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    assert holdout.kinds is not None  # noqa: S101 - a timeline's requests have them
    return holdout.kinds
