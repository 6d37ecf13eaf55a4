"""Descriptions field by field: each field is a vector of its own, and has a weight in how alike two items are."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from models.arrays.types import Float32, Float64, Ids, Int8, Int32
from models.arrays.vocabulary import Vocabulary
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.catalogue import (
    ATTRIBUTES,
    CATEGORIES,
    DESCRIPTION,
    PREFIX,
    TAGS,
    TEXTS,
    TITLE,
    attributes_of,
    is_crowded,
    known_rows,
    labels_of,
    text_of,
    texts_of,
)
from models.recommenders.item_terms import numbers_of
from models.recommenders.number_bins import NumberBins
from models.similar.config import FIELDS, SimilarConfig

_WORD = re.compile(r"\w{2,}")
_MAX_ITEMS = 10_000
"""Terms of more items are left out: they take much time and carry little information."""
_MAX_WORD_SHARE, _FEW = 0.5, 100
"""Words of a larger share of the items, and of more than a few, are ignored; labels are not, since a shop may have two
categories."""
_BINS = 10
_NUMBERS = FIELDS.index("numbers")
_WORDS = tuple(FIELDS.index(name) for name in (TITLE, DESCRIPTION))
_CODES = {name: code for code, name in enumerate(FIELDS)}
Entries = tuple[Int32, Int32, Float32]
"""The rows, the columns and the values of some entries of a matrix of items x columns."""


@dataclass(frozen=True)
class FieldTerms:
    """The vocabulary of the items' fields, and what turns an item into a vector.

    A term weighs (1 + log count) * log(items with the field / items with the term). The part of a field has the length
    `sqrt(w * n / (n + damping * typical))`, where n is its squared length before and w the field's weight: a field
    that says little, such as a year alone, counts less than it would in a cosine. So the product of two items is the
    weighted mean of their likeness by field, from 0 to 1.

    Parameters
    ----------
    fields
        The field of each column: those of the vocabulary, then those of the bins of numbers; int8.
    idf
        The logarithm of each column, 0 for those that are left out; float32.
    typical
        The median of n of each field, over the items that have it; float32, 0 for a field that no item has.
    usual
        The median over the items of the product of an item with itself, numbers left out, which says how much is known
        of it. Items with less than `min_evidence` times as much have an empty vector, and so have those with numbers
        alone: a price does not describe an item.
    """

    config: SimilarConfig
    vocabulary: Vocabulary
    bins: NumberBins
    fields: Int8
    idf: Float32
    typical: Float32
    usual: float

    @classmethod
    def fit(cls, item_ids: Ids, catalogue: pa.Table | None, config: SimilarConfig) -> tuple[Self, Entries]:
        """Read a catalogue.

        Returns
        -------
        tuple
            The terms, and the entries of all items before the weights of the fields: see `weighted`.
        """
        codes, terms, numbers = [], [], []
        for code, item in () if catalogue is None else known_rows(catalogue, item_ids):
            codes.append(code)
            terms.append(Counter(_terms(item)))
            numbers.append(numbers_of(item))
        values: dict[str, list[float]] = defaultdict(list)
        for name, value in (pair for of_item in numbers for pair in of_item):
            values[name].append(value)
        vocabulary = Vocabulary.of(term for of_item in terms for term in of_item)
        bins = NumberBins.fit(values, _BINS)
        named = [_CODES[vocabulary[code].partition(":")[0]] for code in range(len(vocabulary))]
        fields = np.array(named + [_NUMBERS] * len(bins), dtype=np.int8)
        blank = np.ones(len(fields), dtype=np.float32)
        found = cls(config, vocabulary, bins, fields, blank, np.zeros(len(FIELDS), np.float32), 0.0)
        rows, columns, counts = found._encoded(terms, numbers)
        having = np.zeros((len(codes), len(FIELDS)), dtype=np.bool_)
        having[rows, fields[columns]] = True
        with_field = np.maximum(having.sum(axis=0), 1)
        holders = np.maximum(np.bincount(columns, minlength=len(fields)), 1)
        limit = np.where(np.isin(fields, _WORDS), _MAX_WORD_SHARE * len(codes), np.inf)
        telling = holders <= np.minimum(np.maximum(limit, _FEW), _MAX_ITEMS)
        kinds = (vocabulary[code].split(":", 2)[1] for code in range(len(vocabulary)))
        telling[: len(vocabulary)] &= ~is_crowded([kind if kind.startswith(PREFIX) else "" for kind in kinds])
        found = replace(found, idf=np.where(telling, np.log(with_field[fields] / holders), 0.0).astype(np.float32))
        raw: Float32 = counts * found.idf[columns]
        squares = found.squares_of(rows, columns, raw, len(codes))
        typical = [np.median(own[own > 0]) if (own > 0).any() else 0.0 for own in squares.T]
        found = replace(found, typical=np.array(typical, dtype=np.float32))
        return found.configured(config, squares), (np.array(codes, dtype=np.int32)[rows], columns, raw)

    def configured(self, config: SimilarConfig, squares: Float64) -> Self:
        """Apply other weights; `squares` are the squared lengths of the items' fields, see `lengths`."""
        changed = replace(self, config=config)
        known = changed.evidence(squares)
        return replace(changed, usual=float(np.median(known[known > 0])) if (known > 0).any() else 0.0)

    def lengths(self, entries: Entries, n_items: int) -> Float64:
        """Return the squared lengths of the fields of all items that are described, float64 (n, fields)."""
        rows, columns, raw = entries
        squares = self.squares_of(rows, columns, raw, n_items)
        return squares[squares.sum(axis=1) > 0]

    def weighted(self, entries: Entries, n_items: int) -> "sp.csr_matrix[np.float32]":
        """Return the vectors of items as a matrix of items x columns."""
        rows, columns, raw = entries
        values = self._scaled(rows, columns, raw, n_items)
        keep = values > 0
        shape = (n_items, max(len(self.fields), 1))
        return sp.csr_matrix((values[keep], (rows[keep], columns[keep])), shape=shape)

    def vector(self, item: Mapping[str, Any]) -> tuple[Int32, Float32]:
        """Return the columns of an item and its weights in them; both are empty where too little is known of it."""
        rows, columns, counts = self._encoded([Counter(_terms(item))], [numbers_of(item)])
        values = self._scaled(rows, columns, counts * self.idf[columns], 1)
        return columns[values > 0], values[values > 0]

    def _scaled(self, rows: Int32, columns: Int32, raw: Float32, n_rows: int) -> Float32:
        squares = self.squares_of(rows, columns, raw, n_rows)
        known = self.evidence(squares)
        enough = (known > 0) & (known >= self.config.min_evidence * self.usual)
        weights = enough[:, None] * self._shares
        needed = squares + self.config.damping * self.typical
        factors = np.sqrt(np.divide(weights, needed, out=np.zeros_like(needed), where=needed > 0))
        scaled: Float32 = (raw * factors[rows, self.fields[columns]]).astype(np.float32)
        return scaled

    def evidence(self, squares: Float64) -> Float64:
        """Return the product of each item with itself, without its numbers, from the squared lengths of its fields."""
        needed = squares + self.config.damping * self.typical
        parts = np.divide(squares, needed, out=np.zeros_like(squares), where=needed > 0)
        known: Float64 = parts[:, :_NUMBERS] @ self._shares[:_NUMBERS]
        return known

    @property
    def vector_share(self) -> float:
        """The weight of the vectors beside the fields that the catalogue has, as a share of all weights."""
        fields = float((np.array(self.config.weights) * (self.typical > 0)).sum())
        return self.config.vectors / ((self.config.vectors + fields) or 1.0)

    @property
    def _shares(self) -> Float64:
        """The weights of the fields that the catalogue has, as shares of their sum."""
        weights = np.array(self.config.weights) * (self.typical > 0)
        return weights / (weights.sum() or 1.0)

    def squares_of(self, rows: Int32, columns: Int32, raw: Float32, n_rows: int) -> Float64:
        """Return the squared lengths of the fields of each item, float64 (rows, fields)."""
        cells = rows.astype(np.int64) * len(FIELDS) + self.fields[columns]
        sums = np.bincount(cells, raw.astype(np.float64) ** 2, n_rows * len(FIELDS))
        # Without entries they are whole numbers.
        return sums.reshape(n_rows, len(FIELDS)).astype(np.float64)

    def _encoded(self, terms: Sequence[Counter[str]], numbers: Sequence[list[tuple[str, float]]]) -> Entries:
        """Return the entries of items before their logarithms; what is not in the vocabulary is dropped."""
        places = np.arange(len(terms), dtype=np.int32)
        columns = self.vocabulary.find([term for own in terms for term in own])
        counts = np.array([count for own in terms for count in own.values()], dtype=np.float32)
        rows = np.repeat(places, [len(own) for own in terms])
        known = columns >= 0
        binned = [self.bins.encode(own) for own in numbers]
        flat = [pair for own in binned for pair in own]
        return (
            np.concatenate([rows[known], np.repeat(places, [len(own) for own in binned])]),
            np.concatenate([columns[known], np.array([bin_ for bin_, _ in flat], np.int32) + len(self.vocabulary)]),
            np.concatenate([1 + np.log(counts[known]), np.array([share for _, share in flat], np.float32)]),
        )

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {
            **self.vocabulary.arrays(f"{name}_terms"),
            **self.bins.arrays(name),
            f"{name}_term_fields": self.fields,
            f"{name}_idf": self.idf,
            f"{name}_typical": np.append(self.typical, np.float32(self.usual)),
        }

    @classmethod
    def load(cls, bundle: Bundle, name: str, config: SimilarConfig) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        vocabulary, bins = Vocabulary.load(bundle, f"{name}_terms"), NumberBins.load(bundle, name)
        fields: Any = bundle.array(f"{name}_term_fields", np.int8)
        idf: Any = bundle.array(f"{name}_idf", np.float32)
        typical: Any = bundle.array(f"{name}_typical", np.float32)
        size = len(vocabulary) + len(bins)
        possible = fields.min(initial=0) >= 0 and fields.max(initial=0) < len(FIELDS)
        if {len(fields), len(idf)} != {size} or len(typical) != len(FIELDS) + 1 or not possible:
            raise BundleError(f"{bundle.folder}: the arrays {name}_* do not fit together")
        return cls(config, vocabulary, bins, fields, idf, typical[:-1], float(typical[-1]))


def _terms(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words and labels of an item, each with the name of its field."""
    for name in (TITLE, DESCRIPTION):
        yield from (f"{name}:{word}" for word in _WORD.findall(text_of(item.get(name)).lower()))
    for name, text in texts_of(item):
        yield from (f"{ATTRIBUTES}:{TEXTS}:{name}:{word}" for word in _WORD.findall(text.lower()))
    for name in (CATEGORIES, TAGS):
        yield from (f"{name}:{label}" for label in labels_of(item.get(name)))
    for name, value in attributes_of(item.get(ATTRIBUTES)):
        if not isinstance(value, float):
            yield f"{ATTRIBUTES}:{name}:{value}"
