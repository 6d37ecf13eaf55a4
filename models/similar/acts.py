"""What kind of act each interaction was: what is bought together is not what is viewed together."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int8, Int32
from models.data.codes import find_column
from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER
from models.data.goal import Goal
from models.data.order import has_times
from models.data.row_order import row_order
from models.data.timeline import visit_starts

BOUGHT, VIEWED = range(2)
_PURCHASE, _VIEW = "purchase", "view"


@dataclass(frozen=True)
class Acts:
    """What reached the goal and the views of a log, by visit, then by time.

    `visits` and `items` are int32, `kinds` int8: `BOUGHT` or `VIEWED`. Visits are numbered from 0 on.
    """

    visits: Int32
    items: Int32
    kinds: Int8

    @classmethod
    def from_table(
        cls, table: pa.Table, user_ids: Ids, item_ids: Ids, pause: float, goal: Goal | None = None
    ) -> Self | None:
        """Read the event types of a cleaned table; None where it has no types, or no times to tell visits apart by.

        Parameters
        ----------
        user_ids, item_ids
            UTF-8 bytes, ascending; an id's code is its position.
        pause
            Seconds without an interaction that end a visit.
        goal
            What counts as bought; purchases where None.
        """
        if EVENT_TYPE not in table.column_names or not has_times(table):
            return None
        order = row_order(table)
        users = find_column(user_ids, table[USER])[order]
        times = table[TIMESTAMP].to_numpy().astype(np.float64)[order]
        names = table[EVENT_TYPE].to_numpy()
        kinds = np.full(len(users), -1, dtype=np.int8)
        kinds[names == _VIEW] = VIEWED
        kinds[names == _PURCHASE if goal is None else goal.is_reached(table)] = BOUGHT
        kept = kinds[order] >= 0
        visits = (np.cumsum(visit_starts(users, times, pause)) - 1).astype(np.int32)
        return cls(visits[kept], find_column(item_ids, table[ITEM])[order][kept], kinds[order][kept])
