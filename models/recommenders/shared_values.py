"""Values of profiles and contexts that enough users share, and how often their users reached each item."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from models.arrays.incidence import incidence
from models.arrays.types import Int64
from models.data.interactions import Interactions
from models.data.profiles import MIN_USERS

MAX_VALUES = 10_000
"""Values that are kept, those of the most users: with the number of items of each it bounds the memory."""


class SharedValues(NamedTuple):
    """Hashed values, int64 ascending, and their rows of `counts`: interactions, of values by items.

    For a value of an attribute these are all interactions of the users who have it, for one of a context those that
    were made in it.
    """

    values: Int64
    counts: "sp.csr_matrix[np.float32]"

    @classmethod
    def of(cls, reached: Interactions) -> "SharedValues | None":
        """Count the pairs of users and items by value; None where no value is shared by enough users."""
        held = [one for one in (_of_profiles(reached), _of_contexts(reached)) if one is not None]
        if not held or not len(reached.items):
            return None
        values, users = (np.concatenate([one[place] for one in held]) for place in (0, 1))
        kept = np.sort(np.argsort(-users, kind="stable")[:MAX_VALUES])
        kept = kept[users[kept] >= MIN_USERS]
        if not len(kept):
            return None
        counts, begin = [], 0
        for one in held:
            rows = kept[(kept >= begin) & (kept < begin + len(one.values))] - begin
            counts.append(one.have[rows] @ one.reached)
            begin += len(one.values)
        # An attribute that is named as a value of contexts counts as the attribute.
        found, order = np.unique(values[kept], return_index=True)
        return cls(found, sp.vstack(counts).tocsr()[order])


class _Held(NamedTuple):
    """Values with the number of users of each; holders, users or contexts, that `have` them, and what these reached."""

    values: Int64
    users: Int64
    have: "sp.csr_matrix[np.float32]"
    reached: "sp.csr_matrix[np.float32]"


def _of_profiles(reached: Interactions) -> _Held | None:
    profiles = reached.profiles
    if profiles is None:
        return None
    active = np.diff(reached.offsets) > 0
    owners = profiles.owners
    known = owners < reached.n_users
    known[known] = active[owners[known]]
    values, place, users = np.unique(profiles.codes[known], return_inverse=True, return_counts=True)
    have = incidence(place, owners[known], (len(values), reached.n_users))
    return _Held(values, users, have, incidence(reached.users, reached.items, (reached.n_users, reached.n_items)))


def _of_contexts(reached: Interactions) -> _Held | None:
    contexts = reached.contexts
    if contexts is None:
        return None
    count, rows = len(contexts.offsets) - 1, np.flatnonzero(contexts.numbers >= 0)
    numbers = contexts.numbers[rows]
    values, place = np.unique(contexts.codes, return_inverse=True)
    have = incidence(place, np.repeat(np.arange(count), np.diff(contexts.offsets)), (len(values), count))
    of_users = (have @ incidence(numbers, reached.users[rows], (count, reached.n_users))).tocsr()
    users = np.diff(of_users.indptr).astype(np.int64)
    return _Held(values, users, have, incidence(numbers, reached.items[rows], (count, reached.n_items)))
