import numpy as np
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.ranking import popular_lists
from models.ranking.blend import content_share, with_content_share
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.network import NetworkScorer
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from tests.models.conftest import Recommend

ODD = ["i01", "i03", "i05"]


def names(found: list[tuple[str, float]]) -> list[str]:
    return [item for item, _ in found]


def test_an_odd_history_gets_odd_items_first(ranker: Ranker, recommend: Recommend) -> None:
    assert set(names(recommend(ranker, ODD, limit=3, exclude=ODD))) == {"i07", "i09", "i11"}


def test_scores_fall_along_the_list(ranker: Ranker, recommend: Recommend) -> None:
    scores = [score for _, score in recommend(ranker, ["i00", "i05", "i02"], limit=12)]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 12


def test_excluded_ids_are_never_returned(ranker: Ranker, recommend: Recommend) -> None:
    exclude = [*ODD, "i07", "i00", "never-heard-of"]
    found = names(recommend(ranker, ODD, limit=12, exclude=exclude))
    assert sorted(found) == ["i02", "i04", "i06", "i08", "i09", "i10", "i11"]


def test_unknown_ids_of_the_history_are_passed_over(ranker: Ranker, recommend: Recommend) -> None:
    assert recommend(ranker, ["x", *ODD, "y"], limit=5) == recommend(ranker, ODD, limit=5) != []


@pytest.mark.parametrize("history", [[], ["x"], ["i1", "", "i010"]])
def test_a_history_of_which_nothing_is_known_gives_popular_items(
    ranker: Ranker, recommend: Recommend, history: list[str]
) -> None:
    order = ranker.retriever.popularity.order[:5]
    assert sorted(names(recommend(ranker, history, limit=5))) == sorted(f"i{item:02d}" for item in order)


@pytest.mark.parametrize(("limit", "length"), [(1, 1), (4, 4), (9, 9), (500, 9)])
def test_the_list_has_the_length_asked_for_or_all_there_is(
    ranker: Ranker, recommend: Recommend, limit: int, length: int
) -> None:
    assert len(recommend(ranker, ODD, limit=limit, exclude=ODD)) == length


def test_a_limit_beyond_the_drawn_candidates_is_served(checkerboard: Interactions, recommend: Recommend) -> None:
    few = Retriever.fit(checkerboard, RankingConfig(blend=BlendConfig(candidates=2)))
    ranker = Ranker(few, None, checkerboard.item_ids, checkerboard.user_ids)
    assert len(recommend(ranker, ODD, limit=8)) == 8


def test_everything_excluded_gives_nothing(ranker: Ranker, recommend: Recommend) -> None:
    assert recommend(ranker, ODD, limit=5, exclude=[f"i{item:02d}" for item in range(12)]) == []


def test_the_own_row_of_a_known_user_is_no_neighbour(ranker: Ranker, recommend: Recommend) -> None:
    config = RankingConfig(blend=BlendConfig(user_knn=1000.0))
    ranker.retriever = ranker.retriever.configured(config)
    history = ["i00", "i05"]
    as_stranger, as_user = (recommend(ranker, history, limit=12, user_id=user) for user in ("stranger", "u04"))
    assert recommend(ranker, history, limit=12) == as_stranger != as_user


def test_the_same_request_gives_the_same_answer(ranker: Ranker, recommend: Recommend) -> None:
    first = recommend(ranker, ODD, limit=6)
    recommend(ranker, ["i00", "i02"], limit=12, exclude=["i04"])
    assert recommend(ranker, ODD, limit=6) == first


def weighted(ranker: Ranker, network: NetworkScorer, weight: float) -> Ranker:
    config = RankingConfig(blend=BlendConfig(network_weight=weight))
    return Ranker(ranker.retriever.configured(config), network, ranker.item_ids, ranker.user_ids)


