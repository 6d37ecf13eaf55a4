"""Lists of similar items, on pairs whose answer is known."""

import json

import numpy as np
import pyarrow as pa
import pytest

from models.data.liked_pairs import LikedPairs
from models.evaluation.similar_lists import (
    POPULAR,
    RANDOM,
    SimilarReport,
    baselines,
    jaccard,
    label_sets,
    measure_methods,
)

IDS = np.array([b"a", b"b", b"c", b"d"])
LABELS = [frozenset("xy"), frozenset("xy"), frozenset("x"), frozenset()]
LISTS = {0: [1, 2], 1: [0], 2: [], 3: [1]}


def codes(*items: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(items, dtype=np.int32)


def pairs(*held: tuple[int, int]) -> LikedPairs:
    first, second = (codes(*(pair[place] for pair in held)) for place in (0, 1))
    return LikedPairs(first, second, np.arange(len(held), dtype=np.int32), np.ones(len(held), dtype=np.bool_))


def test_the_metrics_are_those_of_a_count_by_hand() -> None:
    held = pairs((0, 1), (0, 3), (1, 0), (2, 0), (3, 1))
    metrics, intervals = measure_methods({"known": lambda item: codes(*LISTS[item])}, held, LABELS, seed=0)
    known = metrics["known"]
    assert known["recall@10"] == pytest.approx(3 / 5)
    assert known["coverage"] == pytest.approx(4 / 5)
    # Item 1 is in the lists of 0 and of 3, which are two of the three lists.
    assert known["largest_share"] == pytest.approx(2 / 3)
    # The list of 0 has 1 and 1/2, that of 1 has 1; 3 has no labels.
    assert known["overlap"] == pytest.approx((0.75 + 1) / 2)
    # Of all items, that of 2 is empty.
    assert known["overlap_of_all"] == known["overlap"]
    low, high = intervals["known"]
    assert low <= 3 / 5 <= high


def test_only_the_first_ten_count() -> None:
    def late(item: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return codes(*range(20, 30), 1 if item == 0 else 19)

    labels = [frozenset[str]()] * 31
    metrics, _ = measure_methods({"late": late}, pairs((0, 1), (1, 29)), labels, seed=0)
    assert metrics["late"]["recall@10"] == 0.5
    assert metrics["late"]["overlap"] == 0.0


def test_a_second_item_that_the_fit_does_not_know_is_in_no_list() -> None:
    metrics, _ = measure_methods({"short": lambda _: codes(2)}, pairs((0, -1)), LABELS, seed=0)
    # An empty place of a list is no hit, although both are -1.
    assert metrics["short"]["recall@10"] == 0.0


def test_labels_are_categories_or_else_tags() -> None:
    table = pa.table({"item_id": ["a", "b"], "tags": [["t"], ["u"]], "categories": [["x", "y"], []]})
    assert label_sets(table, IDS)[:2] == [frozenset("xy"), frozenset()]
    assert label_sets(table.drop_columns("categories"), IDS)[:2] == [frozenset("t"), frozenset("u")]
    assert label_sets(None, IDS) == [frozenset()] * 4
    assert (jaccard(frozenset("xy"), frozenset("yz")), jaccard(frozenset(), frozenset())) == (1 / 3, 0.0)


def test_the_baselines_know_nothing_but_counts() -> None:
    methods = baselines(np.array([5, 0, 7, 6], dtype=np.float32), seed=0)
    assert methods[POPULAR](2).tolist() == [3, 0]
    assert sorted(methods[RANDOM](2).tolist()) == [0, 3]
    assert methods[RANDOM](0).tolist() == methods[RANDOM](0).tolist()


def test_the_report_is_json() -> None:
    report = SimilarReport({"pairs": 1}, {"m": {"recall@10": 0.5}}, {"m": (0.1, 0.9)}, {}, 1.0, "now", {})
    assert json.loads(report.to_json())["methods"]["m"]["recall@10"] == 0.5
