from collections import defaultdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest

from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.data.codes import find
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.progress import silent
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.ranking.network import NetworkScorer
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.registry import RECOMMENDERS
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.learn import KERAS_FILE
from models.training.network import predict
from models.training.publishing import served_retriever
from models.training.recipe import Recipe
from models.training.trainer import train
from models.training.tuning import choices
from tests.conftest import network_wanted
from tests.models.conftest import Recommend

WITH_ACTS = {entry.name for entry in RECOMMENDERS if entry.needs_acts}
QUICK = NetworkConfig(members=1, epochs=2)
NO_SEARCH = 1e-3
"""A budget that is spent at once, with which a network is trained all the same."""


def rows(lengths: list[int], n_items: int = 6) -> pa.Table:
    """Users with as many interactions as given, each starting one item later."""
    made = [(f"u{user}", f"i{(user + at) % n_items}", float(at)) for user, n in enumerate(lengths) for at in range(n)]
    users, items, times = zip(*made, strict=True)
    return pa.table({"user_id": list(users), "item_id": list(items), "timestamp": list(times)})


def test_the_trained_bundle_is_the_active_one(trained_store: BundleStore, trained: Bundle) -> None:
    assert trained_store.versions() == [trained.version] == [trained_store.active_version()]


def test_the_manifest_says_what_was_trained_on(trained: Bundle, synthetic: DataSet) -> None:
    found = trained.manifest
    times = synthetic.interactions["timestamp"].to_numpy()
    assert found.protocol == "leave-last-out"
    assert found.data["window"] == [times.min(), times.max()]
    assert found.data["rows_read"] == 2400
    assert found.data["users"] == 120
    assert found.libraries.keys() >= {"keras", "tensorflow", "numpy"}


def test_the_settings_are_those_that_did_best_on_validation(trained: Bundle) -> None:
    config = RankingConfig.model_validate(trained.manifest.settings)
    trials = trained.manifest.metrics["trials"]
    blends = [trial for trial in trials if "network_weight" in trial["setting"]]
    # The best, or the least where the best is not better beyond the noise.
    best = max(blends, key=lambda trial: trial["ndcg"])["setting"]["network_weight"]
    assert config.blend.network_weight in {best, 0.25}
    assert len(blends) == 4
    for kind in ("given", "filtered"):
        name = f"network_weight_{kind}"
        weights = [trial for trial in trials if name in trial["setting"]]
        # The best, or a lower one that is not worse beyond the noise.
        best = max(weights, key=lambda trial: trial["ndcg"])["setting"][name]
        assert 0.0 < config.blend.weight_for(kind) <= best
        assert len(weights) == 4
    tried: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for trial in trials:
        for name in trial["setting"]:
            tried[name].append(trial)
    lone = [f"{entry.name}.{choice.name}" for entry, choice in choices(ordered=False)]
    assert {"ease.regularization", "item_knn.measure"} <= tried.keys() & set(lone)
    for name in tried.keys() & set(lone):
        part, field = name.split(".")
        best = max(tried[name], key=lambda trial: trial["ndcg"])
        assert getattr(getattr(config, part), field) == best["setting"][name]
        assert len(tried[name]) > 1
    mixes = [trial for trial in trials if "blend.item_knn" in trial["setting"]]
    assert mixes[-1]["setting"] == {f"blend.{part}": getattr(config.blend, part) for part in PARTS}
    alone = {trial["setting"]["alone"]: trial["ndcg"] for trial in trials if "alone" in trial["setting"]}
    assert alone.keys() == set(PARTS) - {"repeats", "profile_affinity", "vectors"} - WITH_ACTS
    assert max(alone.values()) <= mixes[0]["ndcg"] <= mixes[-1]["ndcg"] + 0.01


def test_the_metrics_compare_the_blend_with_its_parts_and_beat_popularity(trained: Bundle) -> None:
    test = trained.manifest.metrics["test"]
    assert set(test) == {"braid", "network", *PARTS} - {"repeats", "profile_affinity", "vectors"} - WITH_ACTS
    for values in test.values():
        assert all(0.0 <= value <= 1.0 for name, value in values.items() if not name.startswith("novelty"))
        assert 0.0 < values["novelty@10"] < np.log2(120)
    assert test["braid"]["ndcg@10"] > test["popularity"]["ndcg@10"]


def test_the_bundle_holds_a_report_of_itself(trained: Bundle) -> None:
    page = trained.file("report.html").read_text(encoding="utf-8")
    assert f"<h1>Evaluation of bundle {trained.version}</h1>" in page
    assert f"{trained.manifest.metrics['test']['braid']['ndcg@10']:.4f}" in page
    for name in ("metrics", "history", "blend", "trials", "curves", "calibration"):
        assert f'<figcaption id="{name}-caption">' in page


