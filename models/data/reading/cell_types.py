"""Types of the cells of Parquet files: which there are, and as which they are read."""

import pyarrow as pa

from models.data.errors import DataSetError

_VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


def read_as(kind: pa.DataType) -> pa.DataType:
    """Return the type as which cells are read: views and extensions of texts, lists and objects as what they hold.

    Raises
    ------
    DataSetError
        It is not known how long such cells are.
    """
    if isinstance(kind, pa.BaseExtensionType):
        held = read_as(kind.storage_type)
        if pa.types.is_dictionary(held):
            # Arrow ends the process when it reads them.
            raise _unknown(kind)
        return held if holds_text(held) or pa.types.is_nested(held) else kind
    if pa.types.is_nested(kind):
        return _nested(kind)
    if pa.types.is_dictionary(kind):
        if kind.value_type in _VIEWS or not holds_text(kind.value_type):
            raise _unknown(kind)
        return kind
    if not (holds_text(kind) or _has_width(kind)):
        raise _unknown(kind)
    return _VIEWS.get(kind, kind)


def is_single(kind: pa.DataType) -> bool:
    """Return whether cells are single texts or numbers, and no lists, objects, bytes or anything unknown."""
    try:
        kind = read_as(kind)
    except DataSetError:
        return False
    return not (pa.types.is_nested(kind) or _is_bytes(kind))


def holds_text(kind: pa.DataType) -> bool:
    """Return whether cells are texts or bytes of any length."""
    return _is_bytes(kind) or any(
        is_one(kind) for is_one in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _is_bytes(kind: pa.DataType) -> bool:
    return any(is_one(kind) for is_one in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view))


def _nested(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([_field(field) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_field(kind.key_field), _field(kind.item_field), kind.keys_sorted)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_list_view(kind):
        return pa.list_(_field(kind.value_field))
    if pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind):
        return pa.large_list(_field(kind.value_field))
    raise _unknown(kind)


def _field(field: pa.Field) -> pa.Field:
    return field.with_type(read_as(field.type))


def _has_width(kind: pa.DataType) -> bool:
    types = pa.types
    return any(
        is_one(kind) for is_one in (types.is_null, types.is_primitive, types.is_decimal, types.is_fixed_size_binary)
    )


def _unknown(kind: pa.DataType) -> DataSetError:
    return DataSetError(f"cells of the type {kind} cannot be read: write them as texts, numbers or lists")
