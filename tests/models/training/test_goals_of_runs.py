"""The goal of a run: given, chosen, or that of the bundle whose settings are kept."""

import pyarrow as pa
import pytest

from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.goal import Goal
from models.ranking.config import RankingConfig
from models.training.evaluation_config import EvaluationConfig
from models.training.protocol import cleaned
from models.training.refresh import ChosenSettings


def log(**counts: int) -> DataSet:
    """Make a log with so many rows of each event type, of 300 users."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    rows = range(len(kinds))
    columns = {"user_id": [f"u{row % 300}" for row in rows], "item_id": [f"i{row}" for row in rows]}
    return DataSet(pa.table(columns | {"event_type": kinds}))


def goal_of(dataset: DataSet, config: EvaluationConfig) -> str | None:
    _, _, report = cleaned(dataset, config)
    return None if report.goal is None else str(report.goal)


def test_a_given_goal_wins_over_the_strongest_type() -> None:
    shop = log(view=3000, cart=1200, purchase=1000)
    assert goal_of(shop, EvaluationConfig()) == "purchase"
    assert goal_of(shop, EvaluationConfig(goal="cart,purchase")) == "cart,purchase"


def test_carts_without_purchases_are_the_goal() -> None:
    assert goal_of(log(view=3000, cart=1200), EvaluationConfig()) == "cart"


def test_where_all_events_are_of_one_type_all_count() -> None:
    assert goal_of(log(purchase=3000), EvaluationConfig()) is None


def test_a_refresh_keeps_the_goal_of_its_bundle() -> None:
    shop = log(view=3000, cart=1200, purchase=1000)
    for goal in (Goal.parse("cart"), None):
        kept = ChosenSettings(RankingConfig(goal=goal))
        assert goal_of(shop, EvaluationConfig(chosen=kept)) == (None if goal is None else "cart")


def test_a_refresh_stops_where_the_event_type_of_its_goal_was_renamed() -> None:
    kept = ChosenSettings(RankingConfig(goal=Goal.parse("purchase")))
    with pytest.raises(DataSetError, match="no row reaches the goal 'purchase': the event types are cart, view"):
        cleaned(log(view=3000, cart=1200), EvaluationConfig(chosen=kept))
