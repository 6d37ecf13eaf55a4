"""Likeness by users: how much more often two items share a user than their popularity explains."""

import numpy as np
import scipy.sparse as sp

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.data.interactions import Interactions
from models.data.timeline import VISIT_PAUSE, visit_starts
from models.similar.config import SimilarConfig
from models.similarity.matrices import binary_matrix, counts, latest, power, scaled, top_of_rows
from models.similarity.measures import column_similarities

Csr = sp.csr_matrix
MAX_USER_INTERACTIONS = 500
WINDOW = 5
"""Steps within which two items of a user count as near."""
_DECAY = 0.6
_ROWS = 4096


def likeness_by_users(interactions: Interactions, config: SimilarConfig, pause: float = VISIT_PAUSE) -> SparseRows:
    """Return the likest items of each item, at most `config.neighbours`; the likest of each row has the value 1.

    It is the debiased co-occurrence of two items over users, with `nearness` times that over steps soon before and
    after, each relative to the best of the row.

    Parameters
    ----------
    interactions
        Each pair of user and item once.
    pause
        Seconds without an interaction that end a visit: what is of different visits is not near.
    """
    interactions = latest(interactions, MAX_USER_INTERACTIONS)
    matrix = binary_matrix(interactions)
    rows = relative(column_similarities(matrix, config.similarity, config.neighbours))
    if config.nearness == 0 or interactions.timestamps is None:
        return rows
    near = nearby(interactions, pause, config.shrinkage)
    near = scaled(near, columns=power(counts(matrix, 0), -config.target_exponent))
    found = relative(top_of_rows(near, config.neighbours))
    blocks = []
    # A block at a time: the sum of both matrices is needed for a moment only.
    for first in range(0, rows.n_rows, _ROWS):
        both = _block(rows, first) + np.float32(config.nearness) * _block(found, first)
        blocks.append(sp.csr_matrix(both))
    joined = sp.csr_matrix(sp.vstack(blocks)) if blocks else sp.csr_matrix((0, 0), dtype=np.float32)
    return relative(SparseRows.from_csr(joined).best(config.neighbours))


def nearby(interactions: Interactions, pause: float, shrinkage: float) -> "Csr[np.float32]":
    """Count how often two items are within `WINDOW` steps of one another, nearer ones more; items x items, symmetric.

    Steps are of one user, and of one visit where the log has times. A count of n is multiplied by n / (n + shrinkage).
    """
    shape = (interactions.n_items, interactions.n_items)
    group = interactions.users
    if interactions.has_clock:
        group = np.cumsum(visit_starts(interactions.users, interactions.times, pause)).astype(np.int32)
    found: Csr[np.float32] = sp.csr_matrix(shape, dtype=np.float32)
    for gap in range(1, WINDOW + 1):
        together = group[:-gap] == group[gap:]
        pairs = (interactions.items[:-gap][together], interactions.items[gap:][together])
        weights = np.full(int(together.sum()), _DECAY ** (gap - 1), dtype=np.float32)
        found = sp.csr_matrix(found + sp.csr_matrix((weights, pairs), shape=shape))
    found = sp.csr_matrix(found + found.T)
    found.data *= found.data / (found.data + np.float32(shrinkage))
    return found


def relative(rows: SparseRows) -> SparseRows:
    """Sort each row, the largest first, and divide it by its largest value."""
    lengths = np.diff(rows.indptr)
    owners = np.repeat(np.arange(rows.n_rows), lengths)
    order = np.lexsort((rows.indices, -rows.values, owners))
    values = rows.values[order]
    largest: Float32 = np.ones(rows.n_rows, dtype=np.float32)
    filled = np.flatnonzero(lengths)
    largest[filled] = values[rows.indptr[filled]]
    return SparseRows(rows.indptr, rows.indices[order], (values / largest[owners]).astype(np.float32))


def _block(rows: SparseRows, first: int) -> "Csr[np.float32]":
    last = min(first + _ROWS, rows.n_rows)
    start, stop = rows.indptr[first], rows.indptr[last]
    parts = (rows.values[start:stop], rows.indices[start:stop], rows.indptr[first : last + 1] - start)
    return sp.csr_matrix(parts, shape=(last - first, rows.n_rows))
