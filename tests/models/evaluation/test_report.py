import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.evaluation.report import EvaluationReport, bootstrap_intervals, peak_memory_mb
from models.evaluation.segments import HISTORY_LENGTHS

MakeReport = Callable[..., EvaluationReport]


def interval(values: np.ndarray[Any, Any], seed: int) -> tuple[float, float]:
    return bootstrap_intervals({"metric": values}, seed=seed)["metric"]


def test_the_interval_of_a_coin_is_that_of_the_normal_approximation() -> None:
    values = np.array([0.0, 1.0] * 200)
    low, high = interval(values, seed=0)
    half = 1.96 * 0.5 / 20
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.005)


def test_equal_values_have_no_width() -> None:
    assert interval(np.full(10, 0.25), seed=0) == (0.25, 0.25)


def test_nobody_measured_gives_zero() -> None:
    assert interval(np.empty(0), seed=0) == (0.0, 0.0)


def test_the_interval_depends_on_the_seed_alone() -> None:
    values = np.random.default_rng(0).random(50)
    first, again, other = (interval(values, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_the_report_is_written_as_json() -> None:
    report = EvaluationReport(
        protocol="random",
        counts={"users": 2},
        metrics={"braid": {"ndcg@10": 0.5}},
        intervals={"braid": {"ndcg@10": (0.25, 0.75)}},
        settings={"seed": 1},
        seconds={"cleaning": 0.1},
        peak_memory_mb=100.5,
        segments={"history_length": {}},
        trials=[{"setting": {"network_weight": 0.5}, "ndcg": 0.25}],
        curves={"loss": [2.0, 1.0]},
        calibration=[],
        measured_at="2026-11-24T12:00:00+00:00",
    )
    assert json.loads(report.to_json()) == {
        "protocol": "random",
        "counts": {"users": 2},
        "metrics": {"braid": {"ndcg@10": 0.5}},
        "intervals": {"braid": {"ndcg@10": [0.25, 0.75]}},
        "settings": {"seed": 1},
        "seconds": {"cleaning": 0.1},
        "peak_memory_mb": 100.5,
        "segments": {"history_length": {}},
        "trials": [{"setting": {"network_weight": 0.5}, "ndcg": 0.25}],
        "curves": {"loss": [2.0, 1.0]},
        "calibration": [],
        "measured_at": "2026-11-24T12:00:00+00:00",
        "left_out": {},
        "unmeasured": None,
        "goal": None,
        "profiles": None,
        "kinds": {},
    }


def test_ten_is_shown_where_there_is_room_for_one_length(make_report: MakeReport) -> None:
    assert make_report().plain_k == 10
    for lengths, shown in (((5, 10, 20), 10), ((5, 20), 20), ((3,), 3)):
        metrics = {"braid": {f"{metric}@{k}": 0.5 for k in lengths for metric in ("ndcg", "recall")}}
        assert make_report(metrics=metrics).plain_k == shown


def test_the_blend_is_compared_with_its_best_part_and_popularity(make_report: MakeReport) -> None:
    report = make_report()
    assert report.compared == ["braid", "item_knn", "popularity"]
    without = {name: report.metrics[name] for name in ("braid", "popularity")}
    assert make_report(metrics=without).compared == ["braid", "popularity"]


def test_segments_have_names_for_people(make_report: MakeReport) -> None:
    report = make_report()
    assert [(name, segment["users"]) for name, segment in report.named_segments()] == [
        ("history: 1", 100),
        ("history: more", 20),
        ("long-tail targets", 77),
        ("new users", 64),
        ("the same, known", 64),
        ("no history", 33),
    ]
    few = make_report(segments={"history_length": {}})
    assert list(few.named_segments()) == []


def test_every_key_and_segment_of_the_report_is_documented(repository: Path) -> None:
    page = (repository / "docs/evaluation.md").read_text(encoding="utf-8")
    names = [field.name for field in fields(EvaluationReport)]
    for name in (*names, *HISTORY_LENGTHS, "long_tail", "new_users", "known", "no_history"):
        assert f"`{name}`" in page, name


def test_peak_memory_is_counted_in_megabytes() -> None:
    block = np.ones(30_000_000)
    peak = peak_memory_mb()
    assert block.nbytes / 1e6 < peak < 100_000
