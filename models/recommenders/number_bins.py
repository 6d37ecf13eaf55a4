"""Numbers as soft bins, so that the cosine of two items is high where their numbers are close."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float64, Int64
from models.arrays.vocabulary import Vocabulary, checked_offsets
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle

MAX_FIELDS = 16
"""Fields of numbers that are kept, those that most items have."""
_ITEMS_A_BIN = 2000
"""Large catalogues get narrower bins, because the time grows with the square of the items in a bin."""


@dataclass(frozen=True)
class NumberBins:
    """Centres of the bins of each field, at quantiles of its numbers.

    A number belongs to the two bins next to it, with weights that are the square roots of its closeness in rank to
    each: the squares sum to 1, equal numbers have the dot product 1, and numbers more than two bins apart have 0.

    Parameters
    ----------
    fields
        Their names.
    offsets
        The middles of field f are `middles[offsets[f]:offsets[f + 1]]`, ascending without repeats.
    """

    fields: Vocabulary
    offsets: Int64
    middles: Float64

    @classmethod
    def fit(cls, numbers: Mapping[str, Sequence[float]], bins: int) -> Self:
        """Make the bins; a field whose numbers are all the same carries no information and gets none."""
        varied = [name for name, values in numbers.items() if min(values) < max(values)]
        fields = Vocabulary.of(sorted(varied, key=lambda name: (-len(numbers[name]), name))[:MAX_FIELDS])
        middles = []
        for code in range(len(fields)):
            values = np.array(numbers[fields[code]], dtype=np.float64)
            count = max(bins, len(values) // _ITEMS_A_BIN)
            middles.append(np.unique(np.quantile(values, np.linspace(0, 1, count), method="nearest")))
        offsets = np.concatenate([[0], np.cumsum([len(of_field) for of_field in middles])]).astype(np.int64)
        return cls(fields, offsets, np.concatenate([np.empty(0), *middles]))

    def __len__(self) -> int:
        return len(self.middles)

    def encode(self, numbers: Iterable[tuple[str, float]]) -> list[tuple[int, float]]:
        """Return the bins of an item's numbers and its weight in each, 0 to 1."""
        encoded: dict[int, float] = {}
        for name, value in numbers:
            code = int(self.fields.find([name])[0])
            if code < 0:
                continue
            start, stop = int(self.offsets[code]), int(self.offsets[code + 1])
            middles = self.middles[start:stop]
            place = float(np.interp(value, middles, np.arange(start, stop)))
            if not math.isfinite(place):
                # Between middles that differ by next to nothing there is no slope.
                place = float(start + np.abs(middles - value).argmin())
            below = int(place)
            for bin_, share in ((below, 1.0 - (place - below)), (below + 1, place - below)):
                if share > 0:
                    encoded[bin_] = max(encoded.get(bin_, 0.0), share**0.5)
        return list(encoded.items())

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {
            **self.fields.arrays(f"{name}_fields"),
            f"{name}_bin_offsets": self.offsets,
            f"{name}_bins": self.middles,
        }

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        fields = Vocabulary.load(bundle, f"{name}_fields")
        offsets = bundle.array(f"{name}_bin_offsets", np.int64)
        middles = bundle.array(f"{name}_bins", np.float64)
        checked_offsets(bundle, f"{name}_bin_offsets", offsets, len(middles))
        if len(offsets) != len(fields) + 1 or np.diff(offsets).min(initial=1) < 1:
            raise BundleError(f"{bundle.folder}: the arrays {name}_* do not fit together")
        return cls(fields, offsets, middles)  # type: ignore[arg-type]
