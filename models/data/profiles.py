"""Profiles: what is known of users besides their histories, as hashed values of their attributes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int32, Int64
from models.data.columns import USER
from models.data.profile_reader import MAX_VALUES, ProfileReader, leaves, parsed
from models.data.schema import Attributes

ATTRIBUTES = "attributes"
MIN_USERS = 5
"""Fewest users who share a value that says something: others tell users apart, not tastes."""
_RARE_SHARE = 0.5
_MANY = 100
NOTHING: Int64 = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Profiles:
    """The hashed values of users: those of user u are `codes[offsets[u]:offsets[u + 1]]`, int64.

    `user_ids` are UTF-8 bytes, ascending unless aligned with others. `ignored` gives the reason for each attribute that
    says nothing, and `values` the number of values of each of the others that enough users share.
    """

    user_ids: Ids
    offsets: Int64
    codes: Int64
    reader: ProfileReader
    values: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: pa.Table | None, declared: Attributes | None = None) -> "Profiles | None":
        """Read the users of a data set; None where they have no attributes.

        Parameters
        ----------
        table
            With the column `user_id`; of the others, `attributes` holds objects (or JSON), and any other is an
            attribute by its name.
        declared
            The types of attributes by name.
        """
        if table is None:
            return None
        rows = dict(_profiles(table))
        reader = ProfileReader.fit(map(leaves, rows.values()), declared)
        names = sorted(rows)
        read = [reader.read_leaves(leaves(rows[name]), MAX_VALUES) for name in names]
        codes = np.array([value.code for values in read for value in values], dtype=np.int64)
        if not len(codes):
            return None
        named, attributes = np.unique([value.name for values in read for value in values], return_inverse=True)
        values, ignored = useful(codes, attributes, named.tolist())
        given = {name for row in rows.values() for name in row}
        ignored |= {
            name: f"declared as {one.type}"
            for name, one in (declared or {}).items()
            if name in given and reader.kinds[name] == "silent"
        }
        user_ids = np.array(names, dtype=np.bytes_)
        offsets = np.concatenate([[0], np.cumsum([len(values) for values in read])]).astype(np.int64)
        return cls(user_ids, offsets, codes, reader, values, ignored)

    def of(self, user: int) -> Int64:
        """Return the values of one user."""
        return self.codes[self.offsets[user] : self.offsets[user + 1]]

    def aligned(self, user_ids: Ids) -> "Profiles":
        """Bring the profiles into the order of some users; those without a profile have no values."""
        places = np.minimum(np.searchsorted(self.user_ids, user_ids), len(self.user_ids) - 1)
        lengths = np.where(self.user_ids[places] == user_ids, np.diff(self.offsets)[places], 0)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        starts = np.repeat(self.offsets[places] - offsets[:-1], lengths)
        codes = self.codes[starts + np.arange(offsets[-1])]
        return replace(self, user_ids=user_ids, offsets=offsets, codes=codes)

    @property
    def owners(self) -> Int32:
        """The user of each value, int32."""
        return np.repeat(np.arange(len(self.user_ids), dtype=np.int32), np.diff(self.offsets))


def _profiles(table: pa.Table) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """Yield the attributes of each user as `braid import` stores them."""
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            attributes = {name: value for name, value in row.items() if value is not None}
            user_id, given = attributes.pop(USER, None), parsed(attributes.pop(ATTRIBUTES, {}))
            if user_id:
                yield str(user_id).encode(), {**attributes, **(given if isinstance(given, Mapping) else {})}


def useful(codes: Int64, attributes: Int64, named: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Count the values of each attribute that enough users share, and say which attributes have hardly any.

    Parameters
    ----------
    codes, attributes
        The value and the place of its attribute in `named`, one for each user who has the value.
    """
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rows = np.bincount(attributes, minlength=len(named))
    rare = np.bincount(attributes, weights=counts[place] < MIN_USERS, minlength=len(named))
    first = np.zeros(len(codes), dtype=np.bool_)
    first[np.unique(place, return_index=True)[1]] = True
    different = np.bincount(attributes, weights=first, minlength=len(named))
    shared = np.bincount(attributes, weights=first & (counts[place] >= MIN_USERS), minlength=len(named))
    values, ignored = {}, {}
    for name, of, few, count, many in zip(named, rows, rare, different.tolist(), shared.tolist(), strict=True):
        if few > _RARE_SHARE * of and count > _MANY:
            ignored[name] = f"{count:,.0f} values, and most are those of fewer than {MIN_USERS} users"
        elif many:
            values[name] = int(many)
        else:
            ignored[name] = f"no value is shared by {MIN_USERS} users"
    return values, ignored
