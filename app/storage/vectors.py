"""Vectors of an item as bytes: their names and lengths as JSON, a line break, then their numbers as float32."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson
import pyarrow as pa

from models.arrays.types import Float32

_NUMBER = np.dtype("<f4")


def pack(vectors: Mapping[str, Float32]) -> bytes | None:
    """Return the bytes of vectors; None where there is none."""
    if not vectors:
        return None
    header = orjson.dumps({name: len(vector) for name, vector in vectors.items()})
    return header + b"\n" + b"".join(vector.astype(_NUMBER).tobytes() for vector in vectors.values())


def unpack(packed: bytes | None) -> dict[str, Float32]:
    """Return the vectors by name."""
    if not packed:
        return {}
    header, _, numbers = bytes(packed).partition(b"\n")
    found, start = {}, 0
    for name, length in orjson.loads(header).items():
        found[name] = np.frombuffer(numbers, _NUMBER, length, start * _NUMBER.itemsize).astype(np.float32, copy=False)
        start += length
    return found


def as_lists(packed: bytes | None) -> dict[str, list[float]]:
    """Return the vectors as they were put: with the shortest decimals that mean the same float32."""
    return {
        name: orjson.loads(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY))
        for name, vector in unpack(packed).items()
    }


def as_columns(packed: Sequence[bytes | None]) -> dict[str, pa.Array]:
    """Return a column of lists for each vector that some row has."""
    rows = [unpack(one) for one in packed]
    columns = {}
    for name in sorted({name for row in rows for name in row}):
        given = [row.get(name) for row in rows]
        lengths = [0 if one is None else len(one) for one in given]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32 if sum(lengths) < 2**31 else np.int64)
        numbers = np.concatenate([one for one in given if one is not None])
        missing = pa.array([one is None for one in given])
        kind = pa.ListArray if offsets.dtype == np.int32 else pa.LargeListArray
        columns[name] = kind.from_arrays(offsets, numbers, mask=missing)
    return columns
