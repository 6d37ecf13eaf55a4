"""A test that a data set gives: what its users had done, and what they did next."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids
from models.data.codes import find_column
from models.data.columns import CONTEXT, ITEM, USER
from models.data.contexts import Contexts
from models.data.dislikes import Dislikes
from models.data.given_histories import codes_of, with_histories
from models.data.holdout import Holdout, hold_out
from models.data.interactions import Interactions
from models.data.newcomers import fixed_newcomers
from models.data.profiles import Profiles
from models.data.strengths import StrengthScale


class GivenTest(NamedTuple):
    """The test users with and without a history, and the log with the histories that the data set gives.

    `new_ids` are the ids of those without a history, whose codes follow the last one of `log`.
    """

    log: Interactions
    test: Holdout
    newcomers: Holdout
    new_ids: Ids
    counts: dict[str, int]


def given_test(
    test: pa.Table,
    histories: pa.Table | None,
    log: Interactions,
    *,
    profiles: Profiles | None,
    disliked: Dislikes | None,
    now: float | None,
    scale: StrengthScale | None,
    seed: int,
    include_seen: bool,
) -> GivenTest:
    """Read the test and the histories of a data set.

    Parameters
    ----------
    histories
        What users had done until the test, cleaned.
    log
        What is known at the test.
    now
        When the test begins, where that is known.
    """
    n_users = log.n_users
    contexts = None
    if log.contexts is not None and CONTEXT in test.column_names:
        contexts = log.contexts.read(test[CONTEXT])
    if histories is not None:
        log = with_histories(log, histories, scale, seed).with_profiles(profiles)
    known, counts = _known(test, log, n_users, disliked, now, contexts, include_seen=include_seen)
    new, new_ids = fixed_newcomers(test, log, n_users, profiles, contexts)
    return GivenTest(log, known, new, new_ids, counts)


def _known(
    test: pa.Table,
    log: Interactions,
    n_users: int,
    disliked: Dislikes | None,
    now: float | None,
    contexts: Contexts | None,
    *,
    include_seen: bool,
) -> tuple[Holdout, dict[str, int]]:
    names = test[USER].to_pylist()
    users, items = codes_of(log, n_users, names), find_column(log.item_ids, test[ITEM])
    new = len({name for name, code in zip(names, users, strict=True) if code < 0})
    known = users >= 0
    pairs = np.unique(np.stack([users[known], items[known]]), axis=1).astype(np.int32)
    holdout, dropped = hold_out(log, pairs[0], pairs[1], include_seen=include_seen, now=now, disliked=disliked)
    counts = {"new_test_users": new, "test_users_without_unseen_items": dropped}
    return holdout.in_contexts(contexts, users), counts
