"""The values that the tuner tries around a present one, and what it tries."""

import pytest

from models.ranking.config import RankingConfig
from models.recommenders.item_knn import ItemKNNConfig
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.search_space import Halving, Steps
from models.recommenders.user_knn import UserKNNConfig
from models.training.tuning import choices, coordinates


@pytest.mark.parametrize(
    ("now", "halvings", "values"),
    [(0.5, 0, [0.7, 0.3]), (0.5, 2, [0.55, 0.45]), (0.9, 0, [1.0, 0.7]), (1.0, 0, [0.8])],
)
def test_a_step_stays_within_the_bounds(now: float, halvings: int, values: list[float]) -> None:
    steps = Steps("recency_decay", 0.2, 0.1, 1.0)
    assert list(steps.around(ItemKNNConfig(recency_decay=now), halvings)) == pytest.approx(values)


def test_neighbours_are_halved_while_enough_are_left() -> None:
    halving = Halving("neighbours", 20)
    assert list(halving.around(UserKNNConfig(), 0)) == [100]
    assert list(halving.around(UserKNNConfig(neighbours=40), 1)) == [20]
    assert list(halving.around(UserKNNConfig(neighbours=39), 0)) == []


EXPONENTS = ["item_knn.target_exponent", "item_knn.item_exponent", "item_knn.user_exponent"]
DECAYS = ["item_knn.recency_decay", "successor.recency_decay", "ease.recency_decay", "spectral.recency_decay"]
NEIGHBOURS = ["item_knn.neighbours", "user_knn.neighbours"]


@pytest.mark.parametrize(
    ("measure", "ordered", "expected"),
    [
        ("cooccurrence", True, [*EXPONENTS, *DECAYS, *NEIGHBOURS]),
        ("cooccurrence", False, [*EXPONENTS, *NEIGHBOURS]),
        ("cosine", True, [*DECAYS, *NEIGHBOURS]),
    ],
)
def test_what_matters_is_searched_within_the_mix(measure: str, ordered: bool, expected: list[str]) -> None:
    config = RankingConfig().changed("item_knn", measure=measure).changed("blend", ease=1.0, spectral=1.0)
    assert [one.name for one in coordinates(config, ordered=ordered)] == expected


def test_a_recommender_without_a_weight_is_not_searched() -> None:
    config = RankingConfig().changed("blend", item_knn=0.0, user_knn=0.0)
    assert [one.name for one in coordinates(config, ordered=True)] == ["successor.recency_decay"]


def test_a_coordinate_changes_its_own_setting() -> None:
    config = RankingConfig()
    first = coordinates(config, ordered=True)[0]
    assert list(first.around(config, 0)) == pytest.approx([0.3, -0.1])
    assert first.changed(config, 0.3) == config.changed("item_knn", target_exponent=0.3)


@pytest.mark.parametrize("ordered", [True, False])
def test_every_choice_is_tried_once_and_what_needs_no_fit_first(ordered: bool) -> None:
    found = [(entry.name, choice) for entry, choice in choices(ordered=ordered)]
    every = [(entry.name, choice) for entry in RECOMMENDERS for choice in entry.choices]
    expected = [one for one in every if ordered or not one[1].needs_order]
    assert len(found) == len(expected)
    assert all(one in found for one in expected)
    assert [choice.needs_fit for _, choice in found] == sorted(choice.needs_fit for _, choice in found)
