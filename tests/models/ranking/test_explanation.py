"""Reasons against the scores that they explain."""

from collections.abc import Callable

import numpy as np
import pytest

from models.arrays.types import Int32
from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.explanation import contributions, explain
from models.ranking.network import NetworkScorer
from models.ranking.ranked import Adjustment, Ranked
from models.ranking.ranker import Ranker

Codes = Callable[..., Int32]


def weighted(ranker: Ranker, network: NetworkScorer | None, weight: float) -> Ranker:
    config = ranker.retriever.config.changed("blend", network_weight=weight, content=0.0)
    return Ranker(ranker.retriever.configured(config), network, ranker.item_ids, ranker.user_ids)


def ranked(ranker: Ranker, history: Int32, *adjustments: Adjustment) -> Ranked:
    return ranker.rank(History(history), CandidateQuery(excluded=history), adjustments=adjustments)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_contributions_add_up_to_the_score_but_for_a_constant(
    ranker: Ranker, contrary: NetworkScorer, odd_history: Int32, weight: float
) -> None:
    boost = Adjustment("boosts", np.arange(12) % 3 == 0, 1.5)
    bury = Adjustment("buries", np.arange(12) % 4 == 0, -0.5)
    one = weighted(ranker, contrary, weight)
    found = ranked(one, odd_history, boost, bury)
    parts = contributions(one, found)
    assert {"boosts", "buries"} < set(parts)
    assert ("network" in parts) is (weight > 0)
    total = np.sum(list(parts.values()), axis=0)[found.places]
    assert np.ptp(total - found.scores) < 1e-5
    assert np.ptp(total) > 0.1


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_shares_add_up_and_the_largest_comes_first(
    ranker: Ranker, contrary: NetworkScorer, odd_history: Int32, weight: float
) -> None:
    one = weighted(ranker, contrary, weight)
    found = ranked(one, odd_history, Adjustment("buries", np.arange(12) % 4 == 0, -0.5))
    for reasons in explain(one, History(odd_history), found, found.places.tolist()):
        shares = [reason.share for reason in reasons]
        assert sum(shares) == pytest.approx(1, abs=1e-6)
        assert shares == sorted(shares, reverse=True)
        assert min(shares) > 0
        for reason in reasons:
            assert sum(share for _, share in reason.because) <= 1 + 1e-6


def test_an_item_names_those_of_the_user_that_led_to_it(ranker: Ranker, codes: Codes) -> None:
    # Item 4 is of even users, 5 of odd ones: only the first leads to the even item 8.
    history = codes(5, 4)
    one = weighted(ranker, None, 0.0)
    found = ranked(one, history)
    place = found.candidates.items.tolist().index(8)
    reasons = {reason.strand: reason for reason in explain(one, History(history), found, [place])[0]}
    ((item, share),) = reasons["item_knn"].because
    assert item == 4
    assert share == pytest.approx(1.0)
    assert reasons["user_knn"].because == ()


def test_what_only_popularity_ranked_says_so(ranker: Ranker, codes: Codes) -> None:
    found = ranker.rank(History(codes()), CandidateQuery())
    for reasons in explain(ranker, History(codes()), found, [0, 1]):
        assert [(reason.strand, reason.share, reason.because) for reason in reasons] == [("popularity", 1.0, ())]
