"""How many bytes the cells of a column have, those of lists and objects with all that is in them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.data.reading.cell_types import holds_text, read_as

Sizes = npt.NDArray[np.int64]


def column_sizes(column: pa.ChunkedArray) -> Sizes:
    """Return the bytes of each cell; a text in a dictionary counts in each row that has it.

    Raises
    ------
    DataSetError
        The type of the cells is not known.
    """
    if (usual := read_as(column.type)) != column.type:
        column = column.cast(usual)
    return np.concatenate([_sizes(chunk) for chunk in column.chunks]) if column.num_chunks else np.zeros(0, np.int64)


def _sizes(cells: Any) -> Sizes:
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return _numbers(pc.binary_length(cells.dictionary).take(cells.indices))
    if pa.types.is_struct(kind):
        return sum(map(_sizes, cells.flatten()), np.zeros(len(cells), np.int64))
    if pa.types.is_map(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        members = _sizes(cells.keys) + _sizes(cells.items) if pa.types.is_map(kind) else _sizes(cells.values)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(members)])
        spans: Sizes = np.diff(ends[cells.offsets.to_numpy()])
        return spans
    if pa.types.is_fixed_size_list(kind):
        inner = cells.values.slice(cells.offset * kind.list_size, len(cells) * kind.list_size)
        sums: Sizes = _sizes(inner).reshape(len(cells), kind.list_size).sum(axis=1)
        return sums
    if holds_text(kind):
        return _numbers(pc.binary_length(cells))
    return np.full(len(cells), _width(kind), np.int64)


def _numbers(lengths: Any) -> Sizes:
    found: Sizes = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _width(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return 0 if pa.types.is_null(kind) else int(kind.bit_width + 7) // 8
