"""The gate, on bundles that are really trained: on a log that goes on, and on one whose item ids are mixed up."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.bundle.loader import Bundle
from models.bundle.manifest import MANIFEST_FILE, Manifest
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck, Verdict
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.order import as_order
from models.data.progress import silent
from models.data.synthetic import generate
from models.evaluation.by_kind import MeasuredKind
from models.ranking.config import RankingConfig
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.checks import check_bundle, check_parts
from models.training.gate import MIN_USERS, above_parts
from models.training.recipe import Recipe
from models.training.trainer import train
from tests.conftest import MakeOnce

QUICK = Recipe(budget=0.0, network=NetworkConfig(members=1, epochs=2))
USERS = 300


@pytest.fixture(scope="module")
def log() -> DataSet:
    return steady(generate(USERS, 120, 7500, seed=11, groups=6))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, once: MakeOnce, log: DataSet) -> BundleStore:
    """A store whose active bundle knows the first three quarters of the log."""

    def fill(draft: Path) -> None:
        store = BundleStore(draft)
        store.activate(train(_until(log, 0.75), store, recipe=QUICK, progress=silent).version)

    return BundleStore(shutil.copytree(once("gated", fill), tmp_path_factory.mktemp("gated") / "bundles"))


def _until(log: DataSet, share: float) -> DataSet:
    times = log.interactions["timestamp"]
    last = float(np.quantile(times.to_numpy(), share))
    return DataSet(log.interactions.filter(pc.less_equal(times, last)), items=log.items)


def steady(log: DataSet) -> DataSet:
    """Let every user come as often early as late."""
    users = log.interactions["user_id"].to_numpy(zero_copy_only=False)
    order = np.argsort(users, kind="stable")
    _, starts, counts = np.unique(users[order], return_index=True, return_counts=True)
    place = np.arange(len(users)) - np.repeat(starts, counts)
    times = np.empty(len(users))
    times[order] = 1.75e9 + 3e7 * (place + 1) / np.repeat(counts, counts)
    column = log.interactions.column_names.index("timestamp")
    return DataSet(log.interactions.set_column(column, "timestamp", pa.array(times)), items=log.items)


def mixed_up(log: DataSet) -> DataSet:
    """Permute the item ids over the whole log."""
    items = log.interactions["item_id"].to_numpy(zero_copy_only=False)
    permuted = pa.array(np.random.default_rng(0).permutation(items))
    place = log.interactions.column_names.index("item_id")
    return DataSet(log.interactions.set_column(place, "item_id", permuted), items=log.items)


def outcomes(bundle: Bundle) -> dict[str, str]:
    assert bundle.manifest.gate is not None
    return {check.name: check.outcome for check in bundle.manifest.gate.checks}


def detail(bundle: Bundle, name: str) -> str:
    assert bundle.manifest.gate is not None
    return next(check.detail for check in bundle.manifest.gate.checks if check.name == name)


def test_the_first_bundle_is_compared_with_popularity_alone(stored: BundleStore) -> None:
    first = stored.load_active()
    assert first is not None
    assert outcomes(first) == {
        "above_popularity": "passed",
        "own_validation": "skipped",
        "new_interactions": "skipped",
        "parts": "passed",
        "best_part": "passed",
        "answers": "passed",
        "latency": "passed",
        "windows": "passed",
        "coverage": "skipped",
        "size": "skipped",
    }
    assert first.manifest.metrics["validation"]["ndcg@10"] > first.manifest.metrics["validation"]["popularity_ndcg@10"]


def test_a_log_that_goes_on_passes(stored: BundleStore, log: DataSet) -> None:
    bundle = train(log, stored, recipe=QUICK, progress=silent)
    assert set(outcomes(bundle).values()) == {"passed"}
    assert bundle.manifest.gate is not None
    assert (bundle.manifest.gate.against, bundle.manifest.gate.reason) == (stored.active_version(), None)
    assert stored.active_version() != bundle.version
    shown = detail(bundle, "new_interactions")
    candidate, active = (float(part.split()[0].rstrip(",")) for part in shown.split(" is ")[1].split("the bundle "))
    assert candidate > 0.05
    assert active > 0.05


def test_mixed_up_item_ids_are_refused_though_they_fit_themselves(stored: BundleStore, log: DataSet) -> None:
    active = stored.active_version()
    bundle = train(mixed_up(log), stored, recipe=QUICK, progress=silent)
    assert outcomes(bundle)["own_validation"] == "failed"
    assert bundle.manifest.gate is not None
    assert not bundle.manifest.gate.passed
    assert f"that of bundle {active} was" in str(bundle.manifest.gate.reason)
    assert bundle.version in stored.versions()
    assert stored.active_version() == active


def test_a_bundle_of_another_shop_is_no_measure(stored: BundleStore, log: DataSet) -> None:
    bundle = train(mixed_up(log), stored, recipe=QUICK, compares=False, progress=silent)
    assert {outcomes(bundle)[name] for name in ("own_validation", "new_interactions")} == {"skipped"}
    assert bundle.manifest.gate is not None
    # It can take the place of that bundle all the same.
    assert bundle.manifest.gate.against == stored.active_version()


def test_a_log_that_lost_its_times_is_not_compared_by_them(stored: BundleStore, log: DataSet) -> None:
    bundle = train(DataSet(as_order(log.interactions), items=log.items), stored, recipe=QUICK, progress=silent)
    assert bundle.manifest.data["has_times"] is False
    assert outcomes(bundle)["new_interactions"] == "skipped"
    assert "has only an order now" in detail(bundle, "new_interactions")


def measured(difference: tuple[float, float, float], users: int = MIN_USERS) -> MeasuredKind:
    metrics = {"braid": {"ndcg@10": 0.2}, "als": {"ndcg@10": 0.2 - difference[0]}}
    return MeasuredKind(users=users, network_weight=0.5, metrics=metrics, best_part="als", difference=difference)


def test_a_blend_significantly_below_its_best_part_on_one_kind_of_list_is_refused() -> None:
    fine, worse = measured((-0.01, -0.03, 0.01)), measured((-0.05, -0.08, -0.02))
    assert above_parts({"generated": fine, "given": fine}).outcome == "passed"
    refused = above_parts({"generated": fine, "given": worse})
    assert refused.outcome == "failed"
    assert (
        "on 200 given lists NDCG@10 is 0.2000, that of als, the best part, 0.2500"
        " (difference -0.0800 to -0.0200: significantly worse)"
    ) in refused.detail


def test_kinds_with_few_users_are_not_judged() -> None:
    few = measured((-0.05, -0.08, -0.02), users=MIN_USERS - 1)
    assert above_parts({"given": few}).outcome == "skipped"
    assert above_parts({"given": few, "generated": measured((0.1, 0.0, 0.2))}).outcome == "passed"


def test_too_few_new_users_are_not_compared(stored: BundleStore, log: DataSet) -> None:
    bundle = train(_until(log, 0.76), stored, recipe=QUICK, progress=silent)
    assert outcomes(bundle)["new_interactions"] == "skipped"
    assert f"fewer than {MIN_USERS}" in detail(bundle, "new_interactions")


def test_a_candidate_that_ranks_what_is_new_worse_is_refused(stored: BundleStore, log: DataSet) -> None:
    active = stored.load_active()
    assert active is not None
    blend = {"item_knn": 0.0, "successor": 0.0, "content": 0.0, "user_knn": 0.0, "popularity": 1.0}
    settings = RankingConfig().changed("blend", **blend).model_dump()
    poor = Bundle(active.folder, active.manifest.model_copy(update={"settings": settings}), active.arrays)
    recipe = Recipe(kind="refresh", keeps_network=True)
    bundle = train(log, stored, recipe=recipe, source=poor, progress=silent)
    assert outcomes(bundle)["new_interactions"] == "failed"
    assert "difference -" in detail(bundle, "new_interactions")


def test_a_row_with_a_time_to_come_does_not_end_all_comparing(
    stored: BundleStore, log: DataSet, tmp_path: Path
) -> None:
    shutil.copytree(stored.root, tmp_path / "bundles")
    store = BundleStore(tmp_path / "bundles")
    active = store.load_active()
    assert active is not None
    manifest = active.folder / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    last = document["data"]["window"][1]
    document["data"]["window"][1] = 4e9
    document["created_at"] = datetime.fromtimestamp(last, UTC).isoformat()
    manifest.write_bytes(orjson.dumps(document))
    recipe = Recipe(kind="refresh", keeps_network=True)
    bundle = train(log, store, recipe=recipe, source=active, progress=silent)
    assert outcomes(bundle)["new_interactions"] == "passed"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"metrics": {"validation": {"coverage@10": 1.0, "users": 300}}}, "coverage"),
        ({"data": {"interactions": 10**9}}, "size"),
    ],
)
def test_a_bundle_that_shrank_its_catalogue_or_grew_is_refused(
    stored: BundleStore, log: DataSet, change: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = stored.load_active()
    assert bundle is not None
    assert log.items is not None
    known = Interactions.from_table(_until(log, 0.75).interactions, more_items=[log.items["item_id"]])
    metrics = {"validation": {"coverage@10": 0.49, "users": 300}}
    poor = Bundle(bundle.folder, bundle.manifest.model_copy(update={"metrics": metrics}), bundle.arrays)
    monkeypatch.setattr("models.training.checks.SMALL", 0)
    before: Manifest = bundle.manifest.model_copy(update=change)
    found = {check.name: check.outcome for check in check_bundle(poor, known, before, seed=0)}
    assert found.pop(name) == "failed"
    assert set(found.values()) <= {"passed", "skipped", "failed"}
    assert found["answers"] == found["latency"] == "passed"


@pytest.mark.parametrize(("ease", "network", "outcome"), [(0.5, 0.0, "failed"), (0, 0.5, "failed"), (0, 0, "passed")])
def test_a_bundle_without_a_part_that_its_blend_reads_is_refused(
    log: DataSet, ease: float, network: float, outcome: str
) -> None:
    known = Interactions.from_table(log.interactions)
    config = RankingConfig(network_parts=("ease",)).changed("blend", ease=ease, network_weight=network)
    ranker = Ranker(Retriever.fit(known, config, parts=("item_knn",)), None, known.item_ids, known.user_ids)
    check = check_parts(ranker, ["item_knn", "ease"])
    assert check.outcome == outcome
    assert ("lacks" in check.detail and "ease" in check.detail) == (outcome == "failed")


def test_a_bundle_with_empty_windows_is_refused(stored: BundleStore, log: DataSet) -> None:
    bundle = stored.load_active()
    assert bundle is not None
    assert log.items is not None
    known = Interactions.from_table(_until(log, 0.75).interactions, more_items=[log.items["item_id"]])
    recent = np.zeros_like(bundle.array("popularity_recent", np.float32, ndim=2))
    recent[:, 0] = 1.0
    emptied = Bundle(bundle.folder, bundle.manifest, bundle.arrays | {"popularity_recent": recent})
    (windows,) = (check for check in check_bundle(emptied, known, None, seed=0) if check.name == "windows")
    assert windows.outcome == "failed"
    assert windows.detail.startswith("1 items have interactions in the window of 90 days")


def test_an_interaction_with_a_wrong_time_does_not_empty_the_windows_of_a_refresh(
    stored: BundleStore, log: DataSet, tmp_path: Path
) -> None:
    store = BundleStore(shutil.copytree(stored.root, tmp_path / "bundles"))
    active = store.load_active()
    assert active is not None
    first = log.interactions.slice(0, 1)
    place = first.column_names.index("timestamp")
    wrong = first.set_column(place, "timestamp", pa.array([4e9], first.schema.field("timestamp").type))
    dataset = DataSet(pa.concat_tables([_until(log, 0.75).interactions, wrong]), items=log.items)
    bundle = train(dataset, store, recipe=Recipe(kind="refresh", keeps_network=True), source=active, progress=silent)
    assert outcomes(bundle)["windows"] == "passed"
    before, after = (
        one.array("popularity_recent", np.float32, ndim=2).sum(axis=1).tolist() for one in (active, bundle)
    )
    assert after == pytest.approx(before, rel=0.1)


def test_a_verdict_names_all_that_failed() -> None:
    checks = [
        GateCheck(name=str(n), outcome=o, detail=f"d{n}")
        for n, o in enumerate(("passed", "failed", "skipped", "failed"))
    ]
    verdict = Verdict(checks=tuple(checks))
    assert (verdict.passed, verdict.reason) == (False, "d1; d3")
    assert Verdict(checks=(checks[0], checks[2])).passed
