from collections.abc import Sequence

import numpy as np
import pytest

from models.data.held import Held, Ragged
from models.data.interactions import Interactions
from models.data.progress import silent
from models.evaluation.metrics import evaluate_lists
from models.evaluation.ranked import rank_held, rank_popular
from models.ranking.candidates import Retriever
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.recommenders.popularity import Popularity

PARTS = {"braid", "item_knn", "successor", "user_knn", "ease", "popularity"}


def ragged(lists: Sequence[Sequence[int]]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])]).astype(np.int64)
    return Ragged(offsets, np.array([item for items in lists for item in items], dtype=np.int32))


def held(histories: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], only: Ragged | None = None) -> Held:
    return Held(np.arange(len(histories), dtype=np.int32), ragged(histories), ragged(targets), only)


@pytest.fixture
def ranker(checkerboard: Interactions) -> Ranker:
    retriever = Retriever.fit(checkerboard, RankingConfig())
    return Ranker(retriever, None, checkerboard.item_ids, checkerboard.user_ids)


@pytest.fixture
def everyone(checkerboard: Interactions) -> Held:
    """Each user of the checkerboard, with the one item of the own parity that the user lacks as the target."""
    rows = np.split(checkerboard.items, checkerboard.offsets[1:-1])
    return held([row.tolist() for row in rows], [[user] for user in range(12)])


def test_every_part_puts_the_missing_item_first(ranker: Ranker, everyone: Held) -> None:
    found = rank_held(ranker, everyone, 3, seed=0, progress=silent)
    assert set(found) == PARTS
    for name in ("braid", "item_knn", "user_knn", "ease"):
        assert found[name][:, 0].tolist() == list(range(12))


def test_items_of_the_history_are_not_ranked(ranker: Ranker, everyone: Held) -> None:
    for lists in rank_held(ranker, everyone, 12, seed=0, progress=silent).values():
        assert lists.shape == (12, 12)
        for row, items in enumerate(lists.tolist()):
            ranked = [item for item in items if item >= 0]
            assert sorted(ranked) == sorted(set(range(12)) - set(everyone.history(row).tolist()))
            assert items[len(ranked) :] == [-1] * 5


def test_include_seen_ranks_all_items(ranker: Ranker, everyone: Held) -> None:
    for lists in rank_held(ranker, everyone, 12, seed=0, progress=silent, include_seen=True).values():
        assert [sorted(items) for items in lists.tolist()] == [list(range(12))] * 12


def test_given_candidates_are_ranked_and_no_others(ranker: Ranker) -> None:
    users = held([[0, 2], [1, 3]], [[4], [5]], ragged([[5, 4, 0], []]))
    for lists in rank_held(ranker, users, 4, seed=0, progress=silent).values():
        assert sorted(lists[0].tolist()) == [-1, -1, 4, 5]
        assert (lists[1] >= 0).all()


def test_the_same_seed_gives_the_same_lists(ranker: Ranker, everyone: Held) -> None:
    first, again, other = (rank_held(ranker, everyone, 12, seed=seed, progress=silent) for seed in (1, 1, 2))
    for name in PARTS:
        assert first[name].tolist() == again[name].tolist()
        assert first[name].tolist() != other[name].tolist()


@pytest.mark.parametrize("candidates", [None, list(range(12))])
def test_ties_are_broken_at_random_and_not_in_favour_of_the_target(
    ranker: Ranker, candidates: list[int] | None
) -> None:
    ranker.retriever.popularity = Popularity(np.ones(12, dtype=np.float32), np.ones(12, dtype=np.float32))
    count = 600
    only = None if candidates is None else ragged([candidates] * count)
    for target in (0, 11):
        users = Held(np.zeros(count, dtype=np.int32), ragged([[]] * count), ragged([[target]] * count), only)
        lists = rank_held(ranker, users, 12, seed=target, progress=silent)
        for name in ("braid", "item_knn", "user_knn", "ease"):
            found = evaluate_lists(lists[name], users.target_offsets, users.target_items, (1, 6), 12)
            assert found["hit_rate@1"] == pytest.approx(1 / 12, abs=0.05)
            assert found["hit_rate@6"] == pytest.approx(1 / 2, abs=0.09)


def test_ties_of_popularity_are_broken_by_the_seed(ranker: Ranker) -> None:
    users = held([[]], [[0]])
    heads = {rank_held(ranker, users, 1, seed=seed, progress=silent)["popularity"][0, 0] for seed in range(40)}
    assert len(heads) > 6


def test_popularity_ranks_by_count(ranker: Ranker) -> None:
    counts = np.arange(12, dtype=np.float32)
    ranker.retriever.popularity = Popularity(counts, counts)
    found = rank_held(ranker, held([[11, 0]], [[5]]), 4, seed=0, progress=silent)
    assert found["popularity"].tolist() == [[10, 9, 8, 7]]


def test_progress_ends_at_one(ranker: Ranker, everyone: Held) -> None:
    told: list[tuple[str, float]] = []
    rank_held(ranker, everyone, 3, seed=0, progress=lambda phase, done: told.append((phase, done)), phase="here")
    assert {phase for phase, _ in told} == {"here"}
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_users_without_a_history_get_the_popular_items(ranker: Ranker) -> None:
    counts = np.arange(12, dtype=np.float32)
    ranker.retriever.popularity = Popularity(counts, counts)
    users = held([[], []], [[5], [5]], ragged([[], [3, 9, 4]]))
    assert rank_popular(ranker, users, 4, seed=0).tolist() == [[11, 10, 9, 8], [9, 4, 3, -1]]
    assert rank_popular(ranker, held([[]], [[5]]), 14, seed=0).tolist() == [[*range(11, -1, -1), -1, -1]]


def test_equally_popular_items_come_in_an_order_of_the_seed(ranker: Ranker) -> None:
    ranker.retriever.popularity = Popularity(np.ones(12, dtype=np.float32), np.ones(12, dtype=np.float32))
    for only in (None, ragged([range(12)])):
        users = held([[]], [[0]], only)
        assert len({rank_popular(ranker, users, 1, seed=seed)[0, 0] for seed in range(40)}) > 6
