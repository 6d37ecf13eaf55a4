"""The order of the rows of a log: by user, then by time."""

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Int32, Int64
from models.data.codes import encode
from models.data.columns import ACT, TIMESTAMP, USER
from models.data.goal import REACHED
from models.data.order import has_times


def row_order(table: pa.Table, seed: int = 0) -> Int64:
    """Return the rows of a table in the order in which `Interactions.from_table` encodes them."""
    timestamps = table[TIMESTAMP].to_numpy().astype(np.float64) if TIMESTAMP in table.column_names else None
    return order_of(table, encode(table[USER])[1], timestamps, seed)


def order_of(table: pa.Table, users: Int32, timestamps: Float64 | None, seed: int) -> Int64:
    """Return the same where the codes of the users and the times are known."""
    drawn = np.random.default_rng(seed).permutation(len(users))
    # Of rows without an order those that reach the goal come last: what a user does on the way to it is known before.
    late = table[ACT].to_numpy() == REACHED if ACT in table.column_names else np.zeros(len(users), dtype=np.bool_)
    if timestamps is None:
        return np.lexsort((drawn, late, users))
    return np.lexsort((drawn, late, timestamps, users)) if has_times(table) else np.lexsort((timestamps, users))