def test_with_weight_one_the_network_alone_orders_the_list(
    ranker: Ranker, recommend: Recommend, contrary: NetworkScorer
) -> None:
    found = names(recommend(weighted(ranker, contrary, 1.0), ODD, limit=9, exclude=ODD))
    assert set(found[:6]) == {"i00", "i02", "i04", "i06", "i08", "i10"}
    assert set(found[6:]) == {"i07", "i09", "i11"}


def test_with_weight_zero_the_network_changes_nothing(
    ranker: Ranker, recommend: Recommend, contrary: NetworkScorer
) -> None:
    assert recommend(weighted(ranker, contrary, 0.0), ODD, limit=9) == recommend(ranker, ODD, limit=9)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_request_can_give_the_network_another_share(ranker: Ranker, contrary: NetworkScorer, share: float) -> None:
    history = History(np.array([1, 3], dtype=np.int32))
    trained = weighted(ranker, contrary, 0.25)
    asked = trained.rank(history, CandidateQuery(excluded=history.items), network_share=share)
    expected = weighted(ranker, contrary, share).rank(history, CandidateQuery(excluded=history.items))
    assert asked.items.tolist() == expected.items.tolist()
    np.testing.assert_array_equal(asked.scores, expected.scores)
    assert asked.network_share == share
    as_trained = trained.rank(history, CandidateQuery(excluded=history.items))
    assert as_trained.network_share == 0.25
    assert not np.array_equal(as_trained.scores, asked.scores)


def test_a_request_can_give_descriptions_another_share(ranker: Ranker) -> None:
    weights = {"item_knn": 1.0, "successor": 0.5, "content": 0.5}
    mix = np.array([weights.get(part, 0.0) for part in PARTS], dtype=np.float32)
    assert content_share(mix) == 0.25
    changed = dict(zip(PARTS, with_content_share(mix, 0.5).tolist(), strict=True))
    assert (changed["item_knn"], changed["successor"], changed["content"]) == pytest.approx((2 / 3, 1 / 3, 1.0))
    alone = np.array([float(part == "content") for part in PARTS], dtype=np.float32)
    assert with_content_share(alone, 0.5) is alone
    history, query = History(np.array([1, 3], dtype=np.int32)), CandidateQuery()
    served = ranker.rank(history, query)
    again = ranker.rank(history, query, content_share=ranker.content_share)
    np.testing.assert_allclose(again.scores, served.scores, rtol=1e-5)
    assert again.items.tolist() == served.items.tolist()


def test_popular_gives_the_most_counted_without_the_excluded(ranker: Ranker) -> None:
    excluded = np.array([0], dtype=np.int32)
    items, counts = popular_lists.popular(ranker, CandidateQuery(excluded=excluded), 2)
    assert (items.tolist(), counts.tolist()) == ([1, 2], [5.0, 5.0])
    assert len(popular_lists.popular(ranker, CandidateQuery(), 100)[0]) == 12


def test_popular_is_drawn_with_what_is_wanted(ranker: Ranker) -> None:
    wanted = np.arange(12) >= 9
    assert popular_lists.popular(ranker, CandidateQuery(wanted=wanted), 5)[0].tolist() == [9, 10, 11]
    assert popular_lists.popular(ranker, CandidateQuery(wanted=wanted, only=np.array([3, 10], dtype=np.int32)), 5)[
        0
    ].tolist() == [10]


def test_without_time_the_network_is_not_asked(ranker: Ranker, contrary: NetworkScorer) -> None:
    history = History(np.array([1, 3, 5], dtype=np.int32))
    one = weighted(ranker, contrary, 1.0)
    late = one.rank(history, CandidateQuery(), before_deadline=lambda: False)
    assert (late.late, late.network) == (True, None)
    assert (
        late.items.tolist()
        == ranker.rank(history, CandidateQuery()).items.tolist()
        != one.rank(history, CandidateQuery()).items.tolist()
    )
    assert not one.rank(history, CandidateQuery()).late
    assert not ranker.rank(history, CandidateQuery(), before_deadline=lambda: False).late
