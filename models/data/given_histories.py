"""Histories that are given at test time: they are read for the test and never trained on."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from models.arrays.types import Array, Int32, Int64
from models.data.codes import find
from models.data.interactions import Interactions
from models.data.strengths import StrengthScale


def with_histories(log: Interactions, table: pa.Table, scale: StrengthScale | None, seed: int) -> Interactions:
    """Add the rows of given histories to a log, those of each user after the user's own.

    The codes of users that the log does not know follow the last one, in the order of their ids.

    Parameters
    ----------
    table
        The histories, cleaned; the log has a code for each of their items.
    """
    given = Interactions.from_table(table, first_only=False, scale=scale, seed=seed)
    known = find(log.user_ids, [user.decode() for user in given.user_ids])
    new = np.flatnonzero(known < 0)
    codes = known.copy()
    codes[new] = log.n_users + np.arange(len(new), dtype=np.int32)
    items = np.searchsorted(log.item_ids, given.item_ids).astype(np.int32)
    users: Int32 = np.concatenate([log.users, codes[given.users]])
    order = np.argsort(users, kind="stable")
    ordered = log.timestamps is not None and given.timestamps is not None
    strengths = [
        np.ones(len(one.items), dtype=np.float32) if one.strengths is None else one.strengths for one in (log, given)
    ]
    alike = log.strengths is None and given.strengths is None
    return replace(
        log,
        user_ids=np.concatenate([log.user_ids, given.user_ids[new]]),
        users=users[order],
        items=np.concatenate([log.items, items[given.items]])[order],
        timestamps=np.concatenate([log.timestamps, given.timestamps])[order] if ordered else None,
        strengths=None if alike else np.concatenate(strengths)[order],
        may_be_targets=None,
        worth=None,
        acts=_joined(log.acts, given.acts, order),
        leaves_out=_joined(log.leaves_out, given.leaves_out, order),
        # A history is read without the contexts of its rows.
        contexts=None,
    )


def _joined(first: Array | None, second: Array | None, order: Int64) -> Array | None:
    return None if first is None or second is None else np.concatenate([first, second])[order]


def codes_of(log: Interactions, n_users: int, names: list[str]) -> Int32:
    """Look up users in such a log, of which the first `n_users` are those that were there before; -1 for others."""
    codes = find(log.user_ids[:n_users], names)
    given = find(log.user_ids[n_users:], names)
    return np.where(codes < 0, np.where(given < 0, -1, given + n_users), codes).astype(np.int32)
