"""The Arrow types of the log and of the catalogue, each in one place."""

from collections.abc import Mapping

import pyarrow as pa

from models.data.catalogue import (
    ATTRIBUTES,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    DESCRIPTION,
    HIDDEN,
    IMAGE_URL,
    PRICE,
    TAGS,
    TITLE,
    URL,
)
from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    QUANTITY,
    REQUEST_ID,
    REVENUE,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)

_LABELS = pa.list_(pa.string())
INTERACTION_TYPES: Mapping[str, pa.DataType] = {
    USER: pa.string(),
    ITEM: pa.string(),
    EVENT_TYPE: pa.string(),
    VALUE: pa.float64(),
    TIMESTAMP: pa.int64(),
    EVENT_ID: pa.string(),
    REQUEST_ID: pa.string(),
    POSITION: pa.int32(),
    CONTEXT: pa.string(),
    QUANTITY: pa.float64(),
    REVENUE: pa.float64(),
    SEQUENCE: pa.float64(),
}
"""Of a row of the log, in the order of `LOG_COLUMNS`: `timestamp` in microseconds since 1970, `context` as JSON."""
ITEM_TYPES: Mapping[str, pa.DataType] = {
    ITEM: pa.string(),
    TITLE: pa.string(),
    DESCRIPTION: pa.string(),
    URL: pa.string(),
    IMAGE_URL: pa.string(),
    CATEGORIES: _LABELS,
    TAGS: _LABELS,
    PRICE: pa.float64(),
    ATTRIBUTES: pa.string(),
    HIDDEN: pa.bool_(),
    AVAILABLE_FROM: pa.float64(),
    AVAILABLE_UNTIL: pa.float64(),
}
"""Types of an item in a data-set folder: `attributes` as JSON, times in seconds since 1970."""
