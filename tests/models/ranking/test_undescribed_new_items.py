"""Items that are newer than the bundle, and of which nothing is known but their codes."""

import numpy as np

from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.new_items import NewItems
from models.ranking.ranker import Ranker


def test_an_item_beyond_those_that_are_described_leads_to_nothing(ranker: Ranker) -> None:
    n_items = len(ranker.item_ids)
    new_items = NewItems(None, n_items, 10)
    new_items.describe(n_items, {"title": "anything"})
    odd = np.array([1, 3], dtype=np.int32)
    late = np.array([1, n_items + 7, 3], dtype=np.int32)
    expected = ranker.rank(History(odd), CandidateQuery(excluded=odd), new_items=new_items)
    found = ranker.rank(History(late), CandidateQuery(excluded=odd), new_items=new_items)
    assert found.items.tolist() == expected.items.tolist()


def test_codes_beyond_the_bundle_touch_nothing_where_no_arrival_is_ranked(ranker: Ranker) -> None:
    n_items = len(ranker.item_ids)
    odd = np.array([1, 3], dtype=np.int32)
    expected = ranker.rank(History(odd), CandidateQuery(excluded=odd)).items.tolist()
    # Whatever is written behind the buffers is seen.
    slots, touched = np.full(n_items + 10, -1, dtype=np.int32), np.full(n_items + 10, -7, dtype=np.int32)
    board = ranker.retriever._board
    board.slot, board.touched = slots[:n_items], touched[:n_items]
    beyond = np.arange(n_items, n_items + 10, dtype=np.int32)
    found = ranker.rank(
        History(np.array([1, n_items, 3, n_items + 7], dtype=np.int32)), CandidateQuery(np.append(odd, beyond))
    )
    assert found.items.tolist() == expected
    only = ranker.rank(History(odd), CandidateQuery(only=np.append(beyond, np.int32(5))))
    assert only.items.tolist() == [5]
    assert slots.tolist() == [-1] * len(slots)
    assert touched[n_items:].tolist() == [-7] * 10
