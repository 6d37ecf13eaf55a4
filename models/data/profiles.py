"""Profiles: what is known of users besides their histories, as hashed values of their attributes.

An attribute with a value, such as `country: NL`, becomes a number of 64 bits: no vocabulary has to be kept, and a value
that training never saw is found nowhere.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Ids, Int32, Int64
from models.data.columns import USER

ATTRIBUTES = "attributes"
MIN_USERS = 5
"""Fewest users who share a value that says something: others tell users apart, not tastes."""
_MAX_VALUES = 64
"""Values that are read of one profile, the first by the names of their attributes."""
_MAX_TEXT = 64
"""Characters of the longest value; longer ones are texts, which users do not share."""
_MAX_DEPTH = 3
_BINS = 8
_FEW_NUMBERS = 16
"""A number with at most so many different values is a category."""
_RARE_SHARE = 0.5
_MANY = 100
NOTHING: Int64 = np.empty(0, dtype=np.int64)


class Value(NamedTuple):
    """A value of an attribute: their names as text, and its hash."""

    name: str
    text: str
    code: int


@dataclass(frozen=True)
class ProfileReader:
    """Reads profiles, the same in training and in requests.

    A text is a category, a list holds several, and an object nests attributes. Capitals and surrounding spaces do not
    count.

    Parameters
    ----------
    numbers
        By name, the edges of the bins of attributes that are numbers: float64, ascending.
    """

    numbers: Mapping[str, Float64] = field(default_factory=dict)

    def read(self, attributes: Mapping[str, Any]) -> list[Value]:
        """Return the values of a profile, each once."""
        found: dict[int, Value] = {}
        for name, value in _leaves(attributes):
            text = self._text(name, value)
            if text is not None:
                code = _hashed(name, text)
                found.setdefault(code, Value(name, text, code))
                if len(found) == _MAX_VALUES:
                    break
        return list(found.values())

    def codes(self, attributes: Mapping[str, Any]) -> Int64:
        """Return the hashes of the values of a profile."""
        return np.array([value.code for value in self.read(attributes)], dtype=np.int64)

    def _text(self, name: str, value: object) -> str | None:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            if not math.isfinite(value):
                return None
            edges = self.numbers.get(name)
            return f"{value:g}" if edges is None else _range(edges, float(value))
        text = str(value).strip().casefold()
        return text if 0 < len(text) <= _MAX_TEXT else None


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
    def fit(cls, table: pa.Table | None) -> "Profiles | None":
        """Read the users of a data set; None where they have no attributes.

        Parameters
        ----------
        table
            With the column `user_id`; of the others, `attributes` holds objects (or JSON), and any other is an
            attribute by its name.
        """
        if table is None:
            return None
        rows = dict(_profiles(table))
        reader = ProfileReader(_edges(rows.values()))
        names = sorted(rows)
        read = [reader.read(rows[name]) for name in names]
        codes = np.array([value.code for values in read for value in values], dtype=np.int64)
        if not len(codes):
            return None
        values, ignored = _useful(codes, [value.name for values in read for value in values])
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
            user_id, given = attributes.pop(USER, None), _parsed(attributes.pop(ATTRIBUTES, {}))
            if user_id:
                yield str(user_id).encode(), {**attributes, **(given if isinstance(given, Mapping) else {})}


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _leaves(attributes: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """Yield single values with the names of their attributes, in the order of the names."""
    for key in sorted(attributes):
        name, value = f"{prefix}{key}", attributes[key]
        if isinstance(value, str) and value.startswith("["):
            # A list in a cell of a CSV file.
            value = _parsed(value)
        if isinstance(value, Mapping):
            if depth < _MAX_DEPTH:
                yield from _leaves(value, f"{name}.", depth + 1)
        elif isinstance(value, list | tuple):
            yield from ((name, one) for one in value if isinstance(one, str | int | float))
        elif value is not None:
            yield name, value


def _edges(profiles: Any) -> dict[str, Float64]:
    """Choose the bins of numbers: a bin for each of a few different numbers, otherwise eight of equal size."""
    numbers: dict[str, list[float]] = {}
    for attributes in profiles:
        for name, value in _leaves(attributes):
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                numbers.setdefault(name, []).append(float(value))
    edges = {}
    # In the order in which a bundle stores the names.
    for name, values in sorted(numbers.items(), key=lambda one: one[0].encode(errors="replace")):
        different = np.unique(values)
        if len(different) > _FEW_NUMBERS:
            inner = np.linspace(0, 1, _BINS + 1)[1:-1]
            edges[name] = np.unique(np.quantile(values, inner, method="nearest"))
    return edges


def _range(edges: Float64, value: float) -> str:
    place = int(np.searchsorted(edges, value, side="right"))
    low = "" if place == 0 else f"{edges[place - 1]:g}"
    high = "" if place == len(edges) else f"{edges[place]:g}"
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"below {high}"


def _hashed(name: str, text: str) -> int:
    return int.from_bytes(blake2b(f"{name}\x00{text}".encode(), digest_size=8).digest(), "little", signed=True)


def _useful(codes: Int64, names: list[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Count the values of each attribute that enough users share, and say which attributes have hardly any."""
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    named, attribute = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    rows = np.bincount(attribute)
    rare = np.bincount(attribute, weights=counts[place] < MIN_USERS)
    first = np.zeros(len(codes), dtype=np.bool_)
    first[np.unique(place, return_index=True)[1]] = True
    different = np.bincount(attribute, weights=first)
    shared = np.bincount(attribute, weights=first & (counts[place] >= MIN_USERS))
    values, ignored = {}, {}
    for name, of, few, count, many in zip(named.tolist(), rows, rare, different.tolist(), shared.tolist(), strict=True):
        if few > _RARE_SHARE * of and count > _MANY:
            ignored[name] = f"{count:,.0f} values, and most are those of fewer than {MIN_USERS} users"
        elif many:
            values[name] = int(many)
        else:
            ignored[name] = f"no value is shared by {MIN_USERS} users"
    return values, ignored
