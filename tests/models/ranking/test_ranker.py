import pytest

from models.data.interactions import Interactions
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.network import NetworkScorer
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

ODD = ["i01", "i03", "i05"]


def names(found: list[tuple[str, float]]) -> list[str]:
    return [item for item, _ in found]


def test_an_odd_history_gets_odd_items_first(ranker: Ranker) -> None:
    assert set(names(ranker.recommend(ODD, limit=3, exclude=ODD))) == {"i07", "i09", "i11"}


def test_scores_fall_along_the_list(ranker: Ranker) -> None:
    scores = [score for _, score in ranker.recommend(["i00", "i05", "i02"], limit=12)]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 12


def test_excluded_ids_are_never_returned(ranker: Ranker) -> None:
    exclude = [*ODD, "i07", "i00", "never-heard-of"]
    found = names(ranker.recommend(ODD, limit=12, exclude=exclude))
    assert sorted(found) == ["i02", "i04", "i06", "i08", "i09", "i10", "i11"]


def test_unknown_ids_of_the_history_are_passed_over(ranker: Ranker) -> None:
    assert ranker.recommend(["x", *ODD, "y"], limit=5) == ranker.recommend(ODD, limit=5) != []


@pytest.mark.parametrize("history", [[], ["x"], ["i1", "", "i010"]])
def test_a_history_of_which_nothing_is_known_gives_nothing(ranker: Ranker, history: list[str]) -> None:
    assert ranker.recommend(history, limit=5) == []


@pytest.mark.parametrize(("limit", "length"), [(1, 1), (4, 4), (9, 9), (500, 9)])
def test_the_list_has_the_length_asked_for_or_all_there_is(ranker: Ranker, limit: int, length: int) -> None:
    assert len(ranker.recommend(ODD, limit=limit, exclude=ODD)) == length


def test_a_limit_beyond_the_drawn_candidates_is_served(checkerboard: Interactions) -> None:
    few = Retriever.fit(checkerboard, RankingConfig(blend=BlendConfig(candidates=2)))
    ranker = Ranker(few, None, checkerboard.item_ids, checkerboard.user_ids)
    assert len(ranker.recommend(ODD, limit=8)) == 8


def test_everything_excluded_gives_nothing(ranker: Ranker) -> None:
    assert ranker.recommend(ODD, limit=5, exclude=[f"i{item:02d}" for item in range(12)]) == []


def test_the_own_row_of_a_known_user_is_no_neighbour(ranker: Ranker) -> None:
    config = RankingConfig(blend=BlendConfig(user_knn=1000.0))
    ranker.retriever = ranker.retriever.configured(config)
    history = ["i00", "i05"]
    as_stranger, as_user = (ranker.recommend(history, limit=12, user_id=user) for user in ("stranger", "u04"))
    assert ranker.recommend(history, limit=12) == as_stranger != as_user


def test_the_same_request_gives_the_same_answer(ranker: Ranker) -> None:
    first = ranker.recommend(ODD, limit=6)
    ranker.recommend(["i00", "i02"], limit=12, exclude=["i04"])
    assert ranker.recommend(ODD, limit=6) == first


def weighted(ranker: Ranker, network: NetworkScorer, weight: float) -> Ranker:
    config = RankingConfig(blend=BlendConfig(network_weight=weight))
    return Ranker(ranker.retriever.configured(config), network, ranker.item_ids, ranker.user_ids)


def test_with_weight_one_the_network_alone_orders_the_list(ranker: Ranker, contrary: NetworkScorer) -> None:
    found = names(weighted(ranker, contrary, 1.0).recommend(ODD, limit=9, exclude=ODD))
    assert set(found[:6]) == {"i00", "i02", "i04", "i06", "i08", "i10"}
    assert set(found[6:]) == {"i07", "i09", "i11"}


def test_with_weight_zero_the_network_changes_nothing(ranker: Ranker, contrary: NetworkScorer) -> None:
    assert weighted(ranker, contrary, 0.0).recommend(ODD, limit=9) == ranker.recommend(ODD, limit=9)


def test_popular_gives_the_most_counted_without_the_excluded(ranker: Ranker) -> None:
    assert ranker.popular(limit=2, exclude=["i00", "never-heard-of"]) == [("i01", 5.0), ("i02", 5.0)]
    assert len(ranker.popular(limit=100)) == 12
