from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.arrays.types import Int32
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.described import describe
from models.data.history import History
from models.data.interactions import Interactions
from models.data.schema import Attribute, Schema
from models.ranking.candidates import SIGNALS
from models.recommenders.als import Als, AlsConfig
from models.recommenders.content import Content, ContentConfig
from models.recommenders.ease import Ease, EaseConfig
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.recommenders.spectral import Spectral, SpectralConfig
from models.recommenders.successor import Successor, SuccessorConfig
from models.recommenders.user_knn import UserKNN, UserKNNConfig
from models.recommenders.vectors import Vectors, VectorsConfig
from models.similarity.measures import MEASURES, Measure

Codes = Callable[..., Int32]
Fit = Callable[[Interactions], Any]
PLAIN = ItemKNNConfig(recency_decay=1.0)
COSINE = ItemKNNConfig(item_exponent=0.5, user_exponent=0.0, target_exponent=0.5)


def fit_item_knn(measure: Measure, data: Interactions) -> ItemKNN:
    return ItemKNN.fit(TrainingData(data), ItemKNNConfig(measure=measure, shrinkage=1.0))


def fit_user_knn(measure: Measure, data: Interactions) -> UserKNN:
    return UserKNN.fit(TrainingData(data), UserKNNConfig(measure=measure, shrinkage=1.0))


PARITIES = pa.table({"item_id": [f"i{n:02d}" for n in range(12)], "tags": [[f"tag-{n % 2}"] for n in range(12)]})
# Vectors of one parity are the same, those of the other are at a right angle.
DIRECTIONS = describe(
    pa.table({"item_id": [f"i{n:02d}" for n in range(12)], "v": [[1.0 - n % 2, float(n % 2)] for n in range(12)]}),
    Schema(items={"v": Attribute(type="vector", length=2)}),
).table
FITS: dict[str, tuple[Fit, str]] = {
    "item": (lambda data: ItemKNN.fit(TrainingData(data), ItemKNNConfig()), "item_knn"),
    "item-cosine-exponents": (lambda data: ItemKNN.fit(TrainingData(data), COSINE), "item_knn"),
    "item-unweighted": (lambda data: ItemKNN.fit(TrainingData(data), PLAIN), "item_knn_unweighted"),
    "item-few-neighbours": (lambda data: ItemKNN.fit(TrainingData(data), ItemKNNConfig(neighbours=5)), "item_knn"),
    "successor": (
        lambda data: Successor.fit(TrainingData(data), SuccessorConfig(window=6, recency_decay=1.0)),
        "successor",
    ),
    "content": (lambda data: Content.fit(TrainingData(data, PARITIES), ContentConfig(max_share=1.0)), "content"),
    "vectors": (lambda data: Vectors.fit(TrainingData(data, DIRECTIONS), VectorsConfig(recency_decay=1.0)), "vectors"),
    "user": (lambda data: UserKNN.fit(TrainingData(data), UserKNNConfig()), "user_knn"),
    "user-few-neighbours": (lambda data: UserKNN.fit(TrainingData(data), UserKNNConfig(neighbours=3)), "user_knn"),
    **{f"item-{measure}": (partial(fit_item_knn, measure), "item_knn") for measure in MEASURES},
    **{f"user-{measure}": (partial(fit_user_knn, measure), "user_knn") for measure in MEASURES},
    "ease": (lambda data: Ease.fit(TrainingData(data), EaseConfig(regularization=5.0)), "ease"),
    "als": (lambda data: Als.fit(TrainingData(data), AlsConfig(factors=2, iterations=30)), "als"),
    "spectral": (lambda data: Spectral.fit(TrainingData(data), SpectralConfig(dimensions=2)), "spectral"),
}
every_recommender = pytest.mark.parametrize("name", FITS)


def fitted(name: str, data: Interactions) -> Any:
    return FITS[name][0](data)


def scores(
    name: str, recommender: Any, history: Int32, board: ScoreBoard, excluded: Int32 | None = None
) -> dict[int, float]:
    with board:
        if excluded is not None:
            board.exclude(excluded)
        recommender.score(History(history), board)
        board.write_deferred()
        return dict(zip(board.items.tolist(), board.scores(FITS[name][1]).tolist(), strict=True))


def new_board() -> ScoreBoard:
    return ScoreBoard(12, SIGNALS)


