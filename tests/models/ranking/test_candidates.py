from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.arrays.types import Int32
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS, SIGNALS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.retriever import Retriever
from models.recommenders.item_knn import ItemKNNConfig
from models.recommenders.popularity import Popularity, PopularityConfig

Codes = Callable[..., Int32]
NOTHING = np.empty(0, dtype=np.int32)
FILL = 1e-5
"""More than popularity adds to every score, so that what nothing else scores stands in its order."""


def test_items_of_the_own_parity_come_with_signals_and_the_rest_without(
    retriever: Retriever, odd_history: Int32
) -> None:
    found = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history))
    scored = {item for item, score in zip(found.items.tolist(), found.neighbours, strict=True) if score > FILL}
    assert scored == {7, 9, 11}
    assert sorted(found.items.tolist()) == [0, 2, 4, 6, 7, 8, 9, 10, 11]
    assert found.signals.shape == (len(SIGNALS), 9)
    assert found.history_length == 3


def test_the_mix_weighs_each_part_relative_to_its_best(retriever: Retriever, odd_history: Int32) -> None:
    config = RankingConfig(blend=BlendConfig(item_knn=2.0, user_knn=0.5, successor=0.0, ease=0.0))
    found = retriever.configured(config).retrieve(History(odd_history), CandidateQuery(excluded=odd_history))
    items, users = (found.signals[SIGNALS.index(name)] for name in ("item_knn", "user_knn"))
    assert found.parts[PARTS.index("item_knn")].tolist() == pytest.approx((items / items.max()).tolist())
    assert found.neighbours.tolist() == pytest.approx(
        (2 * items / items.max() + 0.5 * users / users.max()).tolist(), abs=FILL
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.integers(0, 11), max_size=8),
    excluded=st.lists(st.integers(-1, 11), max_size=12),
    limit=st.integers(1, 15),
)
def test_excluded_items_are_never_returned_nor_any_item_twice(
    retriever: Retriever, history: list[int], excluded: list[int], limit: int
) -> None:
    out = np.array(excluded, dtype=np.int32)
    found = retriever.retrieve(
        History(np.array(history, dtype=np.int32)), CandidateQuery(excluded=out, limit=limit)
    ).items.tolist()
    allowed = set(range(12)) - set(excluded)
    assert set(found) <= allowed
    assert len(found) == len(set(found)) == min(limit, len(allowed))


def test_only_the_given_items_are_wanted_and_none_of_them_is_cut(
    retriever: Retriever, odd_history: Int32, codes: Codes
) -> None:
    found = retriever.retrieve(
        History(odd_history), CandidateQuery(excluded=odd_history, only=codes(8, 7, 3, 2), limit=1)
    )
    assert found.wanted is not None
    wanted = dict(zip(found.items[found.wanted].tolist(), found.neighbours[found.wanted].tolist(), strict=True))
    assert {item: score > FILL for item, score in wanted.items()} == {8: False, 7: True, 2: False}
    assert set(found.items.tolist()) <= {2, 7, 8, 9, 11}


def test_given_items_have_the_signals_that_they_have_among_all(
    retriever: Retriever, odd_history: Int32, codes: Codes
) -> None:
    every = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history))
    found = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history, only=codes(9, 4)))
    assert every.wanted is None
    assert found.wanted is not None
    parts = dict(zip(every.items.tolist(), every.parts.T.tolist(), strict=True))
    assert [parts[item] for item in found.items.tolist()] == found.parts.T.tolist()
    assert sorted(found.items[found.wanted].tolist()) == [4, 9]


def test_the_limit_keeps_the_best(retriever: Retriever, codes: Codes) -> None:
    everything = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING, limit=12))
    best = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING, limit=4))
    assert sorted(best.neighbours.tolist()) == sorted(everything.neighbours.tolist())[-4:]


def test_signals_stay_beside_their_items_when_the_list_is_cut(retriever: Retriever, codes: Codes) -> None:
    whole = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING, limit=12))
    signals = dict(zip(whole.items.tolist(), whole.signals.T.tolist(), strict=True))
    cut = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING, limit=3))
    assert [signals[item] for item in cut.items.tolist()] == cut.signals.T.tolist()


