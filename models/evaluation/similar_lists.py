"""Lists of similar items, measured on held-out pairs: what the same user liked next, of those who liked this one."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from models.arrays.types import Float32, Float64, Ids, Int32
from models.data.catalogue import CATEGORIES, TAGS, known_rows, labels_of
from models.data.liked_pairs import LikedPairs
from models.evaluation.report import bootstrap_intervals

DEPTH = 10
MOST_LISTS = 2000
"""Lists of each method that are measured at most: one takes about a millisecond."""
RANDOM, POPULAR = "random", "popular"
RECALL, COVERAGE, LARGEST_SHARE, OVERLAP = f"recall@{DEPTH}", "coverage", "largest_share", "overlap"
OVERLAP_OF_ALL = "overlap_of_all"
Lists = Callable[[int], Int32]
"""Gives the items that a method finds similar to one, the best first: codes, never the item itself."""


@dataclass(frozen=True)
class SimilarReport:
    """How well each method's similar items foretell what the same users liked next.

    `methods` maps each method to its metrics, and `intervals` to the 95 % interval of its recall. `settings` are those
    that training chose for similar items, `examples` the lists of the items that were asked for, by title.
    """

    counts: dict[str, int]
    methods: dict[str, dict[str, float]]
    intervals: dict[str, tuple[float, float]]
    settings: dict[str, Any]
    seconds: float
    measured_at: str
    examples: Mapping[str, Mapping[str, Sequence[str]]]

    def to_json(self) -> str:
        """Write the report as a JSON document."""
        return json.dumps(asdict(self), indent=2)


def label_sets(catalogue: pa.Table | None, item_ids: Ids) -> list[frozenset[str]]:
    """Return the categories of each item, or its tags where no item has a category; empty sets where it has none."""
    found: dict[str, list[frozenset[str]]] = {name: [frozenset()] * len(item_ids) for name in (CATEGORIES, TAGS)}
    for code, item in () if catalogue is None else known_rows(catalogue, item_ids):
        for name, labels in found.items():
            labels[code] = frozenset(labels_of(item.get(name)))
    return found[CATEGORIES] if any(found[CATEGORIES]) else found[TAGS]


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of labels that two items have in common, of all that either has; 0 where neither has any."""
    return len(one & other) / len(one | other) if one or other else 0.0


def ranked_lists(method: Lists, items: Int32) -> Int32:
    """Ask a method for the lists of some items, int32 (items, DEPTH); -1 where a list is shorter."""
    ranked = np.full((len(items), DEPTH), -1, dtype=np.int32)
    for row, item in enumerate(items.tolist()):
        found = method(item)[:DEPTH]
        ranked[row, : len(found)] = found
    return ranked


def measure_lists(
    ranked: Int32, items: Int32, pairs: LikedPairs, labels: Sequence[frozenset[str]]
) -> tuple[dict[str, float], Float64]:
    """Measure the lists of one method.

    Parameters
    ----------
    ranked
        The lists, int32 (items, DEPTH); -1 where a list is shorter.
    items
        What they are similar to, ascending: the first items of all pairs.
    labels
        The categories or tags of each item.

    Returns
    -------
    tuple
        The metrics by name, and which pairs are in the lists, float64 (pairs,). `recall@10` is the share of the pairs
        whose second item is in the list of the first, `coverage` the share whose first item has a list at all,
        `largest_share` that of the lists which hold the item that is in the most of them. `overlap` is how many labels
        an item and its list have in common, see `mean_overlap`.
    """
    rows = np.searchsorted(items, pairs.first)
    known = (pairs.second >= 0)[:, None]  # a second item that no list can hold is not an empty place
    hits: Float64 = ((ranked[rows] == pairs.second[:, None]) & known).any(axis=1).astype(np.float64)
    listed = ranked >= 0
    most = np.bincount(ranked[listed]).max(initial=0) if listed.any() else 0
    return {
        RECALL: float(hits.mean()),
        COVERAGE: float(listed[rows, 0].mean()),
        LARGEST_SHARE: float(most / max(int(listed[:, 0].sum()), 1)),
        OVERLAP: mean_overlap(ranked, items, labels),
    }, hits


def mean_overlap(ranked: Int32, items: Int32, labels: Sequence[frozenset[str]]) -> float:
    """Return the mean over the lists of the Jaccard coefficients of an item's labels and those of its list.

    Empty lists, and those of items without labels, are left out; 0 where no list is left.
    """
    overlaps = [
        np.mean([jaccard(labels[item], labels[other]) for other in own[own >= 0].tolist()])
        for item, own in zip(items.tolist(), ranked, strict=True)
        if labels[item] and own[0] >= 0
    ]
    return float(np.mean(overlaps)) if overlaps else 0.0


def measure_methods(
    methods: Mapping[str, Lists], pairs: LikedPairs, labels: Sequence[frozenset[str]], *, seed: int
) -> tuple[dict[str, dict[str, float]], dict[str, tuple[float, float]]]:
    """Measure methods on the same pairs; the intervals of the recall draw pairs.

    `overlap_of_all` is the overlap of all items, or of `MOST_LISTS` drawn at random, whether or not they are in a pair.

    Returns
    -------
    tuple
        Metrics and intervals, both by method.
    """
    items = np.unique(pairs.first)
    drawn = np.sort(np.random.default_rng(seed).permutation(len(labels))[:MOST_LISTS].astype(np.int32))
    metrics: dict[str, dict[str, float]] = {}
    hits: dict[str, Float64] = {}
    for name, method in methods.items():
        metrics[name], hits[name] = measure_lists(ranked_lists(method, items), items, pairs, labels)
        metrics[name][OVERLAP_OF_ALL] = mean_overlap(ranked_lists(method, drawn), drawn, labels)
    return metrics, bootstrap_intervals(hits, seed=seed)


def baselines(counts: Float32, *, seed: int) -> dict[str, Lists]:
    """Return the methods that know nothing of likeness: random items, and the most popular ones.

    Parameters
    ----------
    counts
        Interactions of each item; only items that have any are drawn.
    """
    order = np.lexsort((np.arange(len(counts)), -counts))[: DEPTH + 1].astype(np.int32)
    order = order[counts[order] > 0]
    used = np.flatnonzero(counts > 0).astype(np.int32)

    def drawn(item: int) -> Int32:
        rng = np.random.default_rng([seed, item])
        found = rng.choice(used, min(DEPTH + 1, len(used)), replace=False)
        others: Int32 = found[found != item]
        return others

    return {RANDOM: drawn, POPULAR: lambda item: order[order != item]}
