"""Knowledge-based recommendation: items that meet the requirements and preferences of a request, without a history.

Requirements are constraints (Felfernig and Burke 2008, "Constraint-based recommender systems"); preferences are
combined by an additive utility (multi-attribute utility theory).
"""

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Ids, Mask
from models.bundle.loader import Bundle
from models.data.columns import ITEM
from models.filters.catalogue_index import CatalogueIndex
from models.filters.matching import having, matching
from models.filters.preferences import Preference, default_tolerance
from models.filters.requirements import Filter

_REACH = 12.5
"""Distance from the target, in tolerances, beyond which the closeness is 0 in float32."""


class KnowledgeConfig(BaseModel):
    """Settings of knowledge-based recommendation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_attributes: int = Field(
        500, ge=0, description="maximum number of attributes that filters can use; the most frequent ones are kept"
    )
    tolerance: float = Field(0.2, gt=0, description="default tolerance of a target, as a share of the target")


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
        """Return the arrays to store in a bundle, by name, besides its `item_ids`."""
        return self.index.arrays()

    def unknown_fields(self, requirements: Filter | None, preferences: Sequence[Preference] = ()) -> list[str]:
        """Return the fields of the requirements that no item of the catalogue has: nothing can meet them."""
        requested = {field for node in _nodes(requirements) if (field := node.field) is not None}
        requested |= {preference.field for preference in preferences}
        return sorted(field for field in requested - {ITEM} if not self.index.has_any(field))

    def mask(self, requirements: Filter | None) -> Mask:
        """Return for every item whether it meets the requirements, bool of length n_items."""
        if requirements is None:
            return np.ones(len(self.item_ids), dtype=np.bool_)
        return matching(requirements, self.item_ids, self.index)

    def satisfaction(self, preference: Preference) -> Float32:
        """Return for every item how well it meets one preference, 0 to 1, float32 of length n_items.

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
        # side="right", so that a reach smaller than the rounding of the target still includes the target.
        stop = np.searchsorted(numbers, preference.target + reach, side="right")
        # A distance whose square overflows counts as infinite.
        with np.errstate(over="ignore"):
            closeness = np.exp2(-(((numbers[start:stop] - preference.target) / tolerance) ** 2))
        np.maximum.at(satisfactions, items[start:stop], closeness.astype(np.float32))
        return satisfactions

    def score(self, preferences: Sequence[Preference]) -> Float32:
        """Return the weighted mean of each item's satisfactions, float32 of length n_items; 1 without preferences.

        Requirements are not considered; see `mask`.
        """
        if not preferences:
            return np.ones(len(self.item_ids), dtype=np.float32)
        scores = np.zeros(len(self.item_ids), dtype=np.float64)
        total = sum(preference.weight for preference in preferences)
        for preference in preferences:
            scores += self.satisfaction(preference) * (preference.weight / total)
        return scores.astype(np.float32)


def _nodes(node: Filter | None) -> Iterator[Filter]:
    if node is not None:
        yield node
        for child in (*(node.and_ or ()), *(node.or_ or ()), node.not_):
            yield from _nodes(child)
