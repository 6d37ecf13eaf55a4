from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.data.progress import silent
from models.evaluation.holdout_lists import rank_holdout, rank_popular
from models.evaluation.metrics import evaluate_lists
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.als import AlsConfig
from models.recommenders.popularity import Popularity, PopularityConfig
from models.recommenders.spectral import SpectralConfig

CONFIG = RankingConfig(als=AlsConfig(factors=2, iterations=30), spectral=SpectralConfig(dimensions=2))
PARTS = {"braid", "item_knn", "successor", "user_knn", "ease", "als", "spectral", "popularity"}
SURE = ("braid", "item_knn", "user_knn", "ease", "als", "spectral")


def ragged(lists: Sequence[Sequence[int]]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])]).astype(np.int64)
    return Ragged(offsets, np.array([item for items in lists for item in items], dtype=np.int32))


def holdout(
    histories: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], only: Ragged | None = None
) -> Holdout:
    """Held-out users, whose histories have neither an order nor strengths."""
    users = np.arange(len(histories), dtype=np.int32)
    had = ragged(histories)
    names = np.array([f"{number:04d}".encode() for number in range(len(histories))])
    source = Interactions(names, names[:12], np.repeat(users, np.diff(had.offsets)), had.items, None)
    return Holdout(users, source, ragged(targets), only)


def popularity(counts: npt.NDArray[np.float32]) -> Popularity:
    return Popularity(PopularityConfig(), counts, np.tile(counts, (4, 1)))


def ranked(ranker: Ranker, users: Holdout, length: int, **options: Any) -> dict[str, npt.NDArray[np.int32]]:
    """Rank with a ranker whose recommenders are those that are measured alone."""
    return rank_holdout(ranker, ranker.retriever, users, length, **{"seed": 0, "progress": silent, **options})


@pytest.fixture
def ranker(checkerboard: Interactions) -> Ranker:
    retriever = Retriever.fit(checkerboard, CONFIG)
    return Ranker(retriever, None, checkerboard.item_ids, checkerboard.user_ids)


@pytest.fixture
def everyone(checkerboard: Interactions) -> Holdout:
    """Each user of the checkerboard, with the one item of the own parity that the user lacks as the target."""
    rows = np.split(checkerboard.items, checkerboard.offsets[1:-1])
    return holdout([row.tolist() for row in rows], [[user] for user in range(12)])


def test_every_part_puts_the_missing_item_first(ranker: Ranker, everyone: Holdout) -> None:
    found = ranked(ranker, everyone, 3)
    assert set(found) == PARTS
    for name in SURE:
        assert found[name][:, 0].tolist() == list(range(12))


def test_items_of_the_history_are_not_ranked(ranker: Ranker, everyone: Holdout) -> None:
    for lists in ranked(ranker, everyone, 12).values():
        assert lists.shape == (12, 12)
        for row, items in enumerate(lists.tolist()):
            listed = [item for item in items if item >= 0]
            assert sorted(listed) == sorted(set(range(12)) - set(everyone.history(row).items.tolist()))
            assert items[len(listed) :] == [-1] * 5


def test_include_seen_ranks_all_items(ranker: Ranker, everyone: Holdout) -> None:
    for lists in ranked(ranker, replace(everyone, include_seen=True), 12).values():
        assert [sorted(items) for items in lists.tolist()] == [list(range(12))] * 12


def test_given_candidates_are_ranked_and_no_others(ranker: Ranker) -> None:
    users = holdout([[0, 2], [1, 3]], [[4], [5]], ragged([[5, 4, 0], []]))
    for lists in ranked(ranker, users, 4).values():
        assert sorted(lists[0].tolist()) == [-1, -1, 4, 5]
        assert (lists[1] >= 0).all()


def test_the_same_seed_gives_the_same_lists(ranker: Ranker, everyone: Holdout) -> None:
    first, again, other = (ranked(ranker, everyone, 12, seed=seed) for seed in (1, 1, 2))
    for name in PARTS:
        assert first[name].tolist() == again[name].tolist()
        assert first[name].tolist() != other[name].tolist()


@pytest.mark.parametrize("candidates", [None, list(range(12))])
def test_ties_are_broken_at_random_and_not_in_favour_of_the_target(
    ranker: Ranker, candidates: list[int] | None
) -> None:
    ranker.retriever.popularity = popularity(np.ones(12, dtype=np.float32))
    count = 600
    only = None if candidates is None else ragged([candidates] * count)
    for target in (0, 11):
        users = holdout([[]] * count, [[target]] * count, only)
        lists = ranked(ranker, users, 12, seed=target)
        for name in SURE:
            found = evaluate_lists(lists[name], users.target_offsets, users.target_items, (1, 6), 12)
            assert found["hit_rate@1"] == pytest.approx(1 / 12, abs=0.05)
            assert found["hit_rate@6"] == pytest.approx(1 / 2, abs=0.09)


def test_ties_of_popularity_are_broken_by_the_seed(ranker: Ranker) -> None:
    users = holdout([[]], [[0]])
    heads = {ranked(ranker, users, 1, seed=seed)["popularity"][0, 0] for seed in range(40)}
    assert len(heads) > 6


def test_popularity_ranks_by_count(ranker: Ranker) -> None:
    counts = np.arange(12, dtype=np.float32)
    ranker.retriever.popularity = popularity(counts)
    found = ranked(ranker, holdout([[11, 0]], [[5]]), 4)
    assert found["popularity"].tolist() == [[10, 9, 8, 7]]


def test_progress_ends_at_one(ranker: Ranker, everyone: Holdout) -> None:
    told: list[tuple[str, float]] = []
    ranked(ranker, everyone, 3, progress=lambda phase, done: told.append((phase, done)), phase="here")
    assert {phase for phase, _ in told} == {"here"}
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_users_without_a_history_get_the_popular_items() -> None:
    counts = np.arange(12, dtype=np.float32)
    users = holdout([[], []], [[5], [5]], ragged([[], [3, 9, 4]]))
    assert rank_popular(counts, users, 4, seed=0).tolist() == [[11, 10, 9, 8], [9, 4, 3, -1]]
    assert rank_popular(counts, holdout([[]], [[5]]), 14, seed=0).tolist() == [[*range(11, -1, -1), -1, -1]]


def test_equally_popular_items_come_in_an_order_of_the_seed() -> None:
    counts = np.ones(12, dtype=np.float32)
    for only in (None, ragged([range(12)])):
        users = holdout([[]], [[0]], only)
        assert len({rank_popular(counts, users, 1, seed=seed)[0, 0] for seed in range(40)}) > 6


def test_the_blend_and_popularity_are_ranked_where_the_parts_are_not(ranker: Ranker, everyone: Holdout) -> None:
    found = ranked(ranker, everyone, 1, alone=False)
    assert set(found) == {"braid", "popularity"}
    assert found["braid"].ravel().tolist() == list(range(12))


def test_given_candidates_are_all_that_is_ranked_where_the_parts_are_not(ranker: Ranker, everyone: Holdout) -> None:
    given = [[user, (user + 1) % 12] for user in range(12)]
    found = ranked(ranker, replace(everyone, candidates=ragged(given)), 2, alone=False)
    assert [sorted(row) for row in found["popularity"].tolist()] == [sorted(row) for row in given]
    assert found["braid"][:, 0].tolist() == list(range(12))
