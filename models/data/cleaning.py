"""Cleaning: drops the rows that cannot be learned from, and counts them by reason."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Mask
from models.data.columns import (
    ACT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    LEAVES_OUT,
    POSITION,
    QUANTITY,
    REVENUE,
    TARGET,
    TIMESTAMP,
    USER,
    VALUE,
    WORTH,
)
from models.data.errors import DataSetError
from models.data.events import EventType, completed, half_lives_of, positive_types, weights_of
from models.data.goal import Goal, choose_goal, required, row_kinds
from models.data.impressions import SHOWN, shown_rows
from models.data.loved import loved_rows
from models.data.sales import SALE_RULES, with_returns
from models.data.strengths import StrengthScale, rating_values

_IDENTITY = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, EVENT_ID, QUANTITY, REVENUE)
_IMPRESSION_IDENTITY = (*_IDENTITY, POSITION)
_GREATEST = 2**62
_IMPRESSION = "impression, which is read apart and is no interest"
_NAMED = 3


@dataclass(frozen=True)
class CleaningReport:
    """How many rows were read and kept, how many were dropped for each reason, and what was measured of the rest.

    `disliked` holds the rows that show dislike, `shown` the impressions; they are not among the kept rows. `goal` is
    the one that was given or chosen; None where all interactions count as success.
    """

    rows_read: int
    rows_kept: int
    dropped: dict[str, int]
    scale: StrengthScale = field(default_factory=StrengthScale)
    disliked: pa.Table | None = field(default=None, compare=False, repr=False)
    goal: Goal | None = None
    shown: pa.Table | None = field(default=None, compare=False, repr=False)

    def lines(self) -> list[str]:
        """Describe the counts in words, one line for each."""
        counted = [f"{count:,} dropped: {reason}" for reason, count in self.dropped.items()]
        return [f"{self.rows_read:,} rows read, {self.rows_kept:,} kept", *counted]


def clean(
    table: pa.Table,
    event_types: Mapping[str, float | EventType] | None = None,
    rating_scale: str | None = None,
    *,
    scale: StrengthScale | None = None,
    goal: Goal | None = None,
    chooses_goal: bool = True,
    leaves_out: Collection[str] | None = None,
) -> tuple[pa.Table, CleaningReport]:
    """Drop rows that lack an id, have an impossible timestamp, show no interest, or are duplicates.

    A row with a negative quantity counts as a `return`.

    The kept rows have a column `TARGET` if some of them may not be targets, see `Goal` and `loved_rows`; a column `ACT`
    if there is a goal, `WORTH` if it does not count all alike, and `LEAVES_OUT` if event types are named for it.

    Parameters
    ----------
    event_types
        What event types say; those left out are as in `EVENT_WEIGHTS`.
    rating_scale
        The scale of the ratings in words, see `DeclaredScale`; measured where None.
    scale
        The scale of the rows that these belong to; then no row needs to be left or to reach the goal.
    goal
        What counts as success; chosen by the event types where None, if `chooses_goal`.
    leaves_out
        Event types whose items are left out of the user's lists; those of the goal where None.

    Raises
    ------
    DataSetError
        No row is left, or none reaches the goal.
    """
    types = completed(event_types or {})
    weights = weights_of(types)
    dropped: dict[str, int] = {}
    kept, disliked, shown = table, table.slice(0, 0), None
    for column in (USER, ITEM):
        kept = keep(kept, present(kept[column]), f"no {column}", dropped)
    if TIMESTAMP in kept.column_names:
        kept = keep(kept, _finite(kept[TIMESTAMP]), "no finite timestamp", dropped)
    for column, (reason, fits) in SALE_RULES.items():
        if column in kept.column_names:
            kept = keep(kept, fits(kept), reason, dropped)
    kept = with_returns(kept)
    if EVENT_TYPE in kept.column_names:
        shown = shown_rows(kept)
        shown = None if shown is None else without_duplicates(shown, _IMPRESSION_IDENTITY, {})
        kept = keep(kept, pc.fill_null(pc.not_equal(kept[EVENT_TYPE], SHOWN), True), _IMPRESSION, dropped)
        known = pc.or_(pc.is_null(kept[EVENT_TYPE]), pc.is_in(kept[EVENT_TYPE], value_set=pa.array(sorted(weights))))
        kept = keep(kept, known, _without_weight(kept[EVENT_TYPE], weights), dropped)
        positive = pc.is_in(kept[EVENT_TYPE], value_set=pa.array(positive_types(weights)))
        negative = pa.array([kind for kind, weight in weights.items() if weight < 0], pa.string())
        disliked = without_duplicates(kept.filter(pc.is_in(kept[EVENT_TYPE], value_set=negative)), _IDENTITY, {})
        either = pc.or_(pc.is_null(kept[EVENT_TYPE]), positive)
        kept = keep(kept, either, "event type that shows no interest", dropped)
    kept = without_duplicates(kept, _IDENTITY, dropped)
    values = rating_values(kept)
    given, lives = scale is not None, {"half_lives": half_lives_of(types)}
    scale = scale or StrengthScale.fit(values, weights, rating_scale).model_copy(update=lives)
    low, targets = scale.is_low(values), loved_rows(kept, scale)
    disliked = pa.concat_tables([disliked, kept.filter(pa.array(low))])
    kept = keep(kept, pa.chunked_array([pa.array(~low)]), "rating too low for a like", dropped)
    targets = targets[~low]
    if goal is not None and not given:
        required(goal, kept)
    elif goal is None and chooses_goal:
        goal = choose_goal(kept, weights)
    kinds = row_kinds(kept)
    if goal is not None:
        targets = _targets(goal, kept, kinds, targets)
        kept = kept.append_column(ACT, _of_kinds(kinds, goal.act_of, pa.int8()))
        if goal.has_worth:
            kept = kept.append_column(WORTH, pa.array(goal.worth(kept)))
    if leaves_out is not None:
        kept = kept.append_column(LEAVES_OUT, _of_kinds(kinds, lambda kind: kind in leaves_out, pa.bool_()))
    if not targets.all():
        kept = kept.append_column(TARGET, pa.array(targets))
    if not kept.num_rows and not given:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
        raise DataSetError(f"interactions: no usable row is left ({reasons or 'there were none'})")
    return kept, CleaningReport(table.num_rows, kept.num_rows, dropped, scale, disliked, goal, shown)


def _targets(goal: Goal, table: pa.Table, kinds: pa.StringArray, loved: Mask) -> Mask:
    """Mark the rows that may be targets: those that reach the goal, and are loved unless it names a least value."""
    asked = pc.is_in(kinds, value_set=pa.array(list(goal.at_least), pa.string())).to_numpy(zero_copy_only=False)
    return np.asarray(goal.is_reached(table) & (loved | asked))


def _of_kinds(kinds: pa.StringArray, told: Callable[[str], object], kind: pa.DataType) -> pa.Array:
    """Tell something of the event type of each row; each type is asked about once."""
    encoded = kinds.dictionary_encode()
    return pa.array([told(one) for one in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def _without_weight(kinds: pa.ChunkedArray, weights: Mapping[str, float]) -> str:
    unknown = sorted(set(pc.unique(kinds).to_pylist()) - {None, *weights})
    named = ", ".join(map(repr, unknown[:_NAMED])) + (", ..." if len(unknown) > _NAMED else "")
    return f"event type without a weight ({named}; BRAID_EVENT_TYPES can give one)"


def present(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Mark the ids that are neither null nor empty."""
    return pc.fill_null(pc.greater(pc.binary_length(ids), 0), False)


