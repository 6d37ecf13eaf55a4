import numpy as np
import pyarrow as pa
import pytest

from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.splitting import make_split
from models.data.synthetic import generate
from models.evaluation.by_kind import compare_with_best, measure_kind
from models.evaluation.list_kinds import MIN_ITEMS, SAMPLED, ListsOfKind, lists_by_kind
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

DATA = generate(60, 200, 2400, seed=7, groups=4)


@pytest.fixture(scope="module")
def holdout() -> Holdout:
    return make_split(DATA, DATA.interactions).validation


@pytest.fixture(scope="module")
def train() -> Interactions:
    return make_split(DATA, DATA.interactions).train


@pytest.fixture(scope="module")
def kinds(holdout: Holdout) -> dict[str, ListsOfKind]:
    return {lists.kind: lists for lists in lists_by_kind(holdout, DATA.items, seed=0)}


def test_given_candidates_are_one_target_and_random_items_that_the_user_does_not_know(
    kinds: dict[str, ListsOfKind],
) -> None:
    holdout = kinds["given"].holdout
    for row in range(len(holdout.users)):
        listed = holdout.candidate_list(row)
        assert listed is not None
        [target] = holdout.targets.row(row).tolist()
        assert target in listed.tolist()
        assert len(np.unique(listed)) == SAMPLED + 1
        assert not np.isin(listed, holdout.history(row).items).any()


def test_cut_lists_hold_a_whole_category_of_the_target(kinds: dict[str, ListsOfKind], train: Interactions) -> None:
    lists = kinds["filtered"]
    assert DATA.items is not None
    categories = dict(zip(DATA.items["item_id"].to_pylist(), DATA.items["categories"].to_pylist(), strict=True))
    retriever = Retriever.fit(train, RankingConfig())
    for row, candidates in enumerate(lists.generate(retriever)):
        assert candidates.kind == "filtered"
        assert candidates.wanted is not None
        found = [train.item_ids[item].decode() for item in candidates.items[candidates.wanted]]
        target = train.item_ids[lists.holdout.targets.row(row)[0]].decode()
        common = set.intersection(*(set(categories[item]) for item in found))
        assert common & set(categories[target])
        # A hundred at most; of the category nothing but what the user knows is missing.
        assert len(found) >= min(100, MIN_ITEMS) - len(lists.holdout.history(row))


def test_without_categories_or_users_a_kind_is_left_out(holdout: Holdout) -> None:
    assert [lists.kind for lists in lists_by_kind(holdout, None, seed=0)] == ["given"]
    plain = pa.table({"item_id": ["i1"], "title": ["one"]})
    assert [lists.kind for lists in lists_by_kind(holdout, plain, seed=0)] == ["given"]
    assert lists_by_kind(holdout.sample(5, 0), DATA.items, seed=0) == []


def test_the_blend_is_measured_beside_its_parts(kinds: dict[str, ListsOfKind], train: Interactions) -> None:
    retriever = Retriever.fit(train, RankingConfig())
    ranker = Ranker(retriever, None, train.item_ids, train.user_ids)
    found = measure_kind(ranker, retriever, kinds["given"], seed=0)
    assert found["metrics"].keys() == {"mix", "braid", *retriever.present}
    assert found["metrics"]["mix"] == found["metrics"]["braid"]
    assert found["users"] == len(kinds["given"].holdout.users)
    best = max(retriever.present, key=lambda name: found["metrics"][name]["ndcg@10"])
    mean, low, high = found["difference"]
    assert found["best_part"] == best
    assert mean == pytest.approx(found["metrics"]["braid"]["ndcg@10"] - found["metrics"][best]["ndcg@10"])
    assert low <= mean <= high


def test_neither_the_network_nor_the_mix_is_a_part() -> None:
    users = np.ones(300)
    values = {
        name: {"recall@10": users * score, "ndcg@10": users * score}
        for name, score in (("braid", 0.3), ("network", 0.9), ("mix", 0.8), ("ease", 0.4), ("als", 0.2))
    }
    found = compare_with_best(values, 0.5, seed=0)
    assert found["best_part"] == "ease"
    assert found["difference"] == pytest.approx((-0.1, -0.1, -0.1))
