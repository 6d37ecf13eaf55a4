"""Cuts of a data set: which rows are trained on, validated on and tested on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float64, Int64, Mask
from models.data.dislikes import moments_of
from models.data.errors import TooFewInteractionsError
from models.data.history import SECONDS_A_DAY
from models.data.interactions import Interactions

FIXED, LEAVE_LAST_OUT, TEMPORAL, TIMELINE, RANDOM = "fixed", "leave-last-out", "temporal", "timeline", "random"
PROTOCOLS = (FIXED, LEAVE_LAST_OUT, TEMPORAL, TIMELINE, RANDOM)
MIN_INTERACTIONS = 3
"""Users with fewer are only trained on: one to know, one to validate, one to test."""

_TEST_SHARE = 0.1
_RANDOM_SHARE = 0.2


@dataclass(frozen=True)
class Cut:
    """Masks of the rows to train on, to validate on and to test on.

    Where the parts are cut at moments, `window` is their length and `starts` holds when validation and test begin.
    `hidden` are the shares of what has no moment that validation and test may not know.
    """

    train: Mask
    validation: Mask
    test: Mask
    window: float | None = None
    starts: tuple[float, float] | None = None
    hidden: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class _Moments:
    """The moments of users: rows of one time have no order among them. Without a clock each row is a moment.

    All int64, for each row: `count` and `targets` are the moments of its user and those with a target, `left` the ones
    with a target after its own.
    """

    count: Int64
    targets: Int64
    left: Int64

    @classmethod
    def of(cls, everything: Interactions) -> "_Moments":
        users = everything.users
        begins = np.ones(len(users), dtype=np.bool_)
        if everything.has_clock:
            begins[1:] = (np.diff(users) != 0) | (np.diff(everything.times) != 0)
        moment = np.cumsum(begins) - 1
        with_target = np.bincount(moment, weights=everything.targets) > 0
        until = np.concatenate([[0], np.cumsum(with_target)])
        numbers = np.append(moment, begins.sum())
        first, end = numbers[everything.offsets[:-1]], numbers[everything.offsets[1:]]
        return cls((end - first)[users], (until[end] - until[first])[users], until[end][users] - until[moment + 1])


def moments_before(everything: Interactions, cut: Cut) -> tuple[Float64 | None, Float64 | None]:
    """Return, by user, the times at which the rows held out for validation and for test begin."""
    if cut.starts is not None:
        validation, test = (np.full(everything.n_users, start) for start in cut.starts)
        return validation, test
    return moments_of(everything, cut.validation | cut.test), moments_of(everything, cut.test)


def log_before(every: Interactions, pairs: Interactions, known: Mask, moments: Float64 | None) -> Interactions:
    """Return the rows of the log that a request knows: those before a moment of each user, or of known pairs."""
    if pairs is every:
        return every.select(known)
    if moments is not None and every.timestamps is not None:
        return every.select(every.timestamps < moments[every.users])
    # What reaches the goal is hidden by itself: the acts before it stay known.
    keys = 2 * pairs.pair_keys + pairs.reached
    return every.select(np.isin(2 * every.pair_keys + every.reached, keys[known]))


def cut_rows(
    everything: Interactions, every_time: Float64 | None, protocol: str, seed: int, test_days: float | None
) -> Cut:
    """Mark the rows to train on, to validate on and to test on; `every_time` has those of repeated pairs too."""
    if protocol in {TEMPORAL, TIMELINE} and everything.timestamps is not None and every_time is not None:
        times, last = everything.timestamps, float(every_time.max())
        span = last - float(every_time.min())
        window = span * _TEST_SHARE if test_days is None else test_days * SECONDS_A_DAY
        if not 0 < window * 2 < span:
            raise TooFewInteractionsError(
                f"interactions: column 'timestamp' spans {span:g} seconds, too few for a test and a validation of"
                f" {window:g} seconds each"
            )
        cut = last - window
        testing = times > cut
        validating = (times > cut - window) & ~testing
        starts = (float(np.nextafter(cut - window, np.inf)), float(np.nextafter(cut, np.inf)))
        return Cut(~(testing | validating), validating, testing, window, starts)
    if protocol == LEAVE_LAST_OUT:
        moments = _Moments.of(everything)
        # Of the targets, one is to validate, one to test.
        long_enough = (moments.count >= MIN_INTERACTIONS) & (moments.targets >= 2)  # noqa: PLR2004
        # What comes between the two targets is known at the test; what comes after the last one is never known.
        validating, last = long_enough & (moments.left == 1), long_enough & (moments.left == 0)
        return Cut(~(validating | last), validating, last & everything.targets)
    # Random places, a fifth of each user's rows that reach the goal to either part and at least one.
    rank, length = _random_rank(everything, seed), _reached(everything)
    long_enough = (length >= MIN_INTERACTIONS) & everything.reached
    share = np.maximum((length * _RANDOM_SHARE).astype(np.int64), 1)
    testing = long_enough & (rank < share)
    validating = long_enough & (rank >= share) & (rank < 2 * share)
    return Cut(~(testing | validating), validating, testing, hidden=(2 * _RANDOM_SHARE, _RANDOM_SHARE))


def hold_window(everything: Interactions, every_time: Float64) -> Cut:
    """Mark train and validation rows where the given test is a window of time: so is the validation, of a tenth."""
    last = float(every_time.max())
    window = (last - float(every_time.min())) * _TEST_SHARE
    validating = everything.times > last - window
    starts = (float(np.nextafter(last - window, np.inf)), float(np.nextafter(last, np.inf)))
    return Cut(~validating, validating, np.zeros_like(validating), window, starts)


def hold_last(everything: Interactions, *, ordered: bool) -> Cut:
    """Mark train and validation rows where the test is given: the last one, or a random fifth without an order."""
    moments = _Moments.of(everything)
    if ordered:
        held = (moments.targets > 0) & (moments.left == 0)
    else:
        until = np.cumsum(everything.reached)
        from_end = until[everything.offsets[everything.users + 1] - 1] - until + 1
        most = np.maximum((_reached(everything) * _RANDOM_SHARE).astype(np.int64), 1)
        held = everything.reached & (from_end <= most)
    validating = (moments.count >= MIN_INTERACTIONS) & held
    hidden = (0.0 if ordered else _RANDOM_SHARE, 0.0)
    return Cut(~validating, validating, np.zeros_like(validating), hidden=hidden)


def _random_rank(everything: Interactions, seed: int) -> npt.NDArray[np.int64]:
    """Return for each row a random place among its user's, from 0; those that reach the goal come first."""
    noise = np.random.default_rng(seed).random(len(everything.users))
    order = np.lexsort((noise, ~everything.reached, everything.users))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - everything.offsets[everything.users[order]]
    return rank


def _reached(everything: Interactions) -> Int64:
    """Count for each row the rows of its user that reach the goal."""
    count: Int64 = np.bincount(everything.users[everything.reached], minlength=everything.n_users)
    return count[everything.users]
