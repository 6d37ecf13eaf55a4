"""An inverted index of the catalogue, which finds the items with a value without reading every item."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Float64, Int32, Int64
from models.arrays.vocabulary import Vocabulary, checked_offsets
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.catalogue import (
    ATTRIBUTES,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    HIDDEN,
    IMAGE_URL,
    PREFIX,
    PRICE,
    TAGS,
    TITLE,
    URL,
    Scalar,
    attributes_of,
    flag_of,
    known_rows,
    labels_of,
    moment_of,
    number_of,
    text_of,
    texts_of,
)

Pairs = tuple[Float64, Int32]
AXES = ("lat", "lon")
"""The two numbers of a place."""
_NAME = "knowledge"
_LONGEST = 1024
"""Longer texts are not indexed, so filters cannot match them."""
_NO_ITEMS: Int32 = np.empty(0, dtype=np.int32)
_NO_NUMBERS: Float64 = np.empty(0, dtype=np.float64)


@dataclass(frozen=True)
class CatalogueIndex:
    """Values of the items' fields, each with the items that have it.

    Parameters
    ----------
    labels
        Texts and booleans, each with its field; label t is that of the items
        `label_items[label_offsets[t]:label_offsets[t + 1]]`, ascending.
    fields
        Names of the fields that some item has; the numbers of field f are
        `numbers[number_offsets[f]:number_offsets[f + 1]]`, ascending, with their items beside them in `number_items`.
    transposed
        Labels by item, of the fields that were asked for in this way.
    """

    labels: Vocabulary
    label_offsets: Int64
    label_items: Int32
    fields: Vocabulary
    number_offsets: Int64
    numbers: Float64
    number_items: Int32
    transposed: dict[str, tuple[Int32, Int32]] = dataclass_field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(cls, item_ids: npt.NDArray[np.bytes_], catalogue: pa.Table | None, max_attributes: int) -> Self:
        """Invert a catalogue; the attributes that most items have are kept."""
        labels: dict[str, array[int]] = defaultdict(lambda: array("i"))
        numbers: dict[str, tuple[array[float], array[int]]] = defaultdict(lambda: (array("d"), array("i")))
        holders: dict[str, int] = defaultdict(int)
        for code, item in () if catalogue is None else known_rows(catalogue, item_ids):
            fields, texts, values = compared_values(item)
            for name in fields:
                holders[name] += 1
            for text in texts:
                labels[text].append(code)
            for name, of_field in values.items():
                numbers[name][0].extend(of_field)
                numbers[name][1].extend([code] * len(of_field))
        attributes = [name for name in holders if name.startswith(PREFIX)]
        dropped = set(sorted(attributes, key=lambda name: (-holders[name], name))[max_attributes:])
        kept = Vocabulary.of(name for name in holders if name not in dropped)
        pairs = [_sorted(*numbers[kept[code]]) for code in range(len(kept))]
        vocabulary = Vocabulary.of(text for text in labels if field_of(text) not in dropped)
        having = [np.sort(np.array(labels[vocabulary[code]], dtype=np.int32)) for code in range(len(vocabulary))]
        return cls(
            vocabulary,
            _offsets(having),
            np.concatenate([_NO_ITEMS, *having]),
            kept,
            _offsets([items for _, items in pairs]),
            np.concatenate([_NO_NUMBERS, *(of_field for of_field, _ in pairs)]),
            np.concatenate([_NO_ITEMS, *(items for _, items in pairs)]),
        )

    def having(self, field: str, value: Scalar) -> Int32:
        """Return the codes of the items whose field has a value, each once."""
        if isinstance(value, float):
            numbers, items = self.numbers_of(field)
            return items[np.searchsorted(numbers, value) : np.searchsorted(numbers, value, side="right")]
        code = int(self.labels.find([label(field, value)])[0])
        return _NO_ITEMS if code < 0 else self.label_items[self.label_offsets[code] : self.label_offsets[code + 1]]

    def numbers_of(self, field: str) -> Pairs:
        """Return the numbers of a field, ascending, and the items beside them."""
        code = int(self.fields.find([field])[0])
        if code < 0:
            return _NO_NUMBERS, _NO_ITEMS
        start, stop = self.number_offsets[code], self.number_offsets[code + 1]
        return self.numbers[start:stop], self.number_items[start:stop]

    def having_any(self, field: str) -> Int32:
        """Return the codes of the items that have any value of a field, or of one below it; some of them twice."""
        below = self.fields.beginning_with(f"{field}.")
        names = [field, *(self.fields[code] for code in range(*below))]
        return np.concatenate(
            [*(self._labelled(name) for name in names), *(self.numbers_of(name)[1] for name in names)]
        )

    def _labelled(self, field: str) -> Int32:
        ranges = [self.labels.beginning_with(beginning(field, kind)) for kind in (str, bool)]
        return np.concatenate([self._items_of(first, stop) for first, stop in ranges])

    def with_prefix(self, field: str, text: str) -> Int32:
        """Return the codes of the items with a text of a field that begins with some text; some of them twice."""
        return self._items_of(*self.labels.beginning_with(beginning(field, str) + text))

    def containing(self, field: str, text: str) -> Int32:
        """Return the codes of the items with a text of a field that has some text within it; some of them twice."""
        start = beginning(field, str)
        labels = self.labels.containing(text, *self.labels.beginning_with(start), len(start.encode()))
        return np.concatenate([_NO_ITEMS, *(self._items_of(one, one + 1) for one in labels.tolist())])

    def values_of(self, field: str, item: int) -> list[Scalar]:
        """Return the values that an item has of a field: texts, booleans and numbers."""
        found: list[Scalar] = []
        for kind in (str, bool):
            start = len(beginning(field, kind))
            items, labels = self._by_item(field, kind)
            own = labels[np.searchsorted(items, item) : np.searchsorted(items, item, side="right")]
            texts = [self.labels[code][start:] for code in own.tolist()]
            found += texts if kind is str else [text == str(True) for text in texts]
        numbers, items = self.numbers_of(field)
        return [*found, *numbers[items == item].tolist()]

    def _by_item(self, field: str, kind: type) -> tuple[Int32, Int32]:
        """Return the items of the labels of a field, ascending, and the labels beside them; kept once it was asked."""
        key = beginning(field, kind)
        if key not in self.transposed:
            first, stop = self.labels.beginning_with(key)
            items = self._items_of(first, stop)
            labels = np.repeat(np.arange(first, stop, dtype=np.int32), np.diff(self.label_offsets[first : stop + 1]))
            order = np.argsort(items, kind="stable")
            self.transposed[key] = items[order], labels[order]
        return self.transposed[key]

    def places_of(self, field: str, n_items: int) -> tuple[Float64, Float64]:
        """Return the latitude and longitude of every item, float64, NaN without one; of several the largest."""
        axes = []
        for axis in AXES:
            found = np.full(n_items, np.nan)
            numbers, items = self.numbers_of(f"{field}.{axis}")
            found[items] = numbers
            axes.append(found)
        return axes[0], axes[1]

    def _items_of(self, first: int, stop: int) -> Int32:
        """Return the codes of the items of a range of labels."""
        return self.label_items[self.label_offsets[first] : self.label_offsets[stop]]

    def has(self, field: str) -> bool:
        """Return whether some item has a field."""
        return int(self.fields.find([field])[0]) >= 0

    def has_any(self, field: str) -> bool:
        """Return whether some item has a field, or one below it."""
        first, stop = self.fields.beginning_with(f"{field}.")
        return self.has(field) or first < stop

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {
            **self.labels.arrays(f"{_NAME}_labels"),
            f"{_NAME}_label_offsets": self.label_offsets,
            f"{_NAME}_label_items": self.label_items,
            **self.fields.arrays(f"{_NAME}_fields"),
            f"{_NAME}_number_offsets": self.number_offsets,
            f"{_NAME}_numbers": self.numbers,
            f"{_NAME}_number_items": self.number_items,
        }

    @classmethod
    def load(cls, bundle: Bundle, n_items: int) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together, or hold items beyond the catalogue.
        """
        labels, fields = (Vocabulary.load(bundle, f"{_NAME}_{name}") for name in ("labels", "fields"))
        arrays: Mapping[str, Any] = {
            name: bundle.array(f"{_NAME}_{name}", dtype)
            for name, dtype in (
                ("label_offsets", np.int64),
                ("label_items", np.int32),
                ("number_offsets", np.int64),
                ("numbers", np.float64),
                ("number_items", np.int32),
            )
        }
        checked_offsets(bundle, f"{_NAME}_label_offsets", arrays["label_offsets"], len(arrays["label_items"]))
        checked_offsets(bundle, f"{_NAME}_number_offsets", arrays["number_offsets"], len(arrays["numbers"]))
        same = (len(arrays["label_offsets"]), len(arrays["number_offsets"]), len(arrays["number_items"]))
        inside = all(
            items.min(initial=0) >= 0 and items.max(initial=-1) < n_items
            for items in (arrays["label_items"], arrays["number_items"])
        )
        if same != (len(labels) + 1, len(fields) + 1, len(arrays["numbers"])) or not inside:
            raise BundleError(f"{bundle.folder}: the arrays {_NAME}_* do not fit together")
        return cls(labels=labels, fields=fields, **arrays)


