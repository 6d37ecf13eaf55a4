"""Sequential rules: items that often come soon after the user's last items (Ludewig and Jannach 2018)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from benchmarks.baselines.system import Batch, Between, Csr, Range, Scorer, Setting, System
from models.arrays.types import Float32
from models.data.interactions import Interactions


class SequentialRules(System):
    """Counts how often an item came within some steps after another one, each time divided by the steps.

    The paper uses the last item only, as `decay` 0 does here; otherwise the weight decays by this factor per step back.
    """

    name: ClassVar[str] = "sequential_rules"
    space: ClassVar[Mapping[str, Range]] = {"steps": Between(1, 20, log=True, whole=True), "decay": Between(0.0, 0.9)}
    start: ClassVar[Setting] = {"steps": 10, "decay": 0.0}

    def left_out(self, train: Interactions, *, include_seen: bool) -> str | None:  # noqa: ARG002
        """Require an order."""
        return "the data has no order" if train.timestamps is None else None

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002 - nothing is drawn
        """Count the pairs of items and successors."""
        before, after, weights = [], [], []
        for step in range(1, int(setting["steps"]) + 1):
            same = train.users[step:] == train.users[:-step]
            before.append(train.items[:-step][same])
            after.append(train.items[step:][same])
            weights.append(np.full(int(same.sum()), 1.0 / step, dtype=np.float32))
        places = (np.concatenate(before), np.concatenate(after))
        rules = sp.csr_matrix((np.concatenate(weights), places), shape=(train.n_items, train.n_items))
        rules.sum_duplicates()
        return _LastItems(rules, float(setting["decay"]))


@dataclass(frozen=True)
class _LastItems:
    rules: "Csr[np.float32]"
    decay: float

    def score(self, batch: Batch) -> Float32:
        offsets = batch.histories.offsets
        lengths = np.diff(offsets)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        back = np.repeat(offsets[1:], lengths) - 1 - np.arange(len(rows))
        weights = np.power(np.float32(self.decay), back.astype(np.float32))
        shape = (len(batch.users), batch.n_items)
        latest = sp.csr_matrix((weights, (rows, batch.histories.items)), shape=shape)
        return np.asarray((latest @ self.rules).toarray(), dtype=np.float32)