@every_recommender
def test_the_user_of_one_parity_gets_items_of_that_parity(name: str, checkerboard: Interactions) -> None:
    recommender = fitted(name, checkerboard)
    board = new_board()
    # Nothing comes before the first items of a sequence.
    for user in range(2 if name == "successor" else 0, 12):
        history = checkerboard.items[checkerboard.offsets[user] : checkerboard.offsets[user + 1]]
        found = scores(name, recommender, history, board, excluded=history)
        assert max(found, key=lambda item: found[item]) == user
        assert {item % 2 for item, score in found.items() if score > 0} == {user % 2}


@every_recommender
def test_the_best_is_the_one_item_the_user_lacks(name: str, checkerboard: Interactions) -> None:
    recommender = fitted(name, checkerboard)
    history = np.array([0, 2, 4, 6, 8], dtype=np.int32)
    found = scores(name, recommender, history, new_board(), excluded=history)
    assert [item for item, score in found.items() if score > 0] == [10]


@every_recommender
def test_excluded_items_are_never_touched(name: str, checkerboard: Interactions, codes: Codes) -> None:
    recommender = fitted(name, checkerboard)
    found = scores(name, recommender, codes(0, 2), new_board(), excluded=codes(4, 0, 2, -1))
    assert found
    assert not {0, 2, 4} & set(found)


@every_recommender
def test_the_board_gives_the_same_answer_twice(name: str, checkerboard: Interactions, codes: Codes) -> None:
    recommender = fitted(name, checkerboard)
    board = new_board()
    first = scores(name, recommender, codes(1, 3), board, excluded=codes(1, 3))
    scores(name, recommender, codes(0, 2, 4), board, excluded=codes(5, 7))
    assert scores(name, recommender, codes(1, 3), board, excluded=codes(1, 3)) == first
    assert (board.slot == -1).all()
    assert board.count == 0


@every_recommender
def test_an_empty_history_gives_nothing(name: str, checkerboard: Interactions, codes: Codes) -> None:
    assert scores(name, fitted(name, checkerboard), codes(), new_board()) == {}


@every_recommender
def test_scores_are_finite_and_not_negative(name: str, checkerboard: Interactions, codes: Codes) -> None:
    found = scores(name, fitted(name, checkerboard), codes(1, 0, 5), new_board())
    assert all(np.isfinite(score) and score >= 0 for score in found.values())
    assert any(score > 0 for score in found.values())


@every_recommender
def test_a_bundle_gives_back_the_same_recommender(
    name: str, checkerboard: Interactions, codes: Codes, store: BundleStore
) -> None:
    first = fitted(name, checkerboard)
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = type(first).load(store.publish(manifest, first.arrays()), first.config)
    history = codes(1, 3, 2)
    assert scores(name, loaded, history, new_board()) == scores(name, first, history, new_board()) != {}


@pytest.mark.parametrize("name", [name for name in FITS if name not in {"content", "vectors"}])
def test_an_item_without_interactions_is_never_recommended(name: str, checkerboard: Interactions, codes: Codes) -> None:
    without = checkerboard.select(checkerboard.items != 4)
    recommender = fitted(name, without)
    assert 4 not in scores(name, recommender, codes(0, 2), new_board())
    assert scores(name, recommender, codes(4), new_board()) == {}


@pytest.mark.parametrize("name", ["content", "vectors"])
def test_what_is_described_is_recommended_without_interactions(
    name: str, checkerboard: Interactions, codes: Codes
) -> None:
    recommender = fitted(name, checkerboard.select(checkerboard.items != 4))
    assert scores(name, recommender, codes(0, 2), new_board())[4] > 0


@pytest.mark.parametrize("name", [name for name in FITS if name.startswith(("item-", "user-"))])
@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "x")],
        [("a", "x"), ("b", "x"), ("c", "x")],
        [("a", "x"), ("a", "y")],
        [("a", "x"), ("b", "x"), ("b", "y")],
    ],
    ids=["one-user-one-item", "one-item", "one-user", "two-items"],
)
def test_hardly_any_data_gives_an_answer(name: str, pairs: list[tuple[str, str]], table: Any, codes: Codes) -> None:
    data = Interactions.from_table(table(pairs))
    recommender = fitted(name, data)
    board = ScoreBoard(data.n_items, SIGNALS)
    for history in (codes(0), data.items[: data.offsets[1]], np.arange(data.n_items, dtype=np.int32)):
        found = scores(name, recommender, history, board)
        assert all(np.isfinite(score) and score >= 0 for score in found.values())
    assert np.isfinite(recommender.rows.values).all()
