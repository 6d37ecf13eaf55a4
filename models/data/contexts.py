"""Contexts: what requests say of their moment, such as the device or the page, as hashed values beside profiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Int32, Int64, Mask
from models.data.profile_reader import IN_CONTEXT, MAX_CONTEXT_VALUES, ProfileReader, Value, leaves, parsed
from models.data.profiles import MIN_USERS, NOTHING, useful


@dataclass(frozen=True)
class Contexts:
    """The contexts of rows: interactions or requests.

    `numbers` are int32, one for each row, -1 without a context; different contexts are few. The hashed values of number
    n are `codes[offsets[n]:offsets[n + 1]]`, int64. `values` and `ignored` are by name, as in `Profiles`.
    """

    numbers: Int32
    offsets: Int64
    codes: Int64
    reader: ProfileReader
    values: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, column: pa.ChunkedArray, users: Int32) -> "Contexts | None":
        """Read the contexts of a log; None where there is none.

        Values that hardly any users share, such as the id of a session, are left out: they tell rows apart.

        Parameters
        ----------
        column
            JSON objects as text.
        users
            The user of each row.
        """
        rows, given = _encoded(column)
        if not any(given):
            return None
        reader = ProfileReader.fit(leaves(one, IN_CONTEXT) for one in given)
        read = [_values(reader, one) for one in given]
        every = [value for values in read for value in values]
        codes, first, place = np.unique([value.code for value in every], return_index=True, return_inverse=True)
        names = [value.name.removeprefix(IN_CONTEXT) for value in every]
        named, attributes = np.unique(np.array(names, dtype=np.str_)[first], return_inverse=True)
        holders = _holders(rows, users, [len(values) for values in read], place, len(codes))
        values, ignored = useful(holders, attributes[holders], named.tolist())
        shared = np.bincount(holders, minlength=len(codes)) >= MIN_USERS
        kept = set(codes[shared & np.isin(named[attributes], list(values))].tolist())
        numbers, offsets, codes = _few([[value.code for value in values if value.code in kept] for values in read])
        return cls(np.append(numbers, np.int32(-1))[rows], offsets, codes, reader, values, ignored)

    def read(self, column: pa.ChunkedArray) -> "Contexts":
        """Read the contexts of other rows by the same reader."""
        rows, given = _encoded(column)
        numbers, offsets, codes = _few([[value.code for value in _values(self.reader, one)] for one in given])
        return replace(self, numbers=np.append(numbers, np.int32(-1))[rows], offsets=offsets, codes=codes)

    def take(self, rows: Mask | Int64) -> "Contexts":
        """Keep some of the rows."""
        return replace(self, numbers=self.numbers[rows])

    def of(self, row: int) -> Int64:
        """Return the values of the context of a row."""
        number = int(self.numbers[row])
        return NOTHING if number < 0 else self.codes[self.offsets[number] : self.offsets[number + 1]]

    def beside(self, profile: Int64 | None, row: int) -> Int64 | None:
        """Add the values of the context of a row to those of a profile."""
        own = self.of(row)
        if not len(own):
            return profile
        return own if profile is None else np.concatenate([profile, own])


def _encoded(column: pa.ChunkedArray) -> tuple[Int64, list[Mapping[str, Any]]]:
    """Return the number of the context of each row, -1 without one, and the different contexts."""
    encodes = not pa.types.is_dictionary(column.type)
    kind = column.type if encodes else column.type.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return np.full(len(column), -1, dtype=np.int64), []
    if encodes:
        column = column.cast(pa.large_string()).dictionary_encode()
    encoded = column.unify_dictionaries().combine_chunks()
    places = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    # Rows that were left out may have been the only ones of a context.
    used = np.flatnonzero(np.bincount(places + 1, minlength=len(encoded.dictionary) + 1)[1:])
    numbers = np.full(len(encoded.dictionary) + 1, -1, dtype=np.int64)
    numbers[used] = np.arange(len(used))
    texts = [parsed(text) for text in encoded.dictionary.take(pa.array(used)).to_pylist()]
    return numbers[places], [text if isinstance(text, Mapping) else {} for text in texts]


def _values(reader: ProfileReader, context: Mapping[str, Any]) -> list[Value]:
    return reader.read_leaves(leaves(context, IN_CONTEXT), MAX_CONTEXT_VALUES)


def _holders(rows: Int64, users: Int32, lengths: Sequence[int], place: Int64, n_values: int) -> Int64:
    """Return the place of each value of each user who has it in some context, int64."""
    there, count = rows >= 0, len(lengths)
    # Those who read files need no sparse matrices, which take some memory.
    from models.arrays.incidence import incidence  # noqa: PLC0415

    used = incidence(users[there], rows[there], (int(users.max()) + 1, count))
    found = used @ incidence(np.repeat(np.arange(count), lengths), place, (count, n_values))
    held: Int64 = found.tocsr().indices.astype(np.int64)
    return held


def _few(read: Sequence[Sequence[int]]) -> tuple[Int32, Int64, Int64]:
    """Give contexts of the same values one number, -1 where there is none: numbers, offsets and codes."""
    found: dict[tuple[int, ...], int] = {}
    numbers = [found.setdefault(tuple(sorted(codes)), len(found)) if codes else -1 for codes in read]
    offsets = np.cumsum([0, *map(len, found)]).astype(np.int64)
    codes = np.array([code for codes in found for code in codes], dtype=np.int64)
    return np.array(numbers, dtype=np.int32), offsets, codes
