from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.evaluation.report import EvaluationReport

MakeReport = Callable[..., EvaluationReport]


def values(ndcg: float, recall: float) -> dict[str, float]:
    return {
        "recall@10": recall,
        "ndcg@10": ndcg,
        "hit_rate@10": recall,
        "coverage@10": 0.5,
        "novelty@10": 7.25,
        "diversity@10": 0.875,
    }


def ends(metrics: dict[str, dict[str, float]]) -> dict[str, dict[str, tuple[float, float]]]:
    return {
        name: {
            metric: (of_users[metric] - 0.01, of_users[metric] + 0.02)
            for metric in ("recall@10", "ndcg@10", "hit_rate@10")
        }
        for name, of_users in metrics.items()
    }


def segment(users: int, shift: float = 0.0, parts: tuple[str, ...] = ("braid", "item_knn", "popularity")) -> Any:
    metrics = {name: values(0.3 - place / 10 + shift, 0.5) for place, name in enumerate(parts)}
    return {"users": users, "metrics": metrics, "intervals": ends(metrics)}


METRICS = {
    "braid": values(0.3111, 0.4111),
    "item_knn": values(0.2222, 0.3222),
    "content": values(0.1234, 0.2345),
    "popularity": values(0.0555, 0.0666),
}
REPORT = EvaluationReport(
    protocol="temporal",
    counts={"users": 12345, "test_users": 321, "rows_dropped": {"exact duplicate": 4}},
    metrics=METRICS,
    intervals=ends(METRICS),
    settings={
        "blend": {"candidates": 100, "item_knn": 1.0, "content": 3.0, "user_knn": 9.0, "network_weight": 0.2},
        "item_knn": {"neighbours": 200},
        "seed": 3,
    },
    seconds={"cleaning": 1.5, "ranking": 2.5},
    peak_memory_mb=1234.5,
    segments={
        "history_length": {"1": segment(100), "more": segment(20, 0.05)},
        "long_tail": segment(77),
        "new_users": segment(64) | {"known": segment(64, 0.01)},
        "no_history": segment(33, parts=("braid", "popularity")),
    },
    trials=[{"setting": {}, "ndcg": 0.1}, {"setting": {"blend.content": 3.0}, "ndcg": 0.2}],
    curves={"loss": [3.5, 2.5], "val_loss": [3.25, 2.75]},
    calibration=[
        {"low": 0.0, "high": 0.001, "candidates": 5000, "predicted": 0.0004, "observed": 0.0},
        {"low": 0.1, "high": 0.2, "candidates": 60, "predicted": 0.15, "observed": 0.125},
    ],
    measured_at="2026-11-24T12:34:56+00:00",
)


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    """Make a report, with what is given in the place of what it has."""

    def make(**changes: Any) -> EvaluationReport:
        return replace(REPORT, **changes)

    return make
