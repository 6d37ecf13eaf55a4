from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.arrays.types import Float32
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders import als
from models.recommenders.als import Als, AlsConfig
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

Codes = Callable[..., npt.NDArray[np.int32]]
CONVERGED = AlsConfig(factors=3, regularization=0.5, confidence=4.0, iterations=300)


def interactions(matrix: npt.NDArray[np.float32]) -> Interactions:
    """Everybody's strengths as rows; 0 is none."""
    users, items = np.nonzero(matrix)
    ids = [np.array([f"{code:03d}".encode() for code in range(size)]) for size in matrix.shape]
    strengths = matrix[users, items].astype(np.float32)
    return Interactions(ids[0], ids[1], users.astype(np.int32), items.astype(np.int32), None, strengths)


@pytest.fixture(scope="module")
def some() -> Interactions:
    rng = np.random.default_rng(3)
    shape = (14, 9)
    liked = (rng.random(shape) < 0.4).astype(np.float32)
    return interactions(liked * rng.choice([0.5, 1.0, 2.0], shape).astype(np.float32))


def scores(recommender: Als, history: History, n_items: int) -> Float32:
    """Score all items."""
    with ScoreBoard(n_items, ("als",)) as board:
        board.add_candidates(np.arange(n_items, dtype=np.int32))
        recommender.score(history, board)
        board.write_deferred()
        return board.scores("als").copy()


def solved(others: Float32, strengths: Float32, config: AlsConfig) -> Float32:
    """Solve one row by the formula of the paper, with a loop and double precision."""
    system = config.regularization * np.eye(others.shape[1])
    wanted = np.zeros(others.shape[1])
    for factors, strength in zip(others.astype(np.float64), strengths, strict=True):
        confidence = config.confidence * strength if strength else 1.0
        system += confidence * np.outer(factors, factors)
        wanted += confidence * factors * bool(strength)
    return np.linalg.solve(system, wanted).astype(np.float32)


def test_the_one_item_of_the_one_user_has_the_score_of_the_formula() -> None:
    # With x = y: minimising c (1 - xy)^2 + r (x^2 + y^2) gives xy = 1 - r / c.
    config = AlsConfig(factors=1, regularization=0.5, confidence=5.0, iterations=200)
    found = Als.fit(TrainingData(interactions(np.ones((1, 1), dtype=np.float32))), config)
    assert scores(found, History(np.zeros(1, dtype=np.int32)), 1).tolist() == pytest.approx([0.9], abs=1e-3)


def test_folding_in_is_the_step_of_a_user_in_training(some: Interactions) -> None:
    """With every user folded in, one step for the items changes them no more once training has converged."""
    recommender = Als.fit(TrainingData(some), CONVERGED)
    matrix = np.zeros((some.n_users, some.n_items), dtype=np.float32)
    assert some.strengths is not None
    matrix[some.users, some.items] = some.strengths
    users = np.stack([solved(recommender.factors, row, CONVERGED) for row in matrix])
    for user in range(some.n_users):
        expected = np.maximum(recommender.factors @ users[user], 0.0)
        assert scores(recommender, some.history(user), some.n_items) == pytest.approx(expected, abs=1e-4)
    items = np.stack([solved(users, column, CONVERGED) for column in matrix.T])
    assert recommender.factors == pytest.approx(items, abs=0.01)
    assert np.abs(recommender.factors).max() > 0.3


def test_repeats_of_an_item_add_up_to_one_of_their_strength(some: Interactions, codes: Codes) -> None:
    recommender = Als.fit(TrainingData(some), CONVERGED)
    thrice = History(codes(2, 5, 2, 2), strengths=np.array([0.5, 1.0, 0.25, 0.25], dtype=np.float32))
    once = History(codes(5, 2), strengths=np.array([1.0, 1.0], dtype=np.float32))
    assert scores(recommender, thrice, 9).tolist() == pytest.approx(scores(recommender, once, 9).tolist(), abs=1e-5)
    weak = History(codes(2), strengths=np.array([0.5], dtype=np.float32))
    assert scores(recommender, weak, 9)[2] < scores(recommender, History(codes(2)), 9)[2]


def test_weak_and_often_repeated_interactions_give_numbers(some: Interactions, codes: Codes) -> None:
    recommender = Als.fit(TrainingData(some), AlsConfig(factors=8, regularization=1e-3, confidence=1.1))
    faint = History(codes(*[1] * 400), strengths=np.full(400, 0.001, dtype=np.float32))
    assert np.isfinite(scores(recommender, faint, 9)).all()


@pytest.mark.parametrize(("led", "count"), [(200, 6), (1, 3)])
def test_the_best_become_candidates_and_items_of_no_liking_do_not(
    checkerboard: Interactions, codes: Codes, monkeypatch: pytest.MonkeyPatch, led: int, count: int
) -> None:
    """As many as are led and as the history may hold."""
    monkeypatch.setattr(als, "_CANDIDATES", led)
    recommender = Als.fit(TrainingData(checkerboard), AlsConfig(factors=2, iterations=30))
    with ScoreBoard(12, ("als",)) as board:
        recommender.score(History(codes(0, 2)), board)
        board.write_deferred()
        assert set(board.items.tolist()) <= {0, 2, 4, 6, 8, 10}
        assert board.count == count
        assert (board.scores("als") > 0).all()


def test_the_same_data_give_the_same_factors(some: Interactions) -> None:
    first, again = (Als.fit(TrainingData(some), AlsConfig(factors=4)) for _ in range(2))
    assert first.factors.tolist() == again.factors.tolist()


def test_items_without_interactions_have_no_factors(some: Interactions) -> None:
    recommender = Als.fit(TrainingData(some.select(some.items != 4)), AlsConfig(factors=4))
    assert recommender.factors[4].tolist() == [0.0] * 4
    assert np.abs(recommender.factors[5]).max() > 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_more_factors_than_users_and_items_give_numbers(shape: tuple[int, int]) -> None:
    data = interactions(np.ones(shape, dtype=np.float32))
    found = scores(Als.fit(TrainingData(data), AlsConfig(factors=64)), data.history(0), shape[1])
    assert np.isfinite(found).all()
    assert (found > 0.5).all()


def test_without_factors_or_interactions_it_is_empty(some: Interactions, codes: Codes) -> None:
    nobody = some.select(np.zeros(len(some.items), dtype=np.bool_))
    for recommender in (Als.fit(TrainingData(some), AlsConfig(factors=0)), Als.fit(TrainingData(nobody), AlsConfig())):
        assert recommender.empty
        assert recommender.fits(9, 14)
        assert scores(recommender, History(codes(1)), 9).tolist() == [0.0] * 9
    assert not Als.fit(TrainingData(some), AlsConfig(factors=2)).empty
