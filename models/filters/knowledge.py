"""Knowledge-based recommendation: items that meet what a request asks for, without any history.

Requirements are constraints (Felfernig and Burke 2008, "Constraint-based recommender systems"); preferences are
weighed by an additive utility (multi-attribute utility theory).
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Ids, Int32, Mask
from models.bundle.loader import Bundle
from models.data.columns import ITEM
from models.data.interactions import find
from models.filters.catalogue_index import CatalogueIndex
from models.filters.matching import available, having, matching
from models.filters.relaxations import Relaxation, relax
from models.filters.requirements import Filter, Preference, default_tolerance

MET = 0.5
"""Satisfaction from which a preference is met; that of a number at the tolerance."""
_REACH = 12.5
"""Tolerances from the target beyond which the closeness is 0 in float32."""


class KnowledgeConfig(BaseModel):
    """Settings of knowledge-based recommendation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_attributes: int = Field(
        500, ge=0, description="maximum number of attributes that filters can use; the most frequent ones are kept"
    )
    tolerance: float = Field(0.2, gt=0, description="default tolerance of a target, as a share of the target")


@dataclass(frozen=True)
class Recommendation:
    """An item, how well it meets the preferences (0 to 1), and which of them it meets."""

    item_id: str
    score: float
    satisfactions: tuple[float, ...]
    met: tuple[Preference, ...]