@pytest.mark.parametrize("limit", [4, 9, 100, 399])
def test_the_list_is_filled_up_with_the_most_popular_in_their_order(codes: Codes, limit: int) -> None:
    ids = np.array([f"{code:03d}".encode() for code in range(700)])
    history = Interactions(np.array([b"one"]), ids, np.zeros(4, dtype=np.int32), codes(0, 697, 698, 699), None)
    retriever = Retriever.fit(history, RankingConfig())
    counts = np.arange(700, 0, -1, dtype=np.float32)
    others = [part for part in retriever.recommenders if not isinstance(part, Popularity)]
    popularity = Popularity(PopularityConfig(), counts, np.tile(counts, (4, 1)))
    falling = Retriever(retriever.config, [*others, popularity])
    found = falling.retrieve(
        History(codes(0)), CandidateQuery(excluded=codes(0, 2, 3, *range(400, 690)), limit=limit)
    ).items.tolist()
    assert sorted(found[:3]) == [697, 698, 699]
    assert found[3:] == [item for item in range(1, 400) if item not in {2, 3}][: limit - 3]


def test_popular_items_never_take_the_place_of_neighbours(retriever: Retriever, odd_history: Int32) -> None:
    found = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history, limit=4))
    assert {7, 9, 11} <= set(found.items.tolist())


def test_only_the_latest_of_a_long_history_are_read(retriever: Retriever, codes: Codes) -> None:
    short = retriever.configured(retriever.config.model_copy(update={"max_history": 2}))
    found, latest = (
        short.retrieve(History(codes(1, 3, 5, 0, 2)), CandidateQuery(excluded=NOTHING)),
        retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING)),
    )
    assert found.items.tolist() == latest.items.tolist()
    assert found.signals.tolist() == latest.signals.tolist()
    assert found.history_length == 5


def test_other_settings_leave_the_first_retriever_as_it_was(retriever: Retriever, codes: Codes) -> None:
    before = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING)).signals.tolist()
    other = retriever.configured(RankingConfig(item_knn=ItemKNNConfig(recency_decay=0.1)))
    assert other.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING)).signals.tolist() != before
    assert retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=NOTHING)).signals.tolist() == before


def test_what_is_wanted_is_drawn_from_all_that_is_scored_and_filled_with_popular_items(
    retriever: Retriever, odd_history: Int32
) -> None:
    wanted = np.zeros(12, dtype=np.bool_)
    wanted[[3, 9, 4, 6]] = True
    found = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history, wanted=wanted, limit=3))
    assert found.wanted is not None
    # 3 is of the history; 9 is scored, 4 and 6 are not.
    assert sorted(found.items[found.wanted].tolist()) == [4, 6, 9]
    every = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history))
    signals = dict(zip(every.items.tolist(), every.signals.T.tolist(), strict=True))
    assert [signals[item] for item in found.items.tolist()] == found.signals.T.tolist()


def test_half_as_many_preferred_items_are_candidates_as_well(retriever: Retriever, odd_history: Int32) -> None:
    even = np.arange(12) % 2 == 0
    plain = retriever.retrieve(History(odd_history), CandidateQuery(excluded=odd_history, limit=2)).items.tolist()
    found = retriever.retrieve(
        History(odd_history), CandidateQuery(excluded=odd_history, preferred=(even,), limit=2)
    ).items.tolist()
    assert set(plain) < set(found)
    assert sum(item % 2 == 0 for item in found) == 1


def test_a_blocked_item_is_in_no_answer_until_it_is_unblocked(
    retriever: Retriever, odd_history: Int32, codes: Codes
) -> None:
    def drawn() -> set[int]:
        return set(retriever.retrieve(History(odd_history), CandidateQuery(excluded=codes(9))).items.tolist())

    before = drawn()
    retriever.block(codes(7, 9))
    assert drawn() == drawn() == before - {7}
    retriever.unblock(codes(7, 9))
    assert drawn() == before
