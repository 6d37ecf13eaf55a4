"""Label batches: which interactions are labels, and on which others the recommenders that score them are fitted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.arrays.types import Float64, Int64
from models.data.cutting import log_before
from models.data.dislikes import moments_of
from models.data.holdout import Holdout, Ragged, hold_out
from models.data.interactions import Interactions
from models.data.timeline import Timeline

MAX_SAMPLE = 70_000
"""Maximum number of interactions that are used as labels."""
POSITIONS = 3
"""How many of a user's latest interactions are labels, each with the interactions before it as the history."""
MAX_POSITIONS = 12
"""The same where there are few users, for lists enough to learn from; of a short history at most a fifth."""
ENOUGH = 12_000
"""Labels that are enough: with more, no user gives more than `POSITIONS`."""
_SHARE = 5
FOLD_SHARE = 1 / 3
"""Share of the users whose labels are hidden from a fit, at most."""
WINDOWS = 5
"""Earlier windows whose interactions are labels, where the test is a window of time."""


@dataclass(frozen=True)
class Batch:
    """Labelled requests whose candidates one fit of the recommenders scores.

    `fitted` are the interactions that the recommenders are fitted on, without the labels. `requests` have the labels as
    their targets. `share` is the share of all lists that come from this batch.
    """

    fitted: Interactions
    requests: Holdout
    share: float


def label_batches(
    train: Interactions,
    log: Interactions,
    window: float | None,
    rng: np.random.Generator,
    *,
    include_seen: bool,
    timeline: Timeline | None = None,
) -> Iterator[Batch]:
    """Label windows of time where the test is a window, otherwise the latest positions of each user.

    Parameters
    ----------
    log
        The training part with its repeated pairs, from which the histories are read.
    """
    if window is not None and train.timestamps is not None:
        yield from _windows(train, train.timestamps, log, window, timeline, include_seen=include_seen)
    else:
        yield from _positions(train, train if train.timestamps is None else log, rng, include_seen=include_seen)


def _positions(
    train: Interactions, log: Interactions, rng: np.random.Generator, *, include_seen: bool
) -> Iterator[Batch]:
    """Hide the latest rows of a part of the users from each fit.

    A user's earlier rows do not reveal the label, so they stay: the recommenders are hardly weaker than those of the
    bundle, and the scores are as unbiased as those of future interactions.
    """
    rows = np.arange(len(train.items))
    until = np.cumsum(train.reached)
    # The rows that reach the goal after each row; what comes after the first of the labels is hidden, whatever it is.
    later = until[train.offsets[train.users + 1] - 1] - until
    lengths = np.bincount(train.users, weights=train.reached, minlength=train.n_users).astype(np.int64)
    positions = min(-(-ENOUGH // max(int((lengths > 1).sum()), 1)), MAX_POSITIONS)
    most = np.maximum(np.minimum(positions, lengths // _SHARE), POSITIONS)
    late = later < most[train.users]
    # A user's first interaction has no history.
    labels = np.flatnonzero(late & train.targets & (rows > train.offsets[train.users]))
    if len(labels) > MAX_SAMPLE:
        labels = np.sort(rng.choice(labels, MAX_SAMPLE, replace=False))
    owners = train.users[labels]
    stops = labels if log is train else rows_before(log, train, labels)
    known = stops > log.offsets[owners]
    labels, owners, stops = labels[known], owners[known], stops[known]
    sampled = np.zeros(train.n_users, dtype=np.bool_)
    sampled[owners] = True
    folds = max(int(np.ceil(sampled.sum() / max(FOLD_SHARE * train.n_users, 1))), 1)
    fold_of = rng.permutation(train.n_users) % folds
    for fold in range(folds):
        hidden = sampled & (fold_of == fold)
        mine = hidden[owners]
        hidden_rows = hidden[train.users] & late
        moments = moments_of(train, hidden_rows)
        fitted = train.accumulated(log, moments).select(~hidden_rows)
        if train.log is not None:
            fitted = fitted.standing_for(log_before(train.log, train, ~hidden_rows, moments))
        targets = Ragged(np.arange(mine.sum() + 1, dtype=np.int64), train.items[labels[mine]])
        own = train.contexts_of(labels[mine])
        requests = Holdout(owners[mine], log, targets, include_seen=include_seen, stops=stops[mine], contexts=own)
        yield Batch(fitted, requests, 1 / folds)


def rows_before(log: Interactions, pairs: Interactions, rows: Int64) -> Int64:
    """Return for some rows the first row of the same user in a log that is not earlier, int64."""
    found = np.empty(len(rows), dtype=np.int64)
    for place, row in enumerate(rows.tolist()):
        start, stop = log.offsets[pairs.users[row]], log.offsets[pairs.users[row] + 1]
        found[place] = start + np.searchsorted(log.times[start:stop], pairs.times[row])
    return found


def _windows(
    train: Interactions,
    times: Float64,
    log: Interactions,
    window: float,
    timeline: Timeline | None,
    *,
    include_seen: bool,
) -> Iterator[Batch]:
    """Fit on the interactions before a window, and label with those in it."""
    first, last = float(times.min()), float(times.max())
    cuts = [last - number * window for number in range(1, WINDOWS + 1)]
    cuts = [cut for cut in cuts if cut - window > first]
    end = np.inf
    for cut in cuts:
        before = times < cut
        within = ~before & (times < end) & train.targets
        moments = np.full(train.n_users, cut)
        if timeline is None:
            known = log.select(log.times < cut)
            users, items = train.users[within], train.items[within]
            requests, _ = hold_out(known, users, items, include_seen=include_seen, now=cut)
            requests = requests.in_contexts(train.contexts_of(within), users)
        else:
            requests, _ = timeline.requests(log, cut, end)
        end = cut
        fitted = train.accumulated(log, moments).select(before).standing_for(log.select(log.times < cut))
        yield Batch(fitted, requests, 1 / len(cuts))
