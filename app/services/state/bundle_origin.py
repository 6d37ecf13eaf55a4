"""Whether a bundle was made from this database: by its items."""

import numpy as np

from app.errors import DatabaseError
from app.storage.activations import ActivationStore
from app.storage.items import ItemStore
from models.arrays.types import Ids

_SAMPLE = 10_000
"""Items of a bundle that are looked up; a share of a half is then known to within 1 %."""


class BundleOrigin:
    """Compares the items of bundles with the catalogue."""

    def __init__(self, items: ItemStore, activations: ActivationStore) -> None:
        self._items = items
        self._activations = activations

    async def problem(self, version: str, item_ids: Ids) -> str | None:
        """Return why a bundle is of another database; None if it is not, or the catalogue is empty.

        It is if fewer than half of its items were ever in this catalogue: described, named by an interaction, or
        deleted since.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        chosen = item_ids
        if len(item_ids) > _SAMPLE:
            chosen = np.random.default_rng(0).choice(item_ids, _SAMPLE, replace=False)
        found = await self._items.count_known([name.decode() for name in chosen])
        if found is None or 2 * found >= len(chosen):
            return None
        of = f"{len(chosen):,} of its items" if len(chosen) < len(item_ids) else f"its {len(chosen):,} items"
        return f"bundle {version} is of another database: {found:,} of {of} are in this catalogue"

    async def refusal(self, version: str, item_ids: Ids) -> str | None:
        """Return the problem of a bundle unless its activation was forced, or the database does not answer."""
        try:
            problem = await self.problem(version, item_ids)
            if problem is None:
                return None
            latest = (await self._activations.latest()).get(version)
        except DatabaseError:
            return None
        return None if latest is not None and latest.forced else problem
