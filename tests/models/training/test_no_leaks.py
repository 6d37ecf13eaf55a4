"""Nothing of the test is read before it is measured, and the same seed gives the same result."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.cutting import MIN_INTERACTIONS
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.splitting import make_split
from models.data.synthetic import generate
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.ranking.network_config import NetworkConfig
from models.ranking.retriever import Retriever
from models.training.budget import Budget
from models.training.evaluate import Evaluated, evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.tuning import Tuner

QUICK = NetworkConfig(members=1, epochs=3)
DAY = 86_400.0
TEMPORAL: dict[str, Any] = {"protocol": "temporal", "test_days": 20.0}


@pytest.fixture(scope="module")
def small() -> DataSet:
    return generate(60, 25, 900, seed=5, groups=3)


@pytest.fixture(scope="module")
def daily() -> DataSet:
    """Forty users, each with an item of the own group every other day or so for 120 days."""
    rng = np.random.default_rng(2)
    rows = []
    for user in range(40):
        own = rng.permutation(30) * 3 + user % 3
        times = np.sort(rng.choice(120, 24, replace=False))
        rows += [
            (f"u{user:02d}", f"i{item:02d}", 1_700_000_000.0 + DAY * day) for item, day in zip(own, times, strict=False)
        ]
    columns = zip(("user_id", "item_id", "timestamp"), zip(*rows, strict=True), strict=True)
    return DataSet(pa.table({name: list(column) for name, column in columns}))


def other_test(dataset: DataSet, since: float = math.inf) -> DataSet:
    """Give users another item, one they never had, instead of the last; or instead of all that come from a moment."""
    table = clean(dataset.interactions)[0]
    rows = table.to_pylist()
    names = sorted({row["item_id"] for row in rows})
    had: dict[str, set[str]] = {}
    first: dict[tuple[str, str], int] = {}
    for number, row in sorted(enumerate(rows), key=lambda one: one[1]["timestamp"]):
        had.setdefault(row["user_id"], set()).add(row["item_id"])
        first.setdefault((row["user_id"], row["item_id"]), number)
    last = {user: max((rows[n]["timestamp"], n) for (one, _), n in first.items() if one == user)[1] for user in had}
    for (user, item), number in first.items():
        late = number == last[user] if since == math.inf else rows[number]["timestamp"] >= since
        unseen = [name for name in names if name not in had[user]]
        if late and unseen and len(had[user]) >= MIN_INTERACTIONS:
            # Its repeats go too, so that no trace of the former item comes later.
            for row in rows:
                if (row["user_id"], row["item_id"]) == (user, item):
                    row["item_id"] = unseen[0]
            had[user].add(unseen[0])
    return DataSet(pa.Table.from_pylist(rows, table.schema), items=dataset.items)


def chosen(run: Evaluated) -> tuple[Any, ...]:
    trials = [(trial.setting, trial.ndcg) for trial in run.learned.trials]
    return run.report.settings, trials, run.learned.curves


def targets(dataset: DataSet, **options: Any) -> list[int]:
    table, cleaning = clean(dataset.interactions)
    codes: list[int] = make_split(dataset, table, scale=cleaning.scale, **options).test.target_items.tolist()
    return codes


def test_other_items_in_the_test_choose_the_same_settings_and_the_same_network(small: DataSet, tmp_path: Path) -> None:
    changed = other_test(small)
    assert targets(changed) != targets(small)
    runs = [
        evaluate(data, tmp_path, EvaluationConfig(seed=1, network=QUICK), progress=silent) for data in (small, changed)
    ]
    assert chosen(runs[0]) == chosen(runs[1])
    assert runs[0].learned.curves["loss"]
    assert runs[0].report.metrics != runs[1].report.metrics


def test_another_test_window_chooses_the_same_settings(daily: DataSet, tmp_path: Path) -> None:
    last = max(daily.interactions["timestamp"].to_pylist())
    changed = other_test(daily, since=last - 20 * DAY + 1)
    assert targets(changed, **TEMPORAL) != targets(daily, **TEMPORAL)
    runs = [
        evaluate(data, tmp_path, EvaluationConfig(with_network=False, **TEMPORAL), progress=silent)
        for data in (daily, changed)
    ]
    assert chosen(runs[0]) == chosen(runs[1])
    assert runs[0].report.metrics != runs[1].report.metrics


def test_a_fixed_test_chooses_nothing(small: DataSet, tmp_path: Path) -> None:
    users = sorted(set(small.interactions["user_id"].to_pylist()))[:20]
    runs = []
    for item in ("i1", "i2"):
        test = pa.table({"user_id": users, "item_id": [item] * 20})
        data = DataSet(small.interactions, items=small.items, test=test)
        runs.append(evaluate(data, tmp_path, EvaluationConfig(with_network=False), progress=silent))
    assert chosen(runs[0]) == chosen(runs[1])
    assert runs[0].report.metrics != runs[1].report.metrics


@pytest.mark.parametrize("options", [{"protocol": "leave-last-out"}, TEMPORAL, {"protocol": "random"}])
def test_the_same_seed_gives_the_same_result(daily: DataSet, tmp_path: Path, options: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"with_network": False}
    first, again = (
        evaluate(daily, tmp_path, EvaluationConfig(seed=3, **options, **plain), progress=silent).report
        for _ in range(2)
    )
    assert first.metrics == again.metrics
    assert first.settings == again.settings
    assert first.intervals == again.intervals


def test_only_the_wanted_parts_have_a_weight_and_are_measured(small: DataSet, tmp_path: Path) -> None:
    found = evaluate(
        small, tmp_path, EvaluationConfig(parts=("item_knn",), with_network=False, ks=(5,)), progress=silent
    )
    assert set(found.report.metrics) <= {"braid", "item_knn", "popularity", "trending"}
    weights = {part: found.report.settings["blend"][part] for part in PARTS}
    assert [part for part, weight in weights.items() if weight > 0] == ["item_knn"]
    assert found.report.metrics["braid"]["ndcg@5"] == pytest.approx(
        found.report.metrics["item_knn"]["ndcg@5"], abs=0.02
    )
    assert found.learned.network is None


def test_only_popularity_is_the_popularity_baseline(small: DataSet, tmp_path: Path) -> None:
    found = evaluate(
        small, tmp_path, EvaluationConfig(parts=("popularity",), with_network=False, ks=(5,)), progress=silent
    )
    assert set(found.report.metrics) <= {"braid", "popularity", "trending"}
    assert found.report.metrics["braid"]["recall@5"] == pytest.approx(
        found.report.metrics["popularity"]["recall@5"], abs=0.05
    )


def tuner(small: DataSet, seconds: float) -> Tuner:
    table, cleaning = clean(small.interactions)
    split = make_split(small, table, scale=cleaning.scale)
    everyone = Retriever.fit(split.train, RankingConfig(), small.items)
    return Tuner(split.train, everyone, split.validation, 0, silent, small.items, Budget(seconds))


def test_with_a_spent_budget_the_tuner_tries_nothing_further(small: DataSet) -> None:
    late, free = tuner(small, 0.0), tuner(small, math.inf)
    late.tune()
    free.tune()
    names = [name for trial in late.trials for name in trial.setting if "." in name and not name.startswith("blend.")]
    assert len(names) == len(set(names))
    assert not {"item_knn.target_exponent", "spectral.recency_decay"} & set(names)
    assert len(free.trials) > 2 * len(late.trials)
    assert (late.budget_spent, free.budget_spent) == (True, False)


def test_tuning_leaves_nothing_behind_in_the_retriever_it_was_given(small: DataSet) -> None:
    one = tuner(small, math.inf)
    start = one.retriever
    before = {name: array.tolist() for name, array in start.arrays().items()}
    found = one.tune()
    assert found is not start
    assert start.config == RankingConfig()
    assert {name: array.tolist() for name, array in start.arrays().items()} == before
    assert max(trial.ndcg for trial in one.trials) > one.trials[0].ndcg
    assert np.isfinite([trial.ndcg for trial in one.trials]).all()
