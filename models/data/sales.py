"""Quantity and revenue of interactions: which of them are possible, and which rows are returns."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from models.data.columns import EVENT_TYPE, QUANTITY, REVENUE

RETURN = "return"


def counted_type(event_type: str, quantity: float | None) -> str:
    """Return the event type that an interaction counts as: a negative quantity makes it a return."""
    return RETURN if quantity is not None and quantity < 0 else event_type


def with_returns(table: pa.Table) -> pa.Table:
    """Set the event type of the rows with a negative quantity to `return`."""
    if QUANTITY not in table.column_names:
        return table
    returned = pc.fill_null(pc.less(table[QUANTITY], 0), False)
    if not pc.any(returned).as_py():
        return table
    if EVENT_TYPE not in table.column_names:
        table = table.append_column(EVENT_TYPE, pa.nulls(table.num_rows, pa.string()))
    kinds = pc.if_else(returned, RETURN, table[EVENT_TYPE].cast(pa.string()))
    return table.set_column(table.column_names.index(EVENT_TYPE), EVENT_TYPE, kinds)


def _quantity_fits(table: pa.Table) -> pa.ChunkedArray:
    given = table[QUANTITY]
    return pc.fill_null(pc.and_(pc.is_finite(given), pc.not_equal(given, 0)), True)


def _revenue_fits(table: pa.Table) -> pa.ChunkedArray:
    given = table[REVENUE]
    allowed = pc.greater_equal(given, 0)
    if QUANTITY in table.column_names:
        allowed = pc.or_(allowed, pc.fill_null(pc.less(table[QUANTITY], 0), False))
    return pc.fill_null(pc.and_(pc.is_finite(given), allowed), True)


SALE_RULES: Mapping[str, tuple[str, Callable[[pa.Table], pa.ChunkedArray]]] = {
    QUANTITY: ("quantity not a number other than 0", _quantity_fits),
    REVENUE: ("revenue not a number, or negative without a negative quantity", _revenue_fits),
}
"""For each column the reason to drop a row, and the mask of those that stay; an empty cell is possible."""
