"""Mixing the parts: what is measured, and how the weights are found."""

from typing import Any

import numpy as np
import pytest

from models.arrays.types import Float32
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.ranking.retriever import Retriever
from models.training.mixing import prune, search_weights
from models.training.validation import DEPTH, Pool, generate, list_ndcg, within_one_error

USERS, CANDIDATES = 20, 15


def weights(**given: float) -> Float32:
    return np.array([given.get(part, 0.0) for part in PARTS], dtype=np.float32)


@pytest.fixture(scope="module")
def data() -> tuple[Interactions, Holdout]:
    """Random users with half of the items, and two of those that they lack as targets."""
    rng = np.random.default_rng(4)
    matrix = rng.random((40, 24)) < 0.5
    users, items = (part.astype(np.int32) for part in np.nonzero(matrix))
    ids = np.array([f"{code:02d}".encode() for code in range(40)])
    train = Interactions(ids, ids[:24], users, items, rng.permutation(len(users)).astype(np.float64))
    assert train.timestamps is not None
    order = np.lexsort((train.timestamps, users))
    train = Interactions(ids, ids[:24], users, items[order], np.asarray(train.timestamps)[order])
    lacking = [np.flatnonzero(~row)[: 1 + user % 3].astype(np.int32) for user, row in enumerate(matrix)]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in lacking])])
    return train, Holdout(np.arange(40, dtype=np.int32), train, Ragged(offsets, np.concatenate(lacking)))


@pytest.mark.parametrize(
    "given",
    [
        weights(item_knn=1.0),
        weights(item_knn=1.0, ease=0.5, als=0.3),
        weights(user_knn=0.2, spectral=2.0, trending=0.7),
        weights(popularity=1.0, ease=0.01),
    ],
)
def test_a_pool_measures_a_mix_as_its_lists_would(data: tuple[Interactions, Holdout], given: Float32) -> None:
    train, holdout = data
    retriever = Retriever.fit(train, RankingConfig())
    pool = Pool.generate(retriever, holdout, seed=0)
    lists = generate(retriever, holdout, limit=24, top_only=False)
    scores = [given @ candidates.parts for candidates in lists]
    expected = list_ndcg(holdout, lists, scores, seed=0).mean()
    assert pool.ndcg(given) == pytest.approx(expected, abs=2e-3)
    assert 0.1 < expected < 0.9


def test_candidates_of_a_user_bound_the_pool(data: tuple[Interactions, Holdout]) -> None:
    train, holdout = data
    only = Holdout(holdout.users, train, holdout.targets, candidates=holdout.targets)
    retriever = Retriever.fit(train, RankingConfig())
    assert Pool.generate(retriever, only, seed=0).ndcg(weights(ease=1.0)) == pytest.approx(1.0)
    lists = generate(retriever, only, limit=24, top_only=False)
    scores = [weights(ease=1.0) @ candidates.parts for candidates in lists]
    assert list_ndcg(only, lists, scores, seed=0).mean() == pytest.approx(1.0)


def test_nothing_said_of_any_item_is_chance(data: tuple[Interactions, Holdout]) -> None:
    train, holdout = data
    pool = Pool.generate(Retriever.fit(train, RankingConfig()), holdout, seed=0)
    chance = pool.ndcg(weights())
    assert 0.1 < chance < 0.6
    assert Pool.generate(Retriever.fit(train, RankingConfig()), holdout, seed=1).ndcg(weights()) != chance


def made(**columns: Any) -> Pool:
    """A pool of users whose one target is their first candidate; each part gives the scores it is given."""
    parts = np.zeros((USERS, CANDIDATES, len(PARTS)), dtype=np.float32)
    for part, values in columns.items():
        parts[:, :, PARTS.index(part)] = values
    relevant = np.zeros((USERS, CANDIDATES), dtype=np.float32)
    relevant[:, 0] = 1.0
    noise = np.random.default_rng(0).random((USERS, CANDIDATES)).astype(np.float32) * 1e-6
    return Pool(parts, relevant, noise, np.ones(USERS))


RIGHT = np.linspace(1.0, 0.0, CANDIDATES)
WRONG = RIGHT[::-1]