class Knowledge:
    """Scores every item by how well it meets preferences, among those that meet all requirements.

    Parameters
    ----------
    config
        Its settings.
    item_ids
        UTF-8 bytes, ascending; an item's code is its position.
    index
        Values of the items' fields.
    """

    def __init__(self, config: KnowledgeConfig, item_ids: Ids, index: CatalogueIndex) -> None:
        self.config = config
        self.item_ids = item_ids
        self.index = index

    @classmethod
    def fit(cls, catalogue: pa.Table | None, config: KnowledgeConfig, item_ids: Ids | None = None) -> Self:
        """Encode a catalogue.

        Parameters
        ----------
        catalogue
            The items file of a data set.
        item_ids
            The items that get a code; by default those of the catalogue. Pass those of the interactions to share
            their codes.
        """
        if item_ids is None:
            ids = [] if catalogue is None else catalogue[ITEM].cast(pa.string()).drop_null().unique().to_pylist()
            item_ids = np.array(sorted(item_id.encode() for item_id in ids), dtype=np.bytes_)
        return cls(config, item_ids, CatalogueIndex.build(item_ids, catalogue, config.max_attributes))

    @classmethod
    def load(cls, bundle: Bundle, config: KnowledgeConfig) -> Self:
        """Take the encoded catalogue from a bundle, whose `item_ids` it shares with the other recommenders.

        Raises
        ------
        BundleError
            Its arrays do not fit together.
        """
        item_ids: Ids = bundle.array("item_ids", "S")  # type: ignore[assignment]
        return cls(config, item_ids, CatalogueIndex.load(bundle, len(item_ids)))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle, beside its `item_ids`."""
        return self.index.arrays()

    def unknown_fields(self, requirements: Filter | None, preferences: Sequence[Preference] = ()) -> list[str]:
        """Name the fields asked for that no item of the catalogue has: nothing can meet them."""
        asked = {field for node in _nodes(requirements) if (field := node.field) is not None}
        asked |= {preference.field for preference in preferences}
        return sorted(field for field in asked - {ITEM} if not self.index.has(field))

    def mask(self, requirements: Filter | None) -> Mask:
        """Tell for every item whether it meets the requirements, bool of length n_items."""
        if requirements is None:
            return np.ones(len(self.item_ids), dtype=np.bool_)
        return matching(requirements, self.item_ids, self.index)

    def satisfaction(self, preference: Preference) -> Float32:
        """Tell for every item how well it meets one preference, 0 to 1, float32 of length n_items.

        For a number it is `2 ** -(distance / tolerance) ** 2`.
        """
        satisfactions = np.zeros(len(self.item_ids), dtype=np.float32)
        if preference.value is not None:
            satisfactions[having(preference.field, preference.value, self.item_ids, self.index)] = 1.0
        if preference.target is None:
            return satisfactions
        tolerance = preference.tolerance or default_tolerance(preference.target, self.config.tolerance)
        numbers, items = self.index.numbers_of(preference.field)
        reach = _REACH * tolerance
        start = np.searchsorted(numbers, preference.target - reach)
        # To the right: a reach smaller than the rounding of the target leaves the target itself.
        stop = np.searchsorted(numbers, preference.target + reach, side="right")
        # Numbers so far apart that their distance is none are as far apart as can be.
        with np.errstate(over="ignore"):
            closeness = np.exp2(-(((numbers[start:stop] - preference.target) / tolerance) ** 2))
        np.maximum.at(satisfactions, items[start:stop], closeness.astype(np.float32))
        return satisfactions

    def score(self, preferences: Sequence[Preference]) -> Float32:
        """Give every item the weighted mean of its satisfactions, float32 of length n_items; 1 where nothing is asked.

        Whether an item meets the requirements is for `mask` to tell.
        """
        if not preferences:
            return np.ones(len(self.item_ids), dtype=np.float32)
        scores = np.zeros(len(self.item_ids), dtype=np.float64)
        total = sum(preference.weight for preference in preferences)
        for preference in preferences:
            scores += self.satisfaction(preference) * (preference.weight / total)
        return scores.astype(np.float32)

    def recommend(
        self,
        requirements: Filter | None,
        preferences: Sequence[Preference],
        limit: int,
        excluded: Collection[str] = (),
        *,
        prior: Float32 | None = None,
        now: float | None = None,
    ) -> list[Recommendation]:
        """Rank the items that meet all requirements by how well they meet the preferences.

        Hidden items and those that are not available are left out.

        Parameters
        ----------
        excluded
            Ids never to be returned.
        prior
            Float32 of length n_items, as their popularity: of items with equal scores the greater comes first.
        now
            Seconds since 1970; by default this moment.

        Returns
        -------
        list
            Best first; empty where nothing meets the requirements: `relaxations` tells what stands in the way.
        """
        eligible = np.flatnonzero(self.mask(requirements) & self._available(excluded, now)).astype(np.int32)
        scores = self.score(preferences)
        best = _best(eligible, [scores] if prior is None else [scores, prior], limit)
        satisfactions = [self.satisfaction(preference)[best].tolist() for preference in preferences]
        return [
            Recommendation(
                item_id.decode(),
                score,
                tuple(values[place] for values in satisfactions),
                tuple(
                    preference
                    for preference, values in zip(preferences, satisfactions, strict=True)
                    if values[place] >= MET
                ),
            )
            for place, (item_id, score) in enumerate(zip(self.item_ids[best], scores[best].tolist(), strict=True))
        ]

    def relaxations(
        self, requirements: Filter, excluded: Collection[str] = (), *, limit: int = 10, now: float | None = None
    ) -> list[Relaxation]:
        """Tell which requirement to give up where nothing meets all of them.

        Where no single one helps, the smallest sets that do are given.

        Returns
        -------
        list
            Those that let in the most items first; empty where something meets all, or nothing is available at all.
        """
        return relax(requirements, self.mask, self.index, self._available(excluded, now), limit)

    def _available(self, excluded: Collection[str], now: float | None) -> Mask:
        shown = available(len(self.item_ids), self.index, time.time() if now is None else now)
        codes = find(self.item_ids, list(excluded))
        shown[codes[codes >= 0]] = False
        return shown


def _nodes(node: Filter | None) -> Iterator[Filter]:
    if node is not None:
        yield node
        for child in (*(node.and_ or ()), *(node.or_ or ()), node.not_):
            yield from _nodes(child)


def _best(items: Int32, keys: Sequence[Float32], count: int) -> Int32:
    """Choose the items with the greatest first key, ties by the next one and last by code; best first."""
    if len(items) > count and keys:
        values = keys[0][items]
        # Of the negated values: from its far end, numpy's partition is slow where many are equal.
        least = -np.partition(-values, count - 1)[count - 1] if count else np.inf
        above = items[values > least]
        tied = _best(items[values == least], keys[1:], count - len(above))
        items = np.concatenate([above, tied])
    items = np.sort(items)[:count] if not keys else items
    return items[np.lexsort((items, *(-key[items] for key in reversed(keys))))]
