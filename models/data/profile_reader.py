"""The reader of profiles and contexts: values as categories, hashed, the same in training and in requests.

An attribute with a value, such as `country: NL`, becomes a number of 64 bits: no vocabulary has to be kept, and a value
that training never saw is found nowhere.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from models.arrays.types import Float64, Int64
from models.data.catalogue import moment_of, number_of
from models.data.schema import Attributes

Kind = Literal["number", "time", "category", "silent"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order of their codes in a bundle. What is silent is not read: texts, vectors and places."""
IN_CONTEXT = "context."
"""What the name of a value of a context begins with."""
MAX_VALUES = 64
"""Values that are read of one profile, the first by the names of their attributes."""
MAX_CONTEXT_VALUES = 16
"""The same of one context."""
_MAX_TEXT = 64
"""Characters of the longest value; longer ones are texts, which users do not share."""
_MAX_DEPTH = 3
_BINS = 8
_FEW_NUMBERS = 16
"""A number with at most so many different values is a category."""
_LATEST = 1e11
"""Seconds since 1970, or before: times farther away are none."""
Leaf = tuple[str, Any]


class Value(NamedTuple):
    """A value of an attribute: their names as text, and its hash."""

    name: str
    text: str
    code: int


@dataclass(frozen=True)
class ProfileReader:
    """Reads the profile of a user, and the context of a request.

    A text is a category, a list holds several, and an object nests attributes. Capitals and surrounding spaces do not
    count.

    Parameters
    ----------
    numbers
        By name, the edges of the bins of attributes that are numbers: float64, ascending.
    kinds
        What the values of an attribute are, by its name or by that of the whole object; others are as they come.
    """

    numbers: Mapping[str, Float64] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    @classmethod
    def fit(cls, described: Iterable[Iterable[Leaf]], declared: Attributes | None = None) -> "ProfileReader":
        """Choose the bins of numbers, and find the texts that are numbers all of them, as in a CSV file.

        There is a bin for each of a few different numbers, otherwise there are eight of equal size.

        Parameters
        ----------
        described
            The values of each user or context, see `leaves`.
        declared
            The types of attributes by name; undeclared ones are inferred.
        """
        kinds: dict[str, Kind] = {name: _kind(one.type) for name, one in (declared or {}).items()}
        own, written = _numbers(described, cls(kinds=kinds))
        kinds |= dict.fromkeys(written, "number")
        edges = {}
        for name in sorted({*own, *written}, key=_stored):
            values = own.get(name, []) + written.get(name, [])
            if len(np.unique(values)) > _FEW_NUMBERS:
                inner = np.linspace(0, 1, _BINS + 1)[1:-1]
                edges[name] = np.unique(np.quantile(values, inner, method="nearest"))
        return cls(edges, {name: kinds[name] for name in sorted(kinds, key=_stored)})

    def joined(self, other: "ProfileReader") -> "ProfileReader":
        """Read what either of two readers of different names reads."""
        numbers, kinds = {**self.numbers, **other.numbers}, {**self.kinds, **other.kinds}
        return ProfileReader(
            {name: numbers[name] for name in sorted(numbers, key=_stored)},
            {name: kinds[name] for name in sorted(kinds, key=_stored)},
        )

    def read(self, attributes: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> list[Value]:
        """Return the values of a profile, then those of the context of a request, each once."""
        found = self.read_leaves(leaves(attributes), MAX_VALUES)
        return found + self.read_leaves(leaves(context, IN_CONTEXT), MAX_CONTEXT_VALUES) if context else found

    def codes(self, attributes: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> Int64:
        """Return the hashes of the values of a profile and of a context."""
        return np.array([value.code for value in self.read(attributes, context)], dtype=np.int64)

    def read_leaves(self, given: Iterable[Leaf], most: int) -> list[Value]:
        """Return the first values of some leaves, each once."""
        found: dict[int, Value] = {}
        for name, value in given:
            text = self._text(name, value)
            if text is not None:
                code = _hashed(name, text)
                found.setdefault(code, Value(name, text, code))
                if len(found) == most:
                    break
        return list(found.values())

    def kind(self, name: str) -> Kind | None:
        """Return what the values of an attribute are; None where they are as they come."""
        if not self.kinds:
            return None
        own = self.kinds.get(name)
        return own if own is not None or name.startswith(IN_CONTEXT) else self.kinds.get(name.partition(".")[0])

    def number(self, kind: Kind | None, value: object) -> float | None:
        """Return a value that is a number or a time; None for any other one."""
        if kind == "time":
            moment = None if isinstance(value, bool) else moment_of(value)
            return moment if moment is not None and abs(moment) <= _LATEST else None
        if kind == "number":
            return number_of(value)
        plain = kind is None and isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if plain and math.isfinite(value) else None  # type: ignore[arg-type]

    def _text(self, name: str, value: object) -> str | None:
        kind = self.kind(name)
        if kind == "silent":
            return None
        number = self.number(kind, value)
        if number is not None:
            edges, written = self.numbers.get(name), _time if kind == "time" else _short
            return written(number) if edges is None else _range(edges, number, written)
        if kind in {"number", "time"}:
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return f"{value:.15g}" if math.isfinite(value) else None
        text = str(value).strip().casefold()
        return text if 0 < len(text) <= _MAX_TEXT else None


def leaves(attributes: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[Leaf]:
    """Yield single values with the names of their attributes, in the order of the names."""
    for key in sorted(attributes):
        name, value = f"{prefix}{key}", attributes[key]
        if isinstance(value, str) and value.startswith("["):
            # A list in a cell of a CSV file.
            value = parsed(value)
        if isinstance(value, Mapping):
            if depth < _MAX_DEPTH:
                yield from leaves(value, f"{name}.", depth + 1)
        elif isinstance(value, list | tuple):
            yield from ((name, one) for one in value if isinstance(one, str | int | float))
        elif value is not None:
            yield name, value


def parsed(value: object) -> object:
    """Read JSON; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _numbers(
    described: Iterable[Iterable[Leaf]], reader: ProfileReader
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Collect the numbers by name, and those that are written as text where all texts of a name are numbers."""
    own: dict[str, list[float]] = {}
    written: dict[str, list[float]] = {}
    words: set[str] = set()
    for given in described:
        for name, value in given:
            kind = reader.kind(name)
            number = reader.number(kind, value)
            if number is not None:
                own.setdefault(name, []).append(number)
            elif kind is None and name not in words:
                number = number_of(value)
                if number is None:
                    words.add(name)
                else:
                    written.setdefault(name, []).append(number)
    return own, {name: values for name, values in written.items() if name not in words}


def _kind(declared: str) -> Kind:
    return next((kind for kind in KINDS if kind == declared), "silent")


def _stored(name: str) -> bytes:
    """Sort names as a bundle stores them."""
    return name.encode(errors="replace")


def _range(edges: Float64, value: float, written: Any) -> str:
    place = int(np.searchsorted(edges, value, side="right"))
    low = "" if place == 0 else written(edges[place - 1])
    high = "" if place == len(edges) else written(edges[place])
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"below {high}"


def _short(number: float) -> str:
    return f"{number:g}"


def _time(moment: float) -> str:
    return str(np.datetime64(int(moment), "s"))


def _hashed(name: str, text: str) -> int:
    return int.from_bytes(blake2b(f"{name}\x00{text}".encode(), digest_size=8).digest(), "little", signed=True)
