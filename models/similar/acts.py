"""What kind of act each interaction was: what is bought together is not what is viewed together."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int8, Int32
from models.data.codes import find_column
from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER
from models.data.interactions import row_order
from models.data.order import has_times

BOUGHT, VIEWED = range(2)
_KINDS = {"purchase": BOUGHT, "view": VIEWED}


@dataclass(frozen=True)
class Acts:
    """The purchases and views of a log, by visit, then by time.

    `visits` and `items` are int32, `kinds` int8: `BOUGHT` or `VIEWED`. Visits are numbered from 0 on.
    """

    visits: Int32
    items: Int32
    kinds: Int8

    @classmethod
    def from_table(cls, table: pa.Table, user_ids: Ids, item_ids: Ids, pause: float) -> Self | None:
        """Read the event types of a cleaned table; None where it has no types, or no times to tell visits apart by.

        Parameters
        ----------
        user_ids, item_ids
            UTF-8 bytes, ascending; an id's code is its position.
        pause
            Seconds without an interaction that end a visit.
        """
        if EVENT_TYPE not in table.column_names or not has_times(table):
            return None
        order = row_order(table)
        users = find_column(user_ids, table[USER])[order]
        times = table[TIMESTAMP].to_numpy().astype(np.float64)[order]
        begins = np.ones(len(users), dtype=np.bool_)
        begins[1:] = (np.diff(users) != 0) | (np.diff(times) > pause)
        names = table[EVENT_TYPE].to_numpy()
        kinds = np.full(len(users), -1, dtype=np.int8)
        for name, kind in _KINDS.items():
            kinds[names == name] = kind
        kept = kinds[order] >= 0
        visits = (np.cumsum(begins) - 1).astype(np.int32)
        return cls(visits[kept], find_column(item_ids, table[ITEM])[order][kept], kinds[order][kept])
