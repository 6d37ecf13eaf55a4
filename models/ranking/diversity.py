"""Diversity: maximal marginal relevance (Carbonell and Goldstein 1998) on content and co-occurrence."""

from collections.abc import Sequence

import numpy as np

from models.arrays.types import Float32, Int32
from models.ranking import kernels
from models.recommenders.recommender import Likeness


def diversify(items: Int32, scores: Float32, count: int, diversity: float, similar: Sequence[Likeness]) -> Int32:
    """Choose items one after the other: relevant, and dissimilar to those chosen before.

    Each is the one with the greatest `(1 - diversity) * relevance - diversity * likeness`, where relevance is the score
    scaled to 0..1 over the list, and likeness the greatest similarity to an item chosen before.

    Parameters
    ----------
    items, scores
        A ranked list: codes, none of them twice, and scores, in any order.
    count
        How many to choose.
    diversity
        From 0, which keeps the order of the scores, to 1.
    similar
        How alike items are; see `likeness`.

    Returns
    -------
    array
        Positions in the list, int32, in the order in which they were chosen.
    """
    if not len(items):
        return np.empty(0, dtype=np.int32)
    span = scores.max() - scores.min()
    relevance = (scores - scores.min()) / (span if span > 0 else np.float32(1.0))
    alike = likeness(items, similar)
    return kernels.maximal_marginal_relevance(relevance.astype(np.float32), alike, diversity, min(count, len(items)))


def likeness(items: Int32, similar: Sequence[Likeness]) -> Float32:
    """Compute how alike the items of a list are, float32 (n, n) from 0 to 1.

    The greatest of all matrices and of both directions decides. An item without a row is unlike all others. The scale
    is absolute: two items that share hardly any users are unlike, even if neither has a nearer neighbour.
    """
    found = np.zeros((len(items), len(items)), dtype=np.float32)
    # Positions in the list are found by bisection: an array of the whole catalogue would take more time than the rest.
    order = np.argsort(items, kind="stable").astype(np.int32)
    for rows, of_row, of_peer in similar:
        kernels.merge_similarities(
            rows.indptr, rows.indices, rows.values, of_row, of_peer, items, items[order], order, found
        )
    return np.maximum(found, found.T)