def compared_values(item: Mapping[str, Any]) -> tuple[set[str], set[str], dict[str, set[float]]]:
    """Return the values that an item can be compared by: the names of its fields, their labels and their numbers."""
    names: set[str] = set()
    labels: set[str] = set()
    numbers: dict[str, set[float]] = defaultdict(set)
    for name, value in _values(item):
        names.add(name)
        if isinstance(value, float):
            numbers[name].add(value)
        elif isinstance(value, bool) or len(value) <= _LONGEST:
            labels.add(label(name, value))
    return names, labels, dict(numbers)


def _values(item: Mapping[str, Any]) -> Iterator[tuple[str, Scalar]]:
    for name in (CATEGORIES, TAGS):
        yield from ((name, label) for label in labels_of(item.get(name)))
    if title := text_of(item.get(TITLE)):
        yield TITLE, title
    # Of a link it is only known whether there is one.
    yield from ((name, True) for name in (URL, IMAGE_URL) if text_of(item.get(name)))
    yield HIDDEN, flag_of(item.get(HIDDEN))
    for name, read in ((PRICE, number_of), (AVAILABLE_FROM, moment_of), (AVAILABLE_UNTIL, moment_of)):
        if (number := read(item.get(name))) is not None:
            yield name, number
    yield from attributes_of(item.get(ATTRIBUTES))
    yield from texts_of(item)


def label(field: str, value: str | bool) -> str:
    """Write a field and its value as one text, which differs for every field and for texts and booleans."""
    return f"{beginning(field, type(value))}{value}"


def beginning(field: str, kind: type) -> str:
    """Return what the labels of a field begin with: those of its texts (`str`), or of its booleans (`bool`)."""
    return f"{len(field)}{'b' if kind is bool else 't'}{field}"


def field_of(text: str) -> str:
    """Return the field of a label."""
    digits = next(place for place, character in enumerate(text) if not character.isdigit())
    return text[digits + 1 :][: int(text[:digits])]


def _sorted(numbers: Sequence[float], items: Sequence[int]) -> Pairs:
    order = np.lexsort((items, numbers))
    return np.array(numbers, dtype=np.float64)[order], np.array(items, dtype=np.int32)[order]


def _offsets(parts: Sequence[Int32]) -> Int64:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
