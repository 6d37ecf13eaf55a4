"""Protocols: they split a data set into training, validation and test part."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Float64, Ids, Mask
from models.data.cleaning import present
from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.dislikes import Dislikes, moments_of
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.history import SECONDS_A_DAY
from models.data.holdout import Holdout, Ragged, hold_out
from models.data.interactions import Interactions, find, find_column
from models.data.newcomers import fixed_newcomers, newcomers
from models.data.strengths import StrengthScale

FIXED, LEAVE_LAST_OUT, TEMPORAL, RANDOM = "fixed", "leave-last-out", "temporal", "random"
PROTOCOLS = (FIXED, LEAVE_LAST_OUT, TEMPORAL, RANDOM)
MIN_INTERACTIONS = 3
"""Users with fewer are only trained on: one to know, one to validate, one to test."""

_TEST_SHARE = 0.1
_RANDOM_SHARE = 0.2


@dataclass(frozen=True)
class Split:
    """A data set, cut for one protocol.

    `train` is what the recommenders are fitted on while settings are chosen on `validation`; `refit` tells whether
    they are fitted once more before the `test`, on all that is `known` then. `newcomers` are the test users without
    a history; they are not in `test`. `log` is `everything` with its repeated pairs. `window` is the length of the
    `temporal` test and validation, None under the other protocols.
    """

    protocol: str
    train: Interactions
    validation: Holdout
    test: Holdout
    newcomers: Holdout
    everything: Interactions
    log: Interactions
    known: Interactions
    refit: bool
    counts: dict[str, int]
    window: float | None = None


@dataclass(frozen=True)
class _Cut:
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


def make_split(
    dataset: DataSet,
    table: pa.Table,
    *,
    protocol: str | None = None,
    seed: int = 0,
    scale: StrengthScale | None = None,
    disliked: pa.Table | None = None,
    include_seen: bool = False,
    test_days: float | None = None,
) -> Split:
    """Split a data set; by default with the protocol that its files allow.

    Parameters
    ----------
    dataset
        As read; its `test` and `candidates` are used where they are present.
    table
        Its interactions, cleaned.
    scale
        The scale of the strengths, as cleaning found it.
    disliked
        Rows that cleaning found to show dislike: such items are not recommended to their users.
    test_days
        Length of the `temporal` test in days of 86,400 seconds; by default the last tenth of the time span.

    Raises
    ------
    DataSetError
        The data set lacks what the protocol needs, or is too small.
    """
    dataset = replace(dataset, test=_identified(dataset.test), candidates=_identified(dataset.candidates))
    ordered = TIMESTAMP in table.column_names
    if protocol is None:
        protocol = FIXED if dataset.test is not None else LEAVE_LAST_OUT if ordered else RANDOM
    if protocol == FIXED and dataset.test is None:
        raise DataSetError("test: the fixed protocol needs a file of test interactions")
    if protocol in {LEAVE_LAST_OUT, TEMPORAL} and not ordered:
        raise DataSetError(f"interactions: the {protocol} protocol needs the column 'timestamp'")
    more = [extra[ITEM] for extra in (dataset.test, dataset.candidates) if extra is not None]
    every = Interactions.from_table(table, more_items=more, first_only=False, scale=scale, seed=seed)
    everything = every if include_seen else every.first_of_each_pair()
    down = Dislikes.from_table(disliked, every, seed=seed)
    counts = {
        "users": everything.n_users,
        "items": len(np.unique(everything.items)),
        "interactions": len(everything.items),
    }
    if protocol == FIXED:
        cut = _hold_last(everything, ordered)
    else:
        cut = _cut(everything, every.timestamps, protocol, seed, test_days)
    moments = _moments(everything, cut)
    if include_seen:
        trained = knowable = everything
    else:
        trained, knowable, everything = (everything.accumulated(every, until) for until in (*moments, None))
    fitted, known = trained.select(cut.train), knowable.select(cut.train | cut.validation)
    downs = [down.before(until, every, hidden) for until, hidden in zip(moments, cut.hidden, strict=True)]
    starts = cut.starts or (None, None)
    validation, _ = _hold(fitted, everything, cut.validation, downs[0], starts[0], include_seen)
    if protocol == FIXED and dataset.test is not None:
        test, apart = _fixed_test(dataset.test, known, downs[1], include_seen=include_seen)
        new, new_ids = fixed_newcomers(dataset.test, everything)
    else:
        test, apart = _hold(known, everything, cut.test, downs[1], starts[1], include_seen)
        unknown = cut.test & (np.diff(known.offsets)[everything.users] == 0)
        new, new_ids = newcomers(known, everything.users[unknown], everything.items[unknown]), everything.user_ids[:0]
    if protocol == FIXED and not len(test.users):
        raise DataSetError("test: no user has both interactions and a test item that is new to them")
    if not len(validation.users) or not len(test.users):
        part = "test" if len(validation.users) else "validation"
        raise DataSetError(
            f"interactions: too few for a {protocol} split: the {part} set has no user"
            f" ({len(everything.items)} interactions of {everything.n_users} users)"
        )
    if dataset.candidates is not None:
        test = _with_candidates(test, dataset.candidates, everything, new_ids)
        new = _with_candidates(new, dataset.candidates, everything, new_ids)
    counts |= {
        "train_interactions": len(fitted.items),
        "validation_users": len(validation.users),
        "test_users": len(test.users),
        "test_interactions": len(test.target_items),
        **apart,
    }
    refit = protocol in {FIXED, TEMPORAL}
    return Split(protocol, fitted, validation, test, new, everything, every, known, refit, counts, cut.window)


def _identified(table: pa.Table | None) -> pa.Table | None:
    """Drop the rows of a test or candidates table that lack an id."""
    return None if table is None else table.filter(pc.and_(present(table[USER]), present(table[ITEM])))


def _moments(everything: Interactions, cut: _Cut) -> tuple[Float64 | None, Float64 | None]:
    """Return, by user, the times at which the rows held out for validation and for test begin."""
    if cut.starts is not None:
        validation, test = (np.full(everything.n_users, start) for start in cut.starts)
        return validation, test
    return moments_of(everything, cut.validation | cut.test), moments_of(everything, cut.test)


def _cut(
    everything: Interactions, every_time: Float64 | None, protocol: str, seed: int, test_days: float | None
) -> _Cut:
    """Mark the rows to train on, to validate on and to test on; `every_time` has those of repeated pairs too."""
    if protocol == TEMPORAL and everything.timestamps is not None and every_time is not None:
        times, last = everything.timestamps, float(every_time.max())
        span = last - float(every_time.min())
        window = span * _TEST_SHARE if test_days is None else test_days * SECONDS_A_DAY
        if not 0 < window * 2 < span:
            raise DataSetError(
                f"interactions: column 'timestamp' spans {span:g} seconds, too few for a test and a validation of"
                f" {window:g} seconds each"
            )
        cut = last - window
        testing = times > cut
        validating = (times > cut - window) & ~testing
        starts = (float(np.nextafter(cut - window, np.inf)), float(np.nextafter(cut, np.inf)))
        return _Cut(~(testing | validating), validating, testing, window, starts)
    lengths = np.diff(everything.offsets)
    length = lengths[everything.users]
    from_end = everything.offsets[everything.users + 1] - np.arange(len(everything.users))
    long_enough = length >= MIN_INTERACTIONS
    if protocol == LEAVE_LAST_OUT:
        testing, validating = long_enough & (from_end == 1), long_enough & (from_end == 2)  # noqa: PLR2004
    else:
        # Random places, a fifth of each user's rows to either part and at least one.
        rank = _random_rank(everything, seed)
        share = np.maximum((length * _RANDOM_SHARE).astype(np.int64), 1)
        testing = long_enough & (rank < share)
        validating = long_enough & (rank >= share) & (rank < 2 * share)
        return _Cut(~(testing | validating), validating, testing, hidden=(2 * _RANDOM_SHARE, _RANDOM_SHARE))
    return _Cut(~(testing | validating), validating, testing)


def _hold_last(everything: Interactions, ordered: bool) -> _Cut:
    """Mark train and validation rows where the test is given: the last one, or a random fifth without an order."""
    length = np.diff(everything.offsets)[everything.users]
    from_end = everything.offsets[everything.users + 1] - np.arange(len(everything.users))
    share = np.ones_like(length) if ordered else np.maximum((length * _RANDOM_SHARE).astype(np.int64), 1)
    validating = (length >= MIN_INTERACTIONS) & (from_end <= share)
    hidden = (0.0 if ordered else _RANDOM_SHARE, 0.0)
    return _Cut(~validating, validating, np.zeros_like(validating), hidden=hidden)


def _random_rank(everything: Interactions, seed: int) -> npt.NDArray[np.int64]:
    """Return for each row a random place among its user's, from 0."""
    noise = np.random.default_rng(seed).random(len(everything.users))
    order = np.lexsort((noise, everything.users))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - everything.offsets[everything.users[order]]
    return rank


