"""Numbers and times in the cells of files."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def numbers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read numbers as float64; anything else becomes NaN, and cleaning counts the row."""
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        moments = values.cast(pa.timestamp("us", "UTC"), safe=False)
        values = pc.divide(moments.cast(pa.int64()).cast(pa.float64()), 1e6)
    try:
        return values.cast(pa.float64())
    except pa.ArrowException:
        return pa.chunked_array([pa.array([_number(text) for text in values.to_pylist()], pa.float64())])


def _number(text: object) -> float | None:
    """Read a number, or a time in RFC 3339 as seconds since 1970; anything else is NaN."""
    if text is None:
        return None
    try:
        return float(str(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(str(text).strip())
    except ValueError:
        return np.nan
    return moment.timestamp() if moment.tzinfo else np.nan
