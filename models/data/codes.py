"""Codes: an id's code is its position among all ids, which ascend as UTF-8 bytes."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int32


def find(sorted_ids: Ids, wanted: Sequence[str]) -> Int32:
    """Look up the codes of ids, int32; -1 for those that have none."""
    if not len(wanted) or not len(sorted_ids):
        return np.full(len(wanted), -1, dtype=np.int32)
    texts = np.array([text.encode() for text in wanted], dtype=np.bytes_)
    places = np.minimum(np.searchsorted(sorted_ids, texts), len(sorted_ids) - 1)
    return np.where(sorted_ids[places] == texts, places, -1).astype(np.int32)


def find_column(sorted_ids: Ids, column: pa.ChunkedArray) -> Int32:
    """Look up the codes of a column of ids, int32; -1 for those that have none. Each different id is looked up once."""
    encoded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    codes: Int32 = find(sorted_ids, encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
    return codes


def encode(*columns: pa.ChunkedArray) -> tuple[Ids, Int32]:
    """Give each different id of some columns a code.

    Returns
    -------
    tuple
        The ids, ascending, and the codes of the columns, one after the other.
    """
    chunks = [chunk.cast(pa.large_string()) for column in columns for chunk in column.chunks]
    encoded = pa.chunked_array(chunks, type=pa.large_string()).combine_chunks().dictionary_encode()
    names: Ids = np.array([text.encode() for text in encoded.dictionary.to_pylist()], dtype=np.bytes_)
    order = np.argsort(names, kind="stable")
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.arange(len(order), dtype=np.int32)
    return names[order], code[encoded.indices.to_numpy()]
