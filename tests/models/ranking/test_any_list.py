"""A small change of a request changes little: the lists before and after it, on a bundle with a network."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.bundle.loader import Bundle
from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranked import Ranked
from models.ranking.ranker import Ranker

ITEMS = 60
Codes = st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=1, max_size=30)


Few = st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=1, max_size=5)
Long = st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=10, max_size=30)


@pytest.fixture(scope="module")
def ranker(trained: Bundle) -> Ranker:
    """Give the network a share in every kind of list, on few generated candidates."""
    loaded = Ranker.load(trained)
    blend = {"candidates": 15, "network_weight": 0.5, "network_weight_given": 0.75, "network_weight_filtered": 0.25}
    loaded.retriever = loaded.retriever.configured(loaded.retriever.config.changed("blend", **blend))
    return loaded


def codes(items: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(items, dtype=np.int32)


def ranked(ranker: Ranker, history: list[int], **query: object) -> Ranked:
    return ranker.rank(History(codes(history)), CandidateQuery(**query))  # type: ignore[arg-type]


def scores(found: Ranked) -> dict[int, float]:
    return dict(zip(found.items.tolist(), found.scores.tolist(), strict=True))


def turned(before: list[int], after: list[int]) -> float:
    """Return the share of the pairs of items in both lists that change their order."""
    place = {item: at for at, item in enumerate(after)}
    kept = [place[item] for item in before if item in place]
    pairs = [(one, other) for at, one in enumerate(kept) for other in kept[at + 1 :]]
    return sum(one > other for one, other in pairs) / max(len(pairs), 1)


@settings(max_examples=60, deadline=None)
@given(history=Codes, given_items=Codes, more=st.integers(0, ITEMS - 1))
def test_one_candidate_more_changes_the_score_of_no_other(
    ranker: Ranker, history: list[int], given_items: list[int], more: int
) -> None:
    before = scores(ranked(ranker, history, only=codes(given_items)))
    after = scores(ranked(ranker, history, only=codes([*given_items, more])))
    assert {item: after[item] for item in before} == pytest.approx(before, abs=1e-4)
    assert set(after) == {*before, more}


@settings(max_examples=60, deadline=None)
@given(history=Codes, given_items=Codes, boosted=Codes)
def test_given_items_have_the_scores_that_they_have_without_the_others(
    ranker: Ranker, history: list[int], given_items: list[int], boosted: list[int]
) -> None:
    together = scores(ranked(ranker, history, only=codes(given_items), additional=codes(boosted)))
    alone = {item: scores(ranked(ranker, history, only=codes([item])))[item] for item in given_items}
    assert together == pytest.approx(alone, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(history=Codes, out=Few, given_items=st.none() | Long)
@example(history=[0, 1, 2, 3, 4, 5, 20], out=[21], given_items=None)
def test_items_that_are_removed_leave_all_others_in_their_order(
    ranker: Ranker, history: list[int], out: list[int], given_items: list[int] | None
) -> None:
    only = None if given_items is None else codes(given_items)
    before = ranked(ranker, history, only=only)
    after = ranked(ranker, history, only=only, excluded=codes(out), removed=codes(out))
    left = [item for item in before.items.tolist() if item not in out]
    # As many come instead, which may stand anywhere.
    assert [item for item in after.items.tolist() if item in left] == left
    assert {item: scores(after)[item] for item in left} == pytest.approx(
        {item: scores(before)[item] for item in left}, abs=1e-5
    )
    assert not set(out) & set(after.items.tolist())
    if given_items is None:
        assert len(after.items) >= len(before.items)


@settings(max_examples=60, deadline=None)
@given(history=Codes, kept=st.lists(st.integers(0, ITEMS - 1), unique=True, min_size=5), more=st.integers(0, ITEMS - 1))
def test_one_item_more_in_a_filter_leaves_nearly_all_pairs_in_their_order(
    ranker: Ranker, history: list[int], kept: list[int], more: int
) -> None:
    lists = []
    for items in (kept, [*kept, more]):
        wanted = np.isin(np.arange(len(ranker.item_ids)), items)
        lists.append(ranked(ranker, history, wanted=wanted).items.tolist())
    assert turned(*lists) <= 0.1


def test_generated_items_that_are_given_have_the_scores_of_the_list_without_them(trained: Bundle) -> None:
    ranker = Ranker.load(trained)
    ranker.retriever = ranker.retriever.configured(
        ranker.retriever.config.changed("blend", candidates=15, network_weight_given=None)
    )
    plain = scores(ranked(ranker, [1, 2, 3]))
    every = scores(ranked(ranker, [1, 2, 3], only=codes(list(range(ITEMS)))))
    assert len(every) > len(plain) == 15
    assert {item: every[item] for item in plain} == pytest.approx(plain, abs=1e-4)
