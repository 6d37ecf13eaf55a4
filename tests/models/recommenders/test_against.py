"""What a user turned down counts against the items that are similar to it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.arrays.types import Float32, Int32
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import SIGNALS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.retriever import Retriever
from tests.models.recommenders.test_contract import PARITIES

Codes = Callable[..., Int32]
PARTS = ("item_knn", "content", "user_knn", "ease", "als", "spectral")
NONE = {name: 0.0 for name in BlendConfig.model_fields if name not in {"candidates", "seen_repeats"}}
every_part = pytest.mark.parametrize("part", PARTS)


def retriever(data: Interactions, part: str, weight: float) -> Retriever:
    """Fit one part alone, which ranks by itself."""
    config = RankingConfig(blend=BlendConfig(**NONE | {part: 1.0}), dislike_weight=weight)
    config = config.changed("content", max_share=1.0).changed("als", factors=2, iterations=30)
    return Retriever.fit(data, config.changed("spectral", dimensions=2), PARITIES, [part])


def scores(one: Retriever, history: History) -> dict[int, float]:
    """Score all items but those of the history."""
    excluded = history.items if history.disliked is None else np.concatenate([history.items, history.disliked])
    found = one.retrieve(history, CandidateQuery(excluded=excluded, only=np.arange(12, dtype=np.int32)))
    row = SIGNALS.index(one.recommenders[0].signals[0])
    return dict(zip(found.items.tolist(), found.signals[row].tolist(), strict=True))


@every_part
def test_items_like_a_turned_down_one_fall_behind(part: str, checkerboard: Interactions, codes: Codes) -> None:
    # One item of each side was liked, and another one of the even side was turned down.
    liked = History(codes(0, 1))
    one = retriever(checkerboard, part, 1.0)
    before, after = scores(one, liked), scores(one, replace(liked, disliked=codes(2)))
    even, odd = (4, 6, 8, 10), (3, 5, 7, 9, 11)
    assert sum(after[item] for item in even) < sum(before[item] for item in even)
    assert sum(after[item] for item in even) / 4 < sum(after[item] for item in odd) / 5
    assert all(np.isfinite(list(after.values())))


@every_part
def test_without_a_weight_nothing_changes(part: str, checkerboard: Interactions, codes: Codes) -> None:
    one = retriever(checkerboard, part, 0.0)
    liked = History(codes(0, 1))
    before = scores(one, liked)
    after = scores(one, replace(liked, disliked=codes(2)))
    assert after == {item: score for item, score in before.items() if item != 2}


@every_part
def test_more_weight_lowers_more(part: str, checkerboard: Interactions, codes: Codes) -> None:
    one = retriever(checkerboard, part, 0.0)
    history = History(codes(0, 1), disliked=codes(2))
    totals = []
    for weight in (0.0, 0.25, 1.0):
        found = scores(one.configured(one.config.model_copy(update={"dislike_weight": weight})), history)
        totals.append(sum(found[item] for item in (4, 6, 8, 10)))
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0]


def test_nothing_becomes_a_candidate_because_it_is_like_a_turned_down_item(
    checkerboard: Interactions, codes: Codes
) -> None:
    one = retriever(checkerboard, "item_knn", 1.0)
    history = History(codes(1), disliked=codes(2))
    found = one.retrieve(history, CandidateQuery(excluded=codes(1, 2), limit=5))
    assert set(found.items.tolist()) == {3, 5, 7, 9, 11}


def test_als_is_surer_that_a_disliked_item_is_not_wanted(checkerboard: Interactions, codes: Codes) -> None:
    one = retriever(checkerboard, "als", 0.5)
    part = one.recommenders[0]
    factors: Float32 = part.factors  # type: ignore[attr-defined]
    config = part.config
    system = factors.T @ factors + config.regularization * np.eye(2)
    likes, down = factors[[0, 1]], factors[2]
    system += (config.confidence - 1) * likes.T @ likes + 0.5 * config.confidence * np.outer(down, down)
    wanted = config.confidence * likes.sum(axis=0)
    expected = np.maximum(factors @ np.linalg.solve(system, wanted), 0)
    found = scores(one, History(codes(0, 1), disliked=codes(2)))
    for item, score in found.items():
        assert score == pytest.approx(expected[item], abs=1e-4)


def test_only_the_latest_dislikes_are_read(checkerboard: Interactions, codes: Codes) -> None:
    one = retriever(checkerboard, "item_knn", 1.0)
    few = one.configured(one.config.model_copy(update={"max_history": 1}))
    both, last = (History(codes(0), disliked=down) for down in (codes(3, 2), codes(2)))
    assert scores(few, both)[5] == scores(few, last)[5]
