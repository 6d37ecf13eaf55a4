"""Items that are newer than the bundle, and of which nothing is known but their codes."""

import numpy as np

from models.data.history import History
from models.ranking.arrivals import Arrivals
from models.ranking.drawing import Wish
from models.ranking.ranker import Ranker


def test_an_item_beyond_those_that_are_described_leads_to_nothing(ranker: Ranker) -> None:
    n_items = len(ranker.item_ids)
    arrivals = Arrivals(None, n_items, 10)
    arrivals.describe(n_items, {"title": "anything"})
    odd = np.array([1, 3], dtype=np.int32)
    late = np.array([1, n_items + 7, 3], dtype=np.int32)
    expected = ranker.rank(History(odd), Wish(excluded=odd), arrivals=arrivals)
    found = ranker.rank(History(late), Wish(excluded=odd), arrivals=arrivals)
    assert found.items.tolist() == expected.items.tolist()