def test_each_kind_of_list_is_measured(trained: Bundle) -> None:
    kinds = trained.manifest.metrics["kinds"]
    assert kinds.keys() == {"generated", "given", "filtered"}
    page = trained.file("report.html").read_text(encoding="utf-8")
    for measured in kinds.values():
        mean, low, high = measured["difference"]
        assert low <= mean <= high
        assert f"{mean:+.4f} ({low:+.4f} to {high:+.4f})" in page
        assert measured["metrics"]["network"]["ndcg@10"] > 0
    # Ten of a hundred would be a tenth of the users.
    assert kinds["given"]["metrics"]["braid"]["recall@10"] > 0.3


def test_the_network_has_learned(trained: Bundle) -> None:
    curves = trained.manifest.metrics["network"]
    assert curves["loss"][-1] < curves["loss"][0]
    assert len(curves["loss"]) == len(curves["val_loss"])


def test_the_ranker_of_the_bundle_recommends_new_items_of_the_own_taste(
    trained: Bundle, synthetic: DataSet, recommend: Recommend
) -> None:
    ranker = Ranker.load(trained)
    assert synthetic.items is not None
    groups = dict(zip(synthetic.items["item_id"].to_pylist(), synthetic.items["categories"].to_pylist(), strict=True))
    history = [item for item, group in groups.items() if group == ["group-1"]][:5]
    found = [item for item, _ in recommend(ranker, history, limit=10, exclude=history)]
    assert len(found) == 10
    assert not set(found) & set(history)
    assert sum(groups[item] == ["group-1"] for item in found) >= 7


def test_the_bundle_was_refitted_on_everything(trained: Bundle, synthetic: DataSet) -> None:
    pairs = synthetic.interactions.group_by(["user_id", "item_id"]).aggregate([])
    assert trained.array("popularity_counts", np.float32).sum() == pairs.num_rows
    assert (find(trained.array("user_ids", "S"), pairs["user_id"].to_pylist()) >= 0).all()  # type: ignore[arg-type]


def test_both_forms_of_the_published_network_agree(trained: Bundle) -> None:
    network = Ranker.load(trained).network
    assert isinstance(network, NetworkScorer)
    model: Any = keras.saving.load_model(trained.file(KERAS_FILE))
    features = np.random.default_rng(0).normal(size=(500, len(network.scaler.mean))).astype(np.float32)
    assert np.abs(predict(model, features) - network.raw(features)).max() <= 1e-5
    assert np.std(network.raw(features)) > 0.01


def test_the_same_seed_gives_the_same_metrics_and_the_same_network(
    trained: Bundle,
    synthetic: DataSet,
    few_epochs: NetworkConfig,
    tmp_path: Path,
) -> None:
    with network_wanted():
        again = evaluate(synthetic, tmp_path, EvaluationConfig(seed=2, network=few_epochs), progress=silent)
    assert again.report.metrics == trained.manifest.metrics["test"]
    assert again.learned.curves == trained.manifest.metrics["network"]
    network, other = Ranker.load(trained).network, again.learned.network
    assert network is not None
    assert other is not None
    features = np.random.default_rng(0).normal(size=(50, len(network.scaler.mean))).astype(np.float32)
    assert network.raw(features).tolist() == other.raw(features).tolist()


@pytest.mark.parametrize("lengths", [[3, 3, 1, 1], [4, 3, 3, 2, 1]], ids=["no list to learn from", "lists of few"])
def test_tiny_data_publishes_a_bundle_that_recommends(
    store: BundleStore, lengths: list[int], recommend: Recommend
) -> None:
    bundle = train(DataSet(rows(lengths)), store, recipe=Recipe(network=QUICK, budget=NO_SEARCH), progress=silent)
    assert store.active_version() is None
    assert len(recommend(Ranker.load(bundle), ["i0"], limit=3)) == 3


@pytest.mark.parametrize("lengths", [[3, 3], [4, 3, 1]], ids=["no list", "a single list"])
def test_where_no_network_can_be_trained_the_neighbours_rank_alone(store: BundleStore, lengths: list[int]) -> None:
    bundle = train(DataSet(rows(lengths)), store, recipe=Recipe(network=QUICK, budget=NO_SEARCH), progress=silent)
    assert Ranker.load(bundle).network is None
    assert bundle.manifest.settings["blend"]["network_weight"] == 0.0
    assert "network" not in bundle.manifest.metrics["test"]


def test_what_only_a_network_of_no_weight_reads_is_not_published(synthetic: DataSet) -> None:
    known = Interactions.from_table(synthetic.interactions)
    config = RankingConfig().changed("blend", user_knn=0.0, als=0.0, network_weight=0.5)
    retriever = Retriever.fit(known, config.model_copy(update={"network_parts": ("als",)}), parts=("item_knn", "als"))
    assert served_retriever(retriever).present == retriever.present
    unread = served_retriever(retriever.configured(retriever.config.changed("blend", network_weight=0.0)))
    assert "als" not in unread.present
    assert (unread.config.network_parts, "item_knn" in unread.present) == ((), True)
