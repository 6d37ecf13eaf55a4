"""What attributes hold, counted over rows: types, frequent values, and the range of numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from app.schemas.attribute_schema import AttributeReport
from models.data.attribute_values import read_values
from models.data.catalogue import PREFIX, attributes_of, is_vector
from models.data.schema import Attributes, AttributeType

EXAMPLES = 5
LONGEST_EXAMPLE = 100
"""Characters of a text that is given as an example, at most."""
MOST_UNDECLARED = 2000
"""Undeclared attributes that are reported, at most: those that are met first."""
_MOST_VALUES = 1000
"""Different values of an attribute that are counted, at most."""
_DEEPEST = 8
_NUMBERS_SHOWN = 3
_EXACT = 2.0**53
"""Below this, floating-point numbers without a fraction are integers."""


@dataclass
class _Seen:
    """What was seen of one attribute. The keys of `examples` are JSON: there 1 is not true."""

    values: int = 0
    unfit: int = 0
    kinds: set[tuple[AttributeType, int | None]] = field(default_factory=set)
    examples: Counter[bytes] = field(default_factory=Counter)
    numbers: tuple[float, float] | None = None

    def show(self, value: object) -> None:
        """Count a value as an example."""
        if isinstance(value, float):
            low, high = self.numbers or (value, value)
            self.numbers = min(low, value), max(high, value)
        key = orjson.dumps(_shown(value), option=orjson.OPT_SORT_KEYS)
        if key in self.examples or len(self.examples) < _MOST_VALUES:
            self.examples[key] += 1

    def report(self, name: str, kind: AttributeType | None, length: int | None) -> AttributeReport:
        """Report the attribute; where nothing declares its type, it is inferred."""
        kinds = {one for one, _ in self.kinds}
        lengths = {one for _, one in self.kinds}
        found = kind or (next(iter(kinds)) if len(kinds) == 1 else "mixed")
        low, high = self.numbers if self.numbers is not None and found == "number" else (None, None)
        return AttributeReport(
            name=name,
            type=found,
            length=next(iter(lengths)) if kind is None and len(lengths) == 1 else length,
            declared=kind is not None,
            values=self.values,
            unfit=self.unfit,
            examples=[orjson.loads(key) for key, _ in self.examples.most_common(EXAMPLES)],
            min=low,
            max=high,
        )


class AttributeValues:
    """Counts what attributes hold; filters and models read the values by the same types.

    Parameters
    ----------
    declared
        The declared attributes.
    """

    def __init__(self, declared: Attributes) -> None:
        self._declared = declared
        self._of_declared = {name: _Seen() for name in declared}
        self._of_others: dict[str, _Seen] = {}
        self.rows = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Count the attributes of some rows, vectors as lists or as arrays."""
        for row in rows:
            self._add_declared(row)
            self._add_others({name: value for name, value in row.items() if name not in self._declared})
        self.rows += len(rows)

    def report(self) -> list[AttributeReport]:
        """Report all attributes, declared ones first, the others by name."""
        declared = [
            seen.report(name, self._declared[name].type, self._declared[name].length)
            for name, seen in self._of_declared.items()
        ]
        return [*declared, *(seen.report(name, None, None) for name, seen in sorted(self._of_others.items()))]

    def _add_declared(self, row: Mapping[str, Any]) -> None:
        read = read_values(self._declared, row)
        for name, attribute in self._declared.items():
            if row.get(name) is None:
                continue
            seen = self._of_declared[name]
            seen.values += 1
            if name in read.unfit:
                seen.unfit += 1
            elif attribute.type == "category":
                for label in read.labels[name]:
                    seen.show(label)
            else:
                seen.show(read.numbers[name] if attribute.type == "number" else row[name])

    def _add_others(self, row: Mapping[str, Any]) -> None:
        counted = set[str]()
        for name, value, kind, length in _undeclared(row):
            if name not in self._of_others and len(self._of_others) == MOST_UNDECLARED:
                continue
            seen = self._of_others.setdefault(name, _Seen())
            seen.values += name not in counted
            counted.add(name)
            seen.kinds.add((kind, length))
            seen.show(value)


def _undeclared(row: Mapping[str, Any]) -> Iterator[tuple[str, object, AttributeType, int | None]]:
    """Yield each undeclared value with its name, the type that filters take it for, and the length of a vector."""
    plain = {name: value for name, value in row.items() if not isinstance(value, np.ndarray)}
    for name, value in attributes_of(plain, vectors=False):
        # Text is compared as text, also where it is a time: only declared times have an order.
        yield name.removeprefix(PREFIX), value, "number" if isinstance(value, float) else "category", None
    for name, vector in _vectors(row, "", 1):
        yield name, vector, "vector", len(vector)


def _vectors(values: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Sequence[float]]]:
    for name, value in values.items():
        if isinstance(value, np.ndarray) or is_vector(value):
            yield f"{prefix}{name}", value
        elif isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _vectors(value, f"{prefix}{name}.", depth + 1)


def _shown(value: Any) -> Any:
    """Return a value as an example: long texts cut, of a vector its first numbers."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_EXAMPLE else f"{value[: LONGEST_EXAMPLE - 1]}…"
    if isinstance(value, np.ndarray | list):
        first = orjson.dumps(value[:_NUMBERS_SHOWN], option=orjson.OPT_SERIALIZE_NUMPY)
        more = ",…]" if len(value) > _NUMBERS_SHOWN else "]"
        return (first.decode()[:-1] + more).replace(",", ", ")
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value
