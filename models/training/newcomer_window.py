"""The window of popularity for users without a history, chosen on the newcomers of the validation window."""

import math

import numpy as np

from models.arrays.types import Float64, Int32, Int64, Mask
from models.data.flow import Flow
from models.data.history import SECONDS_A_DAY
from models.data.holdout import Ragged
from models.data.interactions import Interactions
from models.evaluation.metrics import per_user_values
from models.recommenders.popularity import HALF_LIVES_DAYS
from models.training.validation import within_one_error

MIN_NEWCOMERS = 50
"""Fewest newcomers on whom a window is chosen; with fewer, all interactions count alike."""
_MOST_STEPS = 30
"""Number of moments at which popularity is computed: daily in a window of up to 30 days."""
_SHARE = 0.1
_DEPTH = 10


def choose_newcomer_window(known: Interactions, window: float | None, visit_pause: float) -> int | None:
    """Choose the half-life with which popular items are best for users who come for the first time.

    Newcomers are users whose first interaction is in the latest part of the interactions; their targets are the items
    of their first visit, and popularity is that of the moment before. All interactions count alike unless a half-life
    is better by more than one standard error: the simpler choice within the noise.

    Parameters
    ----------
    known
        All interactions before the test.
    window
        Length of the latest part in seconds; a tenth of the time where None.
    visit_pause
        Seconds without an interaction that end a visit.

    Returns
    -------
    int or None
        A row of `Popularity.recent`; None for all interactions alike, or where there are too few newcomers.
    """
    if not known.has_clock or not len(known.items):
        return None
    passed, begin, length = _latest(known, window)
    first = _first_rows(known)
    first = first[passed[first] >= begin]
    if not begin > 0 or len(first) < MIN_NEWCOMERS:
        return None
    steps = min(math.ceil(length), _MOST_STEPS)
    step = np.minimum(((passed[first] - begin) / length * steps).astype(np.int64), steps - 1)
    values: list[Float64] = []
    for number in range(steps):
        rows = first[step == number]
        if len(rows):
            moment = begin + length * number / steps
            before = passed < moment
            targets = first_visits(known, rows, visit_pause)
            values.append(_measured(known.items[before], moment - passed[before], known.n_items, targets))
    by_choice = np.concatenate(values, axis=1)
    best = int(by_choice[1:].mean(axis=1).argmax())
    return None if within_one_error(by_choice[1 + best], by_choice[0]) else best


def latest_newcomers(known: Interactions, window: float | None) -> tuple[Mask, Int64]:
    """Return the rows before the latest part, and the first row of each user who came in it; none without a clock."""
    if not known.has_clock or not len(known.items):
        return np.ones(len(known.items), dtype=np.bool_), np.empty(0, dtype=np.int64)
    passed, begin, _ = _latest(known, window)
    first = _first_rows(known)
    return passed < begin, first[passed[first] >= begin]


def _latest(known: Interactions, window: float | None) -> tuple[Float64, float, float]:
    """Return the days from the first interaction to each, to the latest part, and the length of this part."""
    times = known.times
    # As in `Flow`: from the first interaction on, in days.
    ages = Flow.of(times).ages(times)
    passed: Float64 = ages.max() - ages
    length = ages.max() * _SHARE if window is None else window / SECONDS_A_DAY
    return passed, float(ages.max()) - length, length


def _first_rows(known: Interactions) -> Int64:
    return known.offsets[:-1][np.diff(known.offsets) > 0]


def first_visits(known: Interactions, rows: Int64, visit_pause: float) -> Ragged:
    """Collect the items of the visits that begin at some rows; without a clock all items of their users."""
    visits, clock = [], known.has_clock
    for start in rows.tolist():
        stop = int(known.offsets[known.users[start] + 1])
        gaps = np.diff(known.times[start:stop]) if clock else np.zeros(stop - start - 1)
        pauses = np.flatnonzero(gaps > visit_pause)
        visits.append(np.unique(known.items[start : start + int(pauses[0]) + 1 if len(pauses) else stop]))
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in visits])]).astype(np.int64)
    return Ragged(offsets, np.concatenate(visits))


def _measured(items: Int32, ages: Float64, n_items: int, targets: Ragged) -> Float64:
    """Measure popular lists by NDCG@10: float64 (1 + half-lives, users), the first row without decay."""
    measured = []
    for half_life in (math.inf, *HALF_LIVES_DAYS):
        counts = np.bincount(items, weights=0.5 ** (ages / half_life), minlength=n_items)
        order = np.argsort(-counts, kind="stable")[:_DEPTH].astype(np.int32)
        lists = np.tile(order, (len(targets.offsets) - 1, 1))
        measured.append(per_user_values(lists, targets.offsets, targets.items, [_DEPTH])[f"ndcg@{_DEPTH}"])
    return np.stack(measured)
