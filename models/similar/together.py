"""Items that are bought together, viewed together, or bought after another was viewed: within one basket or visit."""

import numpy as np
import scipy.sparse as sp

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.similar.acts import BOUGHT, VIEWED, Acts
from models.similar.by_users import relative
from models.similar.config import SimilarConfig
from models.similarity.matrices import power, scaled, top_of_rows
from models.similarity.measures import column_similarities

BOUGHT_TOGETHER, VIEWED_TOGETHER, VIEWED_THEN_BOUGHT = "bought_together", "viewed_together", "viewed_then_bought"
TOGETHER = {
    BOUGHT_TOGETHER: "was bought in one visit with another",
    VIEWED_TOGETHER: "was viewed in one visit with another",
    VIEWED_THEN_BOUGHT: "was bought in a visit in which another had been viewed",
}
"""The methods, and what the log must hold for them; completes `no item ...`."""
WITH_THIS = {
    BOUGHT_TOGETHER: "was bought in one visit with this one",
    VIEWED_TOGETHER: "was viewed in one visit with this one",
    VIEWED_THEN_BOUGHT: "was bought in a visit in which this one had been viewed",
}
_STEPS_BACK = 50
"""Views before a purchase that count, at most: the latest of the visit."""
_MAX_IN_VISIT = 100
"""Different items of a visit that count, at most: a longer visit is no person's."""


def likeness_together(acts: Acts | None, n_items: int, config: SimilarConfig) -> dict[str, SparseRows]:
    """Return the likest items of each item by each method that the log has data for.

    Likeness is that by users, with visits in place of users. The likest of each row has the value 1.

    Parameters
    ----------
    acts
        The purchases and views of the log; None where they cannot be told apart.
    """
    if acts is None or not len(acts.items):
        return {}
    found = {
        BOUGHT_TOGETHER: _in_one_visit(acts, BOUGHT, n_items, config),
        VIEWED_TOGETHER: _in_one_visit(acts, VIEWED, n_items, config),
        VIEWED_THEN_BOUGHT: _one_after_the_other(acts, n_items, config),
    }
    return {name: rows for name, rows in found.items() if len(rows.indices)}


def _in_one_visit(acts: Acts, kind: int, n_items: int, config: SimilarConfig) -> SparseRows:
    own = acts.kinds == kind
    cells = np.unique(acts.visits[own].astype(np.int64) * n_items + acts.items[own])
    of_visit, items = np.divmod(cells, n_items)
    sizes = np.bincount(of_visit)
    keep = sizes[of_visit] <= _MAX_IN_VISIT
    _, rows = np.unique(of_visit[keep], return_inverse=True)
    shape = (int(rows.max(initial=-1)) + 1, n_items)
    matrix = sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, items[keep])), shape=shape)
    return relative(column_similarities(matrix, config.similarity, config.neighbours))


def _one_after_the_other(acts: Acts, n_items: int, config: SimilarConfig) -> SparseRows:
    triples = [np.empty((0, 3), dtype=np.int32)]
    visits, items, kinds = acts.visits, acts.items, acts.kinds
    for gap in range(1, _STEPS_BACK + 1):
        same = visits[:-gap] == visits[gap:]
        if not same.any():
            break
        pair = same & (kinds[:-gap] == VIEWED) & (kinds[gap:] == BOUGHT) & (items[:-gap] != items[gap:])
        triples.append(np.stack([visits[:-gap][pair], items[:-gap][pair], items[gap:][pair]], axis=1))
    # Once a visit, however often it was viewed.
    joined = np.unique(np.concatenate(triples), axis=0)
    shape = (n_items, n_items)
    common = sp.csr_matrix((np.ones(len(joined), np.float32), (joined[:, 1], joined[:, 2])), shape=shape)
    common.sum_duplicates()
    bought: Float32 = np.bincount(items[kinds == BOUGHT], minlength=n_items).astype(np.float32)
    evidence = common.copy()
    evidence.data = common.data * (common.data / (common.data + np.float32(config.shrinkage)))
    return relative(top_of_rows(scaled(evidence, columns=power(bought, -config.target_exponent)), config.neighbours))
