"""Cleaning: drops the rows that cannot be learned from, and counts them by reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.data.columns import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from models.data.errors import DataSetError
from models.data.events import POSITIVE_EVENT_TYPES
from models.data.strengths import RatingScale, rating_values

_IDENTITY = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, EVENT_ID)
_ROW = "row"


@dataclass(frozen=True)
class CleaningReport:
    """How many rows were read and kept, how many were dropped for each reason, and the scale of the ratings."""

    rows_read: int
    rows_kept: int
    dropped: dict[str, int]
    ratings: RatingScale = field(default_factory=RatingScale)

    def lines(self) -> list[str]:
        """Describe the counts in words, one line for each."""
        counted = [f"{count:,} dropped: {reason}" for reason, count in self.dropped.items()]
        return [f"{self.rows_read:,} rows read, {self.rows_kept:,} kept", *counted]


def clean(table: pa.Table) -> tuple[pa.Table, CleaningReport]:
    """Drop rows without an id, with an impossible timestamp, that show no interest, or that are there twice.

    Raises
    ------
    DataSetError
        No row is left.
    """
    dropped: dict[str, int] = {}
    kept = table
    for column in (USER, ITEM):
        kept = keep(kept, present(kept[column]), f"no {column}", dropped)
    if TIMESTAMP in kept.column_names:
        kept = keep(kept, _finite(kept[TIMESTAMP]), "no finite timestamp", dropped)
    if EVENT_TYPE in kept.column_names:
        positive = pc.is_in(kept[EVENT_TYPE], value_set=pa.array(sorted(POSITIVE_EVENT_TYPES)))
        either = pc.or_(pc.is_null(kept[EVENT_TYPE]), positive)
        kept = keep(kept, either, "event type that shows no interest", dropped)
    kept = without_duplicates(kept, _IDENTITY, dropped)
    values = rating_values(kept)
    ratings = RatingScale.fit(values)
    kept = keep(kept, pa.chunked_array([pa.array(~ratings.is_low(values))]), "rating too low for a like", dropped)
    if not kept.num_rows:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
        raise DataSetError(f"interactions: no row is left to learn from ({reasons or 'there was none'})")
    return kept, CleaningReport(table.num_rows, kept.num_rows, dropped, ratings)


def present(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell which ids are there: neither null nor empty."""
    return pc.fill_null(pc.greater(pc.binary_length(ids), 0), False)


def _finite(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.is_finite(column), False)


def keep(table: pa.Table, mask: pa.ChunkedArray, reason: str, dropped: dict[str, int]) -> pa.Table:
    """Keep the rows of a mask, and add those that are not in it to the count of a reason."""
    kept = table.filter(mask)
    if kept.num_rows < table.num_rows:
        dropped[reason] = table.num_rows - kept.num_rows
    return kept


def without_duplicates(table: pa.Table, columns: Sequence[str], dropped: dict[str, int]) -> pa.Table:
    """Keep the first of rows that are the same in some columns, and count the others."""
    keys = [name for name in columns if name in table.column_names]
    numbered = table.select(keys).append_column(_ROW, pa.array(np.arange(table.num_rows)))
    first = numbered.group_by(keys).aggregate([(_ROW, "min")])[f"{_ROW}_min"].to_numpy()
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    mask[first] = True
    return keep(table, pa.chunked_array([pa.array(mask)]), "exact duplicate", dropped)
