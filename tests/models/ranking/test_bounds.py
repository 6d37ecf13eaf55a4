"""How much of a history each recommender reads."""

import numpy as np
import pytest

from models.data.history import History
from models.ranking.candidate_generation import Bounds
from models.recommenders.ease import EaseConfig
from models.recommenders.user_knn import UserKNNConfig

BOUNDS = Bounds(latest=50, whole=20, faded=0.02)
LONG = History(np.arange(600, dtype=np.int32), times=np.arange(600.0))


@pytest.mark.parametrize(("decay", "latest", "whole"), [(0.5, 50, 20), (0.85, 50, 25), (0.95, 77, 77), (1.0, 500, 500)])
def test_items_are_read_until_their_weight_has_faded(decay: float, latest: int, whole: int) -> None:
    assert BOUNDS.reach(EaseConfig(recency_decay=decay), 500).of(LONG) == (latest, whole)
    assert Bounds(50, 20, None).reach(EaseConfig(recency_decay=decay), 500).of(LONG) == (50, 20)


def test_baskets_are_read_whole() -> None:
    """With a decay of .5 the latest six moments count, here of thirty items each."""
    baskets = History(np.arange(600, dtype=np.int32), times=np.repeat(np.arange(20.0), 30))
    assert BOUNDS.reach(EaseConfig(recency_decay=0.5), 500).of(baskets) == (180, 180)


def test_what_compares_users_reads_the_least() -> None:
    assert BOUNDS.reach(UserKNNConfig(), 500).of(LONG) == (50, 20)
    assert BOUNDS.reach(UserKNNConfig(), 1).of(LONG) == (1, 20)
