from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.progress import silent
from models.ranking.network_config import NetworkConfig
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.trainer import evaluate_folder

QUICK = NetworkConfig(members=1, epochs=4)
PLAIN: dict[str, Any] = {"with_network": False, "budget": 0.0}


@pytest.fixture
def dataset() -> DataSet:
    """Twelve users who go round the same six items, three steps each."""
    made = [(f"u{user}", f"i{(user + at) % 6}", float(at)) for user in range(12) for at in range(3)]
    users, items, times = zip(*made, strict=True)
    return DataSet(pa.table({"user_id": list(users), "item_id": list(items), "timestamp": list(times)}))


def test_a_fixed_test_is_ranked_with_what_was_fitted_on_everything(dataset: DataSet, tmp_path: Path) -> None:
    test = pa.table(
        {"user_id": [f"u{user}" for user in range(6)], "item_id": [f"i{(user + 3) % 6}" for user in range(6)]}
    )
    found = evaluate(
        DataSet(dataset.interactions, test=test), tmp_path, EvaluationConfig(ks=(3,), **PLAIN), progress=silent
    ).report
    assert found.protocol == "fixed"
    assert found.metrics["braid"]["recall@3"] == 1.0
    assert "refit" in found.seconds


def test_given_candidates_bound_the_lists(dataset: DataSet, tmp_path: Path) -> None:
    candidates = pa.table({"user_id": ["u0", "u0"], "item_id": ["i2", "i3"]})
    test = pa.table({"user_id": ["u0"], "item_id": ["i3"]})
    found = evaluate(
        DataSet(dataset.interactions, test=test, candidates=candidates),
        tmp_path,
        EvaluationConfig(ks=(1,), **PLAIN),
        progress=silent,
    )
    assert found.report.metrics["braid"]["recall@1"] == found.report.metrics["popularity"]["recall@1"] == 1.0


def test_the_report_has_counts_intervals_and_settings(dataset: DataSet, tmp_path: Path) -> None:
    doubled = pa.concat_tables([dataset.interactions, dataset.interactions])
    found = evaluate(DataSet(doubled), tmp_path, EvaluationConfig(ks=(1, 2), seed=5, **PLAIN), progress=silent).report
    assert (found.counts["rows_read"], found.counts["rows_kept"]) == (72, 36)
    assert found.counts["rows_dropped"] == {"exact duplicate": 36}
    assert found.settings["seed"] == 5
    assert found.intervals.keys() == found.metrics.keys()
    low, high = found.intervals["braid"]["recall@2"]
    assert low <= found.metrics["braid"]["recall@2"] <= high
    assert "recall@20" not in found.metrics["braid"]


