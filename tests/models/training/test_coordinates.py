"""The values that the tuner tries around a present one."""

import pytest

from models.ranking.config import RankingConfig
from models.training.tuning import NEIGHBOURS, Coordinate, Halved


@pytest.mark.parametrize(
    ("now", "halvings", "values"),
    [(0.5, 0, [0.7, 0.3]), (0.5, 2, [0.55, 0.45]), (0.9, 0, [1.0, 0.7]), (1.0, 0, [0.8])],
)
def test_a_step_stays_within_the_bounds(now: float, halvings: int, values: list[float]) -> None:
    coordinate = Coordinate("item_knn", "recency_decay", 0.2, 0.1, 1.0)
    config = RankingConfig().changed("item_knn", recency_decay=now)
    assert list(coordinate.around(config, halvings)) == pytest.approx(values)


def test_neighbours_are_halved_while_enough_are_left() -> None:
    one = Halved("user_knn", "neighbours", 20)
    config = RankingConfig()
    assert list(one.around(config, 0)) == [100]
    assert list(one.around(config.changed("user_knn", neighbours=40), 1)) == [20]
    assert list(one.around(config.changed("user_knn", neighbours=39), 0)) == []


def test_fewer_neighbours_are_tried_of_both_neighbourhood_parts() -> None:
    assert [(one.part, one.name) for one in NEIGHBOURS] == [("item_knn", "neighbours"), ("user_knn", "neighbours")]