def _finite(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.is_finite(column), False)


def keep(table: pa.Table, mask: pa.ChunkedArray, reason: str, dropped: dict[str, int]) -> pa.Table:
    """Keep the rows of a mask, and count the dropped ones under a reason."""
    kept = table.filter(mask)
    if kept.num_rows < table.num_rows:
        dropped[reason] = table.num_rows - kept.num_rows
    return kept


def without_duplicates(table: pa.Table, columns: Sequence[str], dropped: dict[str, int]) -> pa.Table:
    """Keep the first of rows that are equal in some columns, and count the dropped ones."""
    # One number for each row: grouping millions of rows by their texts takes gigabytes.
    keys, values = np.zeros(table.num_rows, dtype=np.int64), 1
    for name in columns:
        if name not in table.column_names:
            continue
        codes, count = _codes(table[name])
        if values * count > _GREATEST:
            found, keys = np.unique(keys, return_inverse=True)
            values = len(found)
        keys = keys * count + codes
        values *= count
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    mask[np.unique(keys, return_index=True)[1]] = True
    return keep(table, pa.chunked_array([pa.array(mask)]), "exact duplicate", dropped)


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], int]:
    """Return for each row the code of its value, null included, and the number of distinct values."""
    if pa.types.is_string(column.type):
        column = column.cast(pa.large_string())  # one array of more than 2 GB of text
    encoded = column.combine_chunks().dictionary_encode()
    count = len(encoded.dictionary)
    return pc.fill_null(encoded.indices, count).to_numpy().astype(np.int64), count + 1