def test_the_report_has_segments_trials_curves_and_its_time(synthetic: DataSet, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = evaluate(
        synthetic, tmp_path, EvaluationConfig(ks=(5,), seed=2, network=QUICK, budget=1e-3), progress=silent
    )
    report, segments = found.report, found.report.segments
    lengths = segments["history_length"]
    assert sum(segment["users"] for segment in lengths.values()) == report.counts["test_users"]
    for metric in ("recall@5", "mrr@5"):
        mean = sum(part["users"] * part["metrics"]["braid"][metric] for part in lengths.values())
        assert mean / report.counts["test_users"] == pytest.approx(report.metrics["braid"][metric])
    assert 0 < segments["long_tail"]["users"] < report.counts["test_users"]
    assert segments["long_tail"]["metrics"]["popularity"]["recall@5"] == 0.0
    new = segments["new_users"]
    assert new["users"] == new["known"]["users"] == report.counts["test_users"] // 5
    assert new["metrics"]["braid"]["ndcg@5"] > new["metrics"]["popularity"]["ndcg@5"]
    assert "network" in new["metrics"]
    assert "no_history" not in segments
    assert report.trials == [{"setting": trial.setting, "ndcg": trial.ndcg} for trial in found.learned.trials]
    assert report.curves == found.learned.curves
    assert {"candidate lists", "network", "tuning the blend"} <= report.seconds.keys()
    assert len(report.calibration) > 1
    assert before <= datetime.fromisoformat(report.measured_at) <= datetime.now(UTC)
    assert report.metrics.keys() == report.intervals.keys() == lengths["6-20"]["metrics"].keys()
    assert {"coverage@5", "novelty@5", "diversity@5"} == report.metrics["ease"].keys() - report.intervals["ease"].keys()


def test_users_without_a_history_are_measured_apart_with_the_popular_items(dataset: DataSet, tmp_path: Path) -> None:
    pairs = [(f"u{user}", f"i{(user + 3) % 6}") for user in range(6)] + [("new", "i0"), ("new", "i9"), ("other", "i9")]
    test = pa.table({"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]})
    found = evaluate(
        DataSet(dataset.interactions, test=test), tmp_path, EvaluationConfig(ks=(6,), **PLAIN), progress=silent
    ).report
    apart = found.segments["no_history"]
    assert (apart["users"], found.counts["test_users"]) == (2, 6)
    assert apart["metrics"]["braid"] == apart["metrics"]["popularity"]
    assert apart["metrics"]["braid"]["recall@6"] == (1 / 2 + 0) / 2
    assert found.metrics["braid"]["recall@6"] == 1.0


def test_a_sample_of_the_test_users_may_be_measured(dataset: DataSet, tmp_path: Path) -> None:
    report = evaluate(dataset, tmp_path, EvaluationConfig(ks=(3,), test_users=5, **PLAIN), progress=silent).report
    assert (report.counts["test_users"], report.counts["measured_users"]) == (12, 5)
    assert sum(segment["users"] for segment in report.segments["history_length"].values()) == 5


def test_items_of_the_catalogue_without_interactions_are_ranked(dataset: DataSet, tmp_path: Path) -> None:
    catalogue = pa.table({"item_id": [f"i{item}" for item in range(9)]})
    options = EvaluationConfig(ks=(9,), **PLAIN)
    found = evaluate(DataSet(dataset.interactions, items=catalogue), tmp_path, options, progress=silent).report
    assert {name: values["coverage@9"] for name, values in found.metrics.items()} == dict.fromkeys(found.metrics, 1.0)


def test_what_a_user_turned_down_is_not_listed(dataset: DataSet, tmp_path: Path) -> None:
    # Every user had all items but one, and turned that one down; only the test item is left to list.
    down: dict[str, list[str]] = {"user_id": [], "item_id": []}
    for user in range(12):
        for at in (4, 5):
            down["user_id"].append(f"u{user}")
            down["item_id"].append(f"i{(user + at) % 6}")
    liked = dataset.interactions.append_column("event_type", pa.array(["view"] * 36))
    fourth = {"user_id": [f"u{u}" for u in range(12)], "item_id": [f"i{(u + 3) % 6}" for u in range(12)]}
    extra = pa.table({**fourth, "timestamp": [9.0] * 12, "event_type": ["view"] * 12})
    against = pa.table({**down, "timestamp": [0.5] * 24, "event_type": ["dislike"] * 24})
    report = evaluate(
        DataSet(pa.concat_tables([liked, extra, against])),
        tmp_path,
        EvaluationConfig(ks=(1,), **PLAIN),
        progress=silent,
    ).report
    assert report.metrics["braid"]["recall@1"] == report.metrics["popularity"]["recall@1"] == 1.0


def test_progress_names_the_phases_that_are_timed(dataset: DataSet, tmp_path: Path) -> None:
    phases: list[str] = []
    found = evaluate(
        dataset, tmp_path, EvaluationConfig(network=QUICK), progress=lambda phase, _done: phases.append(phase)
    )
    first = ["cleaning", "splitting", "similarities", "tuning parts", "tuning neighbours", "candidate lists"]
    assert list(dict.fromkeys(phases))[:8] == [*first, "ranking", "metrics"]
    assert found.report.seconds.keys() == set(phases)


def test_include_seen_measures_repeats(tmp_path: Path) -> None:
    made = pa.table(
        {"user_id": ["a"] * 4 + ["b"] * 4, "item_id": ["x", "y"] * 4, "timestamp": [float(at) for at in range(8)]}
    )
    found = evaluate(
        DataSet(made), tmp_path, EvaluationConfig(ks=(2,), include_seen=True, **PLAIN), progress=silent
    ).report
    assert found.counts["interactions"] == 8
    assert found.metrics["braid"]["recall@2"] == 1.0


def test_evaluating_a_folder_gives_the_report_of_the_same_run(dataset: DataSet, tmp_path: Path) -> None:
    options = {"ks": (2,), "seed": 4, **PLAIN}
    report = evaluate_folder(dataset, EvaluationConfig(**options), progress=silent)
    assert report.metrics == evaluate(dataset, tmp_path, EvaluationConfig(**options), progress=silent).report.metrics
    assert report.settings["seed"] == 4


def test_a_used_up_budget_leaves_one_trial_of_each_setting_and_no_network(synthetic: DataSet, tmp_path: Path) -> None:
    found = evaluate(synthetic, tmp_path, EvaluationConfig(budget=0.0, ks=(5,)), progress=silent)
    alone = [trial.setting["alone"] for trial in found.learned.trials if "alone" in trial.setting]
    assert len(alone) == len(set(alone)) == 9
    # One value of every setting that is chosen alone: what a part was given before it was tuned.
    tried = Counter(name for trial in found.learned.trials for name in trial.setting if "." in name)
    assert tried["ease.regularization"] == tried["item_knn.measure"] == tried["item_knn.recency_decay"] == 1
    assert found.learned.network is None
    assert found.report.metrics["braid"]["ndcg@5"] > found.report.metrics["popularity"]["ndcg@5"]
