"""EASE of `cornac` (Steck 2019)."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from benchmarks.baselines.system import Between, ItemWeights, OneOf, Range, Scorer, Setting, System, user_items
from models.data.interactions import Interactions

MAX_ITEMS = 15_000
"""The inversion grows with the cube: for 12,101 items one fit took 2 to 3 minutes on 2 cores."""


class CornacEASE(System):
    """The linear autoencoder in closed form."""

    name: ClassVar[str] = "cornac_ease"
    package: ClassVar[str | None] = "cornac"
    space: ClassVar[Mapping[str, Range]] = {
        "lamb": Between(1.0, 3000.0, log=True),
        "posB": OneOf((False, True)),
    }
    start: ClassVar[Setting] = {"lamb": 500.0, "posB": True}
    reads_counts: ClassVar[bool] = True

    def left_out(self, train: Interactions, *, include_seen: bool) -> str | None:  # noqa: ARG002
        """Bound the catalogue."""
        if train.n_items > MAX_ITEMS:
            return f"{train.n_items:,} items; above {MAX_ITEMS:,} its inversion takes too long"
        return None

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002 - nothing is drawn
        """Invert the Gram matrix."""
        from cornac.data import Dataset  # noqa: PLC0415 - only where it is installed
        from cornac.models import EASE  # noqa: PLC0415

        entries = user_items(train, setting).tocoo()
        users, items = dict(enumerate(range(train.n_users))), dict(enumerate(range(train.n_items)))
        known = Dataset(train.n_users, train.n_items, users, items, (entries.row, entries.col, entries.data))
        model = EASE(lamb=setting["lamb"], posB=setting["posB"], verbose=False).fit(known)
        return ItemWeights(np.asarray(model.B, dtype=np.float32), setting)