def _hold(
    history: Interactions,
    everything: Interactions,
    targets: Mask,
    disliked: Dislikes | None,
    now: float | None,
    include_seen: bool,
) -> tuple[Holdout, dict[str, int]]:
    users, items = everything.users[targets], everything.items[targets]
    holdout, dropped = hold_out(history, users, items, include_seen=include_seen, now=now, disliked=disliked)
    new = np.unique(users[np.diff(history.offsets)[users] == 0])
    return holdout, {"new_test_users": len(new), "test_users_without_unseen_items": dropped}


def _fixed_test(
    test: pa.Table, everything: Interactions, disliked: Dislikes | None, *, include_seen: bool
) -> tuple[Holdout, dict[str, int]]:
    names = test[USER].to_pylist()
    users, items = find(everything.user_ids, names), find_column(everything.item_ids, test[ITEM])
    new = len({name for name, code in zip(names, users, strict=True) if code < 0})
    known = users >= 0
    pairs = np.unique(np.stack([users[known], items[known]]), axis=1).astype(np.int32)
    holdout, dropped = hold_out(everything, pairs[0], pairs[1], include_seen=include_seen, disliked=disliked)
    return holdout, {"new_test_users": new, "test_users_without_unseen_items": dropped}


def _with_candidates(holdout: Holdout, candidates: pa.Table, everything: Interactions, new_ids: Ids) -> Holdout:
    users, new = find_column(everything.user_ids, candidates[USER]), find_column(new_ids, candidates[USER])
    users = np.where(new >= 0, everything.n_users + new, users)
    items = find_column(everything.item_ids, candidates[ITEM])
    # One number for each pair, that of an unknown item first: millions of pairs are sorted quickly.
    pairs = np.unique(users[users >= 0].astype(np.int64) * (everything.n_items + 1) + items[users >= 0] + 1)
    users, items = np.divmod(pairs, everything.n_items + 1)
    listed = Ragged.group(users.astype(np.int32), (items - 1).astype(np.int32), holdout.users)
    return replace(holdout, candidates=listed)
