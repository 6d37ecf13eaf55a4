"""Fingerprints: they tell whether two runs were trained on the same data."""

import hashlib

import numpy as np
import pyarrow as pa

from models.data.columns import ITEM
from models.data.interactions import Interactions


def fingerprint(interactions: Interactions, catalogue: pa.Table | None) -> str:
    """Compute the SHA-256 of ids, pairs, times, strengths, profiles, contexts and the catalogue, in hexadecimal."""
    digest = hashlib.sha256()
    for ids in (interactions.user_ids, interactions.item_ids):
        # With their ends: "ab", "c" is not "a", "bc".
        digest.update(b"\n".join(ids.tolist()))
        digest.update(b"\n\n")
    for array in (interactions.users, interactions.items, interactions.timestamps, interactions.strengths):
        if array is not None:
            digest.update(array.dtype.str.encode())
            digest.update(np.ascontiguousarray(array).data)
    if interactions.profiles is not None:
        for numbers in (interactions.profiles.offsets, interactions.profiles.codes):
            digest.update(np.ascontiguousarray(numbers).data)
    if interactions.contexts is not None:
        contexts = interactions.contexts
        for part in (contexts.numbers, contexts.offsets, contexts.codes):
            digest.update(np.ascontiguousarray(part).data)
    if catalogue is not None:
        for column in catalogue.sort_by(ITEM).columns:
            if pa.types.is_fixed_size_list(column.type):
                digest.update(np.packbits(column.is_valid().to_numpy()).data)
                digest.update(column.combine_chunks().flatten().to_numpy(zero_copy_only=False).data)
            else:
                digest.update("\n".join(map(repr, column.to_pylist())).encode())
    return digest.hexdigest()
