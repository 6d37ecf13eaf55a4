"""Metrics of ranked lists against held-out items.

With R the ranked list of a user and T the set of the user's test items, all are means over users:
recall@k = |R_k and T| / |T|; hit_rate@k = 1 if R_k holds one of T; mrr@k = 1 / rank of the first hit;
ndcg@k = DCG / the ideal DCG of min(k, |T|) hits (Jaervelin and Kekaelaeinen 2002); map@k = sum over the hits of the
precision at their ranks, divided by min(k, |T|). coverage@k is the share of the items that any list holds.

trec_eval measures the same under the names recall, success, recip_rank and ndcg_cut; its map_cut divides by |T| where
map@k divides by min(k, |T|), so that here a list of hits only has 1 for every k.
"""

from collections.abc import Sequence

import numpy as np

from models.arrays.types import Float64, Int32, Int64


def evaluate_lists(
    ranked: Int32, target_offsets: Int64, target_items: Int32, ks: Sequence[int], n_items: int
) -> dict[str, float]:
    """Measure ranked lists, each metric at each k.

    Parameters
    ----------
    ranked
        Item codes, int32 (users, at least max(ks)), best first, -1 where a list ends early.
    target_offsets, target_items
        The test items of user u are `target_items[target_offsets[u]:target_offsets[u + 1]]`.
    n_items
        Size of the catalogue.
    """
    values = {
        name: float(per_user.mean()) if len(per_user) else 0.0
        for name, per_user in per_user_values(ranked, target_offsets, target_items, ks).items()
    }
    return values | coverage(ranked, ks, n_items)


def coverage(ranked: Int32, ks: Sequence[int], n_items: int) -> dict[str, float]:
    """Measure the share of the catalogue's items that any list holds, at each k."""
    return {f"coverage@{k}": float((np.unique(ranked[:, :k]) >= 0).sum() / max(n_items, 1)) for k in ks}


def per_user_values(ranked: Int32, target_offsets: Int64, target_items: Int32, ks: Sequence[int]) -> dict[str, Float64]:
    """Measure each user: metric name to float64 of length users."""
    n_users, length = ranked.shape
    width = int(target_items.max(initial=-1)) + 1
    owners = np.repeat(np.arange(n_users), np.diff(target_offsets))
    # An item that occurs twice among the test items of a user is one target.
    wanted = np.unique(owners * np.int64(width) + target_items)
    n_targets = np.bincount(wanted // max(width, 1), minlength=n_users)
    listed = np.arange(n_users)[:, None] * np.int64(width) + ranked
    hits = np.isin(listed, wanted) & (ranked >= 0) & (ranked < width)
    discount = 1.0 / np.log2(np.arange(2, length + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])
    precision = np.cumsum(hits, axis=1) / np.arange(1, length + 1)
    values: dict[str, Float64] = {}
    for k in ks:
        top = hits[:, :k]
        possible = np.maximum(np.minimum(n_targets, k), 1)
        hit = np.asarray(top.any(axis=1))
        values[f"recall@{k}"] = top.sum(axis=1) / np.maximum(n_targets, 1)
        values[f"ndcg@{k}"] = (top * discount[:k]).sum(axis=1) / ideal[possible]
        values[f"hit_rate@{k}"] = hit.astype(np.float64)
        values[f"mrr@{k}"] = hit / (top.argmax(axis=1) + 1.0)
        values[f"map@{k}"] = (top * precision[:, :k]).sum(axis=1) / possible
    return values
