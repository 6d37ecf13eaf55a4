"""Items as weighted terms: the words, labels and numbers of their fields, by TF-IDF."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp

from models.arrays.types import Float32, Ids, Int32
from models.arrays.vocabulary import Vocabulary
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.catalogue import (
    ATTRIBUTES,
    CATEGORIES,
    DESCRIPTION,
    PREFIX,
    PRICE,
    TAGS,
    TEXTS,
    TITLE,
    Scalar,
    attributes_of,
    is_crowded,
    known_rows,
    labels_of,
    number_of,
    text_of,
    texts_of,
)
from models.recommenders.number_bins import NumberBins

Described = tuple[Counter[str], list[tuple[str, float]]]
_WORD = re.compile(r"\w{2,}")
_MAX_ITEMS = 10_000
"""Terms that occur in more items are left out: they take much time and carry little information."""


@dataclass(frozen=True)
class ItemTerms:
    """The vocabulary of the items' fields, and the weights of its terms.

    Column t below `len(vocabulary)` is the word or label t, column `len(vocabulary) + b` the bin b of a number. A word
    or label weighs (1 + log count) * log(items / items with it), a bin how far the number belongs to it times the same
    logarithm. All numbers of an item together have `number_weight` times the sum of squares of its words and labels,
    however many there are of each. Without words and labels they have no weight, because a price alone does not
    describe an item.

    Parameters
    ----------
    idf
        log(items / items with it) of each column, 0 for those that are left out; float32.
    """

    vocabulary: Vocabulary
    bins: NumberBins
    idf: Float32
    number_weight: float

    @classmethod
    def fit(
        cls, item_ids: Ids, catalogue: pa.Table | None, *, max_share: float, number_bins: int, number_weight: float
    ) -> tuple[Self, "sp.csr_matrix[np.float32]"]:
        """Read a catalogue; return the matrix of items x columns as well, its rows as by `vectors`."""
        read = [] if catalogue is None else [(code, _described(item)) for code, item in known_rows(catalogue, item_ids)]
        values: dict[str, list[float]] = defaultdict(list)
        for _, (_, numbers) in read if number_weight > 0 else ():
            for name, value in numbers:
                values[name].append(value)
        vocabulary = Vocabulary.of(term for _, (terms, _) in read for term in terms)
        bins = NumberBins.fit(values, number_bins)
        n_columns = len(vocabulary) + len(bins)
        blank = cls(vocabulary, bins, np.ones(n_columns, dtype=np.float32), number_weight)
        rows, columns, counts = blank._encoded([item for _, item in read])
        described = max(len(np.unique(rows)), 1)
        holders = np.maximum(np.bincount(columns, minlength=n_columns), 1)
        telling = holders <= min(max_share * described, _MAX_ITEMS)
        kinds = (vocabulary[code].partition(":")[0] for code in range(len(vocabulary)))
        telling[: len(vocabulary)] &= ~is_crowded([kind if kind.startswith(PREFIX) else "" for kind in kinds])
        idf = np.where(telling, np.log(described / holders), 0.0).astype(np.float32)
        fitted = cls(vocabulary, bins, idf, number_weight)
        codes = np.array([code for code, _ in read], dtype=np.int32)
        matrix = sp.csr_matrix(
            (fitted._weighted(rows, columns, counts, len(read)), (codes[rows], columns)),
            shape=(len(item_ids), max(n_columns, 1)),
        )
        matrix.eliminate_zeros()
        return fitted, matrix

    def vector(self, item: Mapping[str, Any]) -> tuple[Int32, Float32]:
        """Return the columns of an item and its weights in them, of length 1; both are empty without a description."""
        rows, columns, counts = self._encoded([_described(item)])
        weights = self._weighted(rows, columns, counts, 1)
        return columns[weights > 0], weights[weights > 0]

    def _encoded(self, items: Sequence[Described]) -> tuple[Int32, Int32, Float32]:
        """Return the rows, columns and counts of items; words and labels that are not in the vocabulary are dropped."""
        columns = self.vocabulary.find([term for terms, _ in items for term in terms])
        counts = np.array([count for terms, _ in items for count in terms.values()], dtype=np.float32)
        rows = np.repeat(np.arange(len(items), dtype=np.int32), [len(terms) for terms, _ in items])
        known = columns >= 0
        binned = [self.bins.encode(numbers) for _, numbers in items]
        flat = [pair for of_item in binned for pair in of_item]
        return (
            np.concatenate(
                [rows[known], np.repeat(np.arange(len(items), dtype=np.int32), [len(of_item) for of_item in binned])]
            ),
            np.concatenate([columns[known], np.array([bin_ for bin_, _ in flat], np.int32) + len(self.vocabulary)]),
            np.concatenate([1 + np.log(counts[known]), np.array([share for _, share in flat], np.float32)]),
        )

    def _weighted(self, rows: Int32, columns: Int32, counts: Float32, n_rows: int) -> Float32:
        """Weigh the entries of some rows, so that the numbers have their share and each row the length 1."""
        weights = counts * self.idf[columns]
        numeric = columns >= len(self.vocabulary)
        squares = np.stack([np.bincount(rows, weights**2 * kind, n_rows) for kind in (~numeric, numeric)])
        shares = np.stack([squares[0], self.number_weight * squares[0] * (squares[1] > 0)])
        lengths = np.sqrt(squares * shares.sum(axis=0))
        factors = np.divide(np.sqrt(shares), lengths, out=np.zeros_like(lengths), where=lengths > 0)
        weighted: Float32 = (weights * factors[numeric.astype(np.intp), rows]).astype(np.float32)
        return weighted

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {**self.vocabulary.arrays(f"{name}_terms"), **self.bins.arrays(name), f"{name}_idf": self.idf}

    @classmethod
    def load(cls, bundle: Bundle, name: str, number_weight: float) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        vocabulary, bins = Vocabulary.load(bundle, f"{name}_terms"), NumberBins.load(bundle, name)
        idf = bundle.array(f"{name}_idf", np.float32)
        if len(idf) != len(vocabulary) + len(bins):
            raise BundleError(f"{bundle.folder}: the arrays {name}_* do not fit together")
        return cls(vocabulary, bins, idf, number_weight)  # type: ignore[arg-type]


def _described(item: Mapping[str, Any]) -> Described:
    """Split an item into its words and labels, counted, and its numbers."""
    return Counter(_terms(item, list(attributes_of(item.get(ATTRIBUTES))))), numbers_of(item)


def numbers_of(item: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the numbers of an item by name: its price, then those of its attributes."""
    price = number_of(item.get(PRICE))
    attributes = attributes_of(item.get(ATTRIBUTES), vectors=False)
    numbers = [(name, value) for name, value in attributes if isinstance(value, float)]
    return numbers if price is None else [(PRICE, price), *numbers]


def _terms(item: Mapping[str, Any], attributes: Iterable[tuple[str, Scalar]]) -> Iterator[str]:
    """Yield the words and labels of an item, each with the name of its kind or field."""
    for name in (TITLE, DESCRIPTION):
        yield from (f"word:{word}" for word in _WORD.findall(text_of(item.get(name)).lower()))
    for name, text in texts_of(item):
        yield from (f"{TEXTS}:{name}:{word}" for word in _WORD.findall(text.lower()))
    for name in (CATEGORIES, TAGS):
        yield from (f"{name}:{label}" for label in labels_of(item.get(name)))
    yield from (f"{name}:{value}" for name, value in attributes if not isinstance(value, float))
