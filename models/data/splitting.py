"""Protocols: they split a data set into training, validation and test part."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Float64, Ids, Mask
from models.data.cleaning import present
from models.data.codes import find_column
from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.cutting import (
    FIXED,
    LEAVE_LAST_OUT,
    RANDOM,
    TEMPORAL,
    TIMELINE,
    Cut,
    cut_rows,
    hold_last,
    hold_window,
    log_before,
    moments_before,
)
from models.data.dislikes import Dislikes
from models.data.errors import DataSetError, TooFewInteractionsError
from models.data.folder import DataSet
from models.data.given_test import given_test
from models.data.holdout import Holdout, Ragged, hold_out
from models.data.impressions import Impressions
from models.data.interactions import Interactions
from models.data.later_ratings import LaterRatings
from models.data.newcomers import newcomers
from models.data.order import has_times
from models.data.profiles import Profiles
from models.data.strengths import StrengthScale
from models.data.timeline import VISIT_PAUSE, Timeline

_SEVERAL = 1.25
"""Targets of a user from which on a given test is a window of time, and not the last item of each user."""


@dataclass(frozen=True)
class Split:
    """A data set, cut for one protocol.

    `train` is what the recommenders are fitted on while settings are chosen on `validation`; `refit` tells whether
    they are fitted once more before the `test`, on all that is `known` then. `newcomers` are the test users without
    a history; they are not in `test`. `log` is `everything` with its repeated pairs. `window` is the length of the
    `temporal` or `timeline` test and validation, None under the other protocols. `train_log` and `known_log` are
    `train` and `known` with their repeated pairs. `later` are the ratings in the test part, None where there are none.
    `disliked` is what label lists may know of dislikes, `impressions` are those of the whole log.
    """

    protocol: str
    train: Interactions
    validation: Holdout
    test: Holdout
    newcomers: Holdout
    everything: Interactions
    log: Interactions
    known: Interactions
    train_log: Interactions
    known_log: Interactions
    refit: bool
    counts: dict[str, int]
    window: float | None = None
    timeline: Timeline | None = None
    later: LaterRatings | None = None
    disliked: Dislikes | None = None
    impressions: Impressions | None = None


def make_split(
    dataset: DataSet,
    table: pa.Table,
    *,
    protocol: str | None = None,
    seed: int = 0,
    scale: StrengthScale | None = None,
    disliked: pa.Table | None = None,
    shown: pa.Table | None = None,
    include_seen: bool = False,
    test_days: float | None = None,
    visit_pause: float = VISIT_PAUSE,
) -> Split:
    """Split a data set; by default with the protocol that its files allow.

    Parameters
    ----------
    dataset
        As read; its `test`, `candidates`, `items` and `histories`, which are cleaned, are used where they are present.
        Every item of the catalogue gets a code, and is ranked, whether it has interactions or not.
    table
        Its interactions, cleaned.
    scale
        The scale of the strengths, as cleaning found it.
    disliked
        Rows that cleaning found to show dislike: such items are not recommended to their users.
    shown
        The impressions among its rows, as cleaning found them.
    test_days
        Length of the `temporal` or `timeline` test in days of 86,400 seconds; by default the last tenth of the time
        span.
    visit_pause
        Seconds without an interaction that end a visit under the `timeline` protocol.

    Raises
    ------
    DataSetError
        The data set lacks what the protocol needs.
    TooFewInteractionsError
        It is too small.
    """
    dataset = replace(
        dataset,
        test=_identified(dataset.test),
        candidates=_identified(dataset.candidates),
        items=None if dataset.items is None else dataset.items.filter(present(dataset.items[ITEM])),
    )
    protocol = _protocol(dataset, table, protocol)
    more = [
        extra[ITEM]
        for extra in (dataset.test, dataset.candidates, dataset.histories, dataset.items)
        if extra is not None
    ]
    profiles = Profiles.fit(dataset.users, dataset.user_types)
    every = Interactions.from_table(table, more_items=more, first_only=False, scale=scale, seed=seed)
    every = every.with_profiles(profiles)
    everything = every if include_seen else every.steps()
    down = Dislikes.from_table(disliked, every, scale=scale, seed=seed)
    counts = {
        "users": everything.n_users,
        "items": len(np.unique(everything.items)),
        "interactions": len(everything.items),
    }
    if protocol == FIXED:
        cut = _fixed_cut(dataset, everything, every.timestamps)
    else:
        cut = cut_rows(everything, every.timestamps, protocol, seed, test_days)
    moments = moments_before(everything, cut)
    # A random test has no moment: its histories are the rows of the other part, and all likes are known.
    cuts = (None, None) if protocol == RANDOM else moments
    until = tuple(np.full(everything.n_users, np.inf) for _ in moments) if protocol == RANDOM else moments
    if include_seen:
        trained = knowable = everything
    else:
        trained, knowable, everything = (everything.accumulated(every, end) for end in (*moments, None))
    fitted, known = trained.select(cut.train), knowable.select(cut.train | cut.validation)
    downs = [down.before(end, every, hidden) for end, hidden in zip(until, cut.hidden, strict=True)]
    fitted, known = (_with_low(part, less) for part, less in zip((fitted, known), downs, strict=True))
    masks = (cut.train, cut.train | cut.validation)
    logs = [log_before(every, everything, mask, until) for mask, until in zip(masks, cuts, strict=True)]
    timeline = Timeline(visit_pause, include_seen, seed) if protocol == TIMELINE else None
    log, new_ids = logs[1], everything.user_ids[:0]
    if timeline is not None and cut.starts is not None:
        validation, _ = timeline.requests(every, *cut.starts, downs[0])
        test, new = timeline.requests(every, cut.starts[1], np.inf, downs[1])
        apart = {"new_test_users": len(np.unique(new.users))}
    else:
        starts = cut.starts or (None, None)
        validation, _ = _hold(logs[0], everything, cut.validation, downs[0], starts[0], include_seen)
        if protocol == FIXED and dataset.test is not None:
            log, test, new, new_ids, apart = given_test(
                dataset.test,
                dataset.histories,
                log,
                profiles=profiles,
                disliked=downs[1],
                now=starts[1],
                scale=scale,
                seed=seed,
                include_seen=include_seen,
            )
        else:
            test, apart = _hold(logs[1], everything, cut.test, downs[1], starts[1], include_seen)
            unknown = cut.test & everything.targets & (np.diff(known.offsets)[everything.users] == 0)
            new = newcomers(known, everything.users[unknown], everything.items[unknown])
            new = new.in_contexts(everything.contexts_of(unknown), everything.users[unknown])
    _require_users(protocol, validation, test, everything)
    if dataset.candidates is not None:
        test = _with_candidates(test, dataset.candidates, log, every.n_users, new_ids)
        new = _with_candidates(new, dataset.candidates, log, every.n_users, new_ids)
    counts |= {
        "train_interactions": len(fitted.items),
        "validation_users": len(validation.users),
        "test_users": len(test.users),
        "test_interactions": len(test.target_items),
        **apart,
    }
    return Split(
        protocol=protocol,
        train=fitted.standing_for(logs[0]),
        validation=validation,
        test=test,
        newcomers=new,
        everything=_with_low(everything, down).standing_for(every),
        log=every,
        known=known.standing_for(logs[1]),
        train_log=logs[0],
        known_log=logs[1],
        refit=protocol in {FIXED, TEMPORAL, TIMELINE},
        counts=counts,
        window=cut.window,
        timeline=timeline,
        later=LaterRatings.collect([dataset.test] if protocol == FIXED else [table, disliked], scale, known, downs[1]),
        # Without times, what the test may not know is left out; with times, each label list knows what was before it.
        disliked=downs[0] if down.timestamps is None else down,
        impressions=Impressions.from_table(shown, every),
    )


def _with_low(interactions: Interactions, disliked: Dislikes | None) -> Interactions:
    return interactions if disliked is None else replace(interactions, low=disliked.low_ratings(interactions))


def _protocol(dataset: DataSet, table: pa.Table, protocol: str | None) -> str:
    """Return the protocol, by default the one that the files allow; refuse one that lacks what it needs."""
    ordered = TIMESTAMP in table.column_names
    if protocol is None:
        protocol = FIXED if dataset.test is not None else LEAVE_LAST_OUT if ordered else RANDOM
    if protocol == FIXED and dataset.test is None:
        raise DataSetError("test: the fixed protocol needs a file of test interactions")
    if protocol in {LEAVE_LAST_OUT, TEMPORAL, TIMELINE} and not ordered:
        raise DataSetError(f"interactions: the {protocol} protocol needs the column 'timestamp'")
    if protocol == TIMELINE and not has_times(table):
        raise DataSetError(f"interactions: the {protocol} protocol needs times, and 'timestamp' holds an order only")
    return protocol


def _fixed_cut(dataset: DataSet, everything: Interactions, every_time: Float64 | None) -> Cut:
    """Validate as the given test measures: on a window of time where users have several targets and no histories."""
    test, clocked = dataset.test, everything.has_clock and dataset.histories is None
    if test is None or every_time is None or not clocked or np.ptp(every_time) <= 0:
        return hold_last(everything, ordered=every_time is not None)
    several = test.num_rows >= _SEVERAL * len(pc.unique(test[USER])) > 0
    return hold_window(everything, every_time) if several else hold_last(everything, ordered=True)


def _require_users(protocol: str, validation: Holdout, test: Holdout, everything: Interactions) -> None:
    if protocol == FIXED and not len(test):
        raise DataSetError("test: no user has both interactions and a test item that is new to them")
    if not len(validation) or not len(test):
        part = "test" if len(validation) else "validation"
        raise TooFewInteractionsError(
            f"interactions: too few for a {protocol} split: the {part} set has no user"
            f" ({len(everything.items)} interactions of {everything.n_users} users)"
        )


def _identified(table: pa.Table | None) -> pa.Table | None:
    """Drop the rows of a test or candidates table that lack an id."""
    return None if table is None else table.filter(pc.and_(present(table[USER]), present(table[ITEM])))


def _hold(
    log: Interactions,
    everything: Interactions,
    targets: Mask,
    disliked: Dislikes | None,
    now: float | None,
    include_seen: bool,
) -> tuple[Holdout, dict[str, int]]:
    targets = targets & everything.targets
    users, items = everything.users[targets], everything.items[targets]
    holdout, dropped = hold_out(log, users, items, include_seen=include_seen, now=now, disliked=disliked)
    holdout = holdout.in_contexts(everything.contexts_of(targets), users)
    new = np.unique(users[np.diff(log.offsets)[users] == 0])
    return holdout, {"new_test_users": len(new), "test_users_without_unseen_items": dropped}


def _with_candidates(holdout: Holdout, candidates: pa.Table, log: Interactions, n_users: int, new_ids: Ids) -> Holdout:
    users, given, new = (
        find_column(ids, candidates[USER]) for ids in (log.user_ids[:n_users], log.user_ids[n_users:], new_ids)
    )
    users = np.where(given >= 0, n_users + given, np.where(new >= 0, log.n_users + new, users))
    items = find_column(log.item_ids, candidates[ITEM])
    # One number for each pair, that of an unknown item first: millions of pairs are sorted quickly.
    pairs = np.unique(users[users >= 0].astype(np.int64) * (log.n_items + 1) + items[users >= 0] + 1)
    users, items = np.divmod(pairs, log.n_items + 1)
    listed = Ragged.group(users.astype(np.int32), (items - 1).astype(np.int32), holdout.users)
    return replace(holdout, candidates=listed)
