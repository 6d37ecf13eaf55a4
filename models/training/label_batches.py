"""Label batches: which interactions are labels, and on which others the recommenders that score them are fitted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays.types import Int64
from models.data.interactions import Interactions

MAX_SAMPLE = 70_000
"""Maximum number of interactions that are used as labels."""
POSITIONS = 3
"""How many of a user's latest interactions are labels, each with the interactions before it as the history."""
FOLD_SHARE = 1 / 3
"""Share of the users whose labels are hidden from a fit, at most."""
WINDOWS = 5
"""Earlier windows whose interactions are labels, where the test is a window of time."""


@dataclass(frozen=True)
class Batch:
    """Labelled lists that one fit of the recommenders scores.

    `fitted` are the interactions that the recommenders are fitted on, without the labels. List n is of user
    `owners[n]`: its history is the user's rows before `stops[n]`, its labels are the rows from there to before
    `ends[n]`. `now` is the time of the requests, if they share one. `share` is the share of all lists that come from
    this batch.
    """

    fitted: Interactions
    owners: npt.NDArray[np.int32]
    stops: Int64
    ends: Int64
    share: float
    now: float | None = None


def label_batches(train: Interactions, window: float | None, rng: np.random.Generator) -> Iterator[Batch]:
    """Plan by windows of time where the test is a window, otherwise by the latest positions of each user."""
    if window is not None and train.timestamps is not None:
        yield from _windows(train, train.timestamps, window)
    else:
        yield from _positions(train, rng)


def _positions(train: Interactions, rng: np.random.Generator) -> Iterator[Batch]:
    """Hide the latest rows of a part of the users from each fit.

    A user's earlier rows do not reveal the label, so they stay: the recommenders are hardly weaker than those of the
    bundle, and the scores are as unbiased as those of future interactions.
    """
    rows = np.arange(len(train.items))
    from_end = train.offsets[train.users + 1] - rows
    late = from_end <= POSITIONS
    # A user's first interaction has no history.
    labels = np.flatnonzero(late & (rows > train.offsets[train.users]))
    if len(labels) > MAX_SAMPLE:
        labels = np.sort(rng.choice(labels, MAX_SAMPLE, replace=False))
    owners = train.users[labels]
    sampled = np.zeros(train.n_users, dtype=np.bool_)
    sampled[owners] = True
    folds = max(int(np.ceil(sampled.sum() / max(FOLD_SHARE * train.n_users, 1))), 1)
    fold_of = rng.permutation(train.n_users) % folds
    for fold in range(folds):
        hidden = sampled & (fold_of == fold)
        mine = hidden[owners]
        fitted = train.select(~(hidden[train.users] & late))
        yield Batch(fitted, owners[mine], labels[mine], labels[mine] + 1, 1 / folds)


def _windows(train: Interactions, times: npt.NDArray[np.float64], window: float) -> Iterator[Batch]:
    """Fit on the interactions before a window, and label with those in it."""
    first, last = float(times.min()), float(times.max())
    cuts = [last - number * window for number in range(1, WINDOWS + 1)]
    cuts = [cut for cut in cuts if cut - window > first]
    end = np.inf
    for cut in cuts:
        before = times < cut
        within = ~before & (times < end)
        end = cut
        stops = train.offsets[:-1] + np.bincount(train.users[before], minlength=train.n_users)
        ends = stops + np.bincount(train.users[within], minlength=train.n_users)
        owners = np.flatnonzero((stops > train.offsets[:-1]) & (ends > stops)).astype(np.int32)
        yield Batch(train.select(before), owners, stops[owners], ends[owners], 1 / len(cuts), now=cut)