def test_the_target_at_each_place_has_the_gain_of_that_place() -> None:
    for place in (0, 1, 4, 9, 10, 14):
        scores = np.where(np.arange(CANDIDATES) == 0, 14 - place, np.r_[0, np.delete(np.arange(15), 14 - place)[::-1]])
        expected = 1 / np.log2(place + 2) if place < DEPTH else 0.0
        assert made(ease=scores).ndcg(weights(ease=1.0)) == pytest.approx(expected)


def test_the_better_of_two_parts_is_found_whatever_the_start() -> None:
    pool = made(ease=RIGHT, als=WRONG)
    for start in (weights(als=1.0), weights(ease=0.5, als=1.0), weights(ease=1.0)):
        found, ndcg = search_weights(pool, start, ["ease", "als"])
        assert ndcg == pool.ndcg(found) == 1.0
        assert found[PARTS.index("ease")] > found[PARTS.index("als")]
    assert pool.ndcg(weights(als=1.0)) == 0.0


def test_two_parts_that_each_know_half_are_both_kept() -> None:
    """One part is right about half of the users and says nothing of the others, whom the other knows."""
    half = np.arange(USERS)[:, None] < USERS // 2
    pool = made(ease=np.where(half, RIGHT, 0.0), als=np.where(half, 0.0, RIGHT))
    found, ndcg = search_weights(pool, weights(ease=1.0), ["ease", "als"])
    assert ndcg == 1.0
    assert np.count_nonzero(prune(pool, found)) == 2


def test_parts_that_may_not_be_weighed_keep_their_weight() -> None:
    pool = made(ease=RIGHT, als=WRONG)
    found, ndcg = search_weights(pool, weights(als=1.0), ["als"])
    assert found.tolist() == weights(als=1.0).tolist()
    assert ndcg == 0.0


def test_a_part_that_helps_nobody_is_left_out() -> None:
    noise = np.random.default_rng(1).random((USERS, CANDIDATES)) * 0.01
    pool = made(ease=RIGHT, als=noise, spectral=RIGHT)
    given = weights(ease=1.0, als=1.0, spectral=0.5)
    assert pool.ndcg(given) == 1.0
    found = prune(pool, given)
    assert np.count_nonzero(found) == 1
    assert found[PARTS.index("als")] == 0
    assert pool.ndcg(found) == 1.0
    assert given.tolist() == weights(ease=1.0, als=1.0, spectral=0.5).tolist()


def test_a_part_that_helps_one_user_in_twenty_and_harms_another_is_left_out() -> None:
    """ALS lifts the target of the first user, and buries those of the second: a gain that is chance."""
    ease, als = np.tile(RIGHT, (USERS, 1)), np.zeros((USERS, CANDIDATES))
    ease[0] = WRONG
    als[0], als[1] = 2 * RIGHT, np.where(np.arange(CANDIDATES) == 3, 0.99, 0.0)
    pool = made(ease=ease, als=als)
    both, one = weights(ease=1.0, als=1.0), weights(ease=1.0)
    assert pool.ndcg(both) > pool.ndcg(one) + 0.02
    assert prune(pool, both).tolist() == one.tolist()


def test_a_small_gain_for_most_users_is_no_chance() -> None:
    """EASE has the target second; ALS lifts it to the first place for three users of four."""
    second = np.where(np.arange(CANDIDATES) == 1, 1.01, RIGHT)
    als = np.where((np.arange(USERS) % 4 > 0)[:, None] & (np.arange(CANDIDATES) == 0), 0.02, 0.0)
    assert np.count_nonzero(prune(made(ease=second, als=als), weights(ease=1.0, als=1.0))) == 2


@pytest.mark.parametrize(
    ("best", "simpler", "same"),
    [
        ([0.5], [0.5], True),
        ([0.5], [0.4], False),
        ([0.5, 0.5, 0.5], [0.4, 0.4, 0.4], False),
        ([0.9, 0.1, 0.5], [0.1, 0.9, 0.45], True),
        ([0.9, 0.8, 0.5], [0.4, 0.4, 0.1], False),
    ],
)
def test_a_difference_counts_if_it_is_beyond_its_standard_error(
    best: list[float], simpler: list[float], same: bool
) -> None:
    assert within_one_error(np.array(best), np.array(simpler)) == same


def test_the_only_part_stays() -> None:
    given = weights(als=1.0)
    assert prune(made(als=WRONG), given).tolist() == given.tolist()
