"""Test users without a history: they are kept out of the main metrics and measured apart."""

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int32
from models.data.codes import find
from models.data.columns import ITEM, USER
from models.data.contexts import Contexts
from models.data.given_histories import codes_of
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.data.profiles import Profiles


def newcomers(source: Interactions, users: Int32, items: Int32) -> Holdout:
    """Collect the targets of users who have no history; rows are sorted by user."""
    wanted = np.unique(users).astype(np.int32)
    return Holdout(wanted, source, Ragged.group(users, items, wanted))


def fixed_newcomers(
    test: pa.Table,
    log: Interactions,
    n_users: int,
    profiles: Profiles | None = None,
    contexts: Contexts | None = None,
) -> tuple[Holdout, Ids]:
    """Collect the test users that the log does not know; see `given_histories.codes_of`.

    Returns
    -------
    tuple
        The users, with codes that follow the last one of the known users, and their ids in the order of the codes.
    """
    names = test[USER].to_pylist()
    unknown = codes_of(log, n_users, names) < 0
    texts = np.array([name.encode() for name, new in zip(names, unknown, strict=True) if new], dtype=np.bytes_)
    ids, codes = np.unique(texts, return_inverse=True)
    items = find(log.item_ids, test[ITEM].to_pylist())[unknown]
    pairs = np.unique(np.stack([codes.astype(np.int32) + log.n_users, items]), axis=1).astype(np.int32)
    found = newcomers(log.with_profiles(profiles, ids), pairs[0], pairs[1])
    own = None if contexts is None else contexts.take(unknown)
    return found.in_contexts(own, codes.astype(np.int32) + log.n_users), ids
