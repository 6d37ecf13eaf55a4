"""Training with settings that were chosen before."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.errors import BundleError, BundleUnreadableError
from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.synthetic import generate
from models.ranking.network_config import NetworkConfig
from models.training.recipe import Recipe, recipe_of
from models.training.trainer import train


def same_arrays(one: Bundle, other: Bundle) -> bool:
    return one.arrays.keys() == other.arrays.keys() and all(
        np.array_equal(array, other.arrays[name]) for name, array in one.arrays.items()
    )


def network(bundle: Bundle) -> bytes:
    return bundle.file("network.onnx").read_bytes()


def test_the_same_run_again_gives_the_same_arrays_and_the_same_network(
    trained: Bundle, synthetic: DataSet, tmp_path: Path
) -> None:
    recipe = recipe_of(trained.manifest)
    assert (recipe.kind, recipe.seed, recipe.network.members) == ("full", 2, 2)
    again = train(
        synthetic,
        BundleStore(tmp_path / "again"),
        recipe=recipe.model_copy(update={"kind": "again"}),
        source=trained,
        progress=silent,
    )
    assert again.manifest.settings == trained.manifest.settings
    assert again.manifest.data["sha256"] == trained.manifest.data["sha256"]
    assert same_arrays(trained, again)
    assert again.manifest.metrics["network"] == trained.manifest.metrics["network"]
    assert again.manifest.metrics["test"]["braid"] == trained.manifest.metrics["test"]["braid"]


def test_a_network_without_weight_is_in_neither_of_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.tuning.NETWORK_WEIGHTS", (0.0,))
    store = BundleStore(tmp_path / "bundles")
    network = NetworkConfig(members=1, epochs=1)
    log = generate(60, 25, 900, seed=5, groups=3)
    # The budget is spent at once: a network is trained, and no settings are searched.
    first = train(log, store, recipe=Recipe(budget=1e-3, network=network), progress=silent)
    again = recipe_of(first.manifest).model_copy(update={"kind": "again"})
    second = train(log, store, recipe=again, source=first, progress=silent)
    assert same_arrays(first, second)
    for bundle in (first, second):
        assert "network.onnx" not in bundle.manifest.files
        assert "scaler_mean" not in bundle.arrays


def test_other_data_have_another_hash(store: BundleStore) -> None:
    log = generate(4, 6, 8, groups=1)
    assert log.items is not None

    def hashed(interactions: pa.Table, items: pa.Table) -> str:
        bundle = train(DataSet(interactions, items=items), store, recipe=Recipe(budget=0.0), progress=silent)
        return str(bundle.manifest.data["sha256"])

    whole = hashed(log.interactions, log.items)
    assert hashed(log.interactions, log.items) == whole
    assert len({whole, hashed(log.interactions.slice(1), log.items), hashed(log.interactions, log.items.slice(1))}) == 3


def test_a_refresh_keeps_settings_and_network_and_reads_what_is_new(trained: Bundle, tmp_path: Path) -> None:
    more = generate(150, 60, 3000, seed=8, groups=3)
    recipe = Recipe(kind="refresh", keeps_network=True)
    store = BundleStore(tmp_path / "refreshed")
    fresh = train(more, store, recipe=recipe, source=trained, progress=silent)
    chosen = {name: value for name, value in trained.manifest.settings.items() if name != "scale"}
    assert {name: value for name, value in fresh.manifest.settings.items() if name != "scale"} == chosen
    assert network(fresh) == network(trained)
    assert fresh.manifest.metrics["trials"] == []
    assert len(fresh.array("user_ids", "S")) == 150
    assert fresh.manifest.metrics["test"]["braid"]["ndcg@10"] > fresh.manifest.metrics["test"]["popularity"]["ndcg@10"]
    again = recipe_of(fresh.manifest).model_copy(update={"kind": "again"})
    repeated = train(more, store, recipe=again, source=fresh, progress=silent)
    assert same_arrays(fresh, repeated)
    assert network(repeated) == network(trained)


@pytest.mark.parametrize("kind", ["refresh", "again"])
def test_without_a_bundle_there_is_nothing_to_keep(store: BundleStore, synthetic: DataSet, kind: str) -> None:
    with pytest.raises(BundleError, match="train in full first"):
        train(synthetic, store, recipe=Recipe.model_validate({"kind": kind}), progress=silent)
    assert store.versions() == []


def test_a_bundle_without_a_recipe_is_named(trained: Bundle) -> None:
    with pytest.raises(BundleError, match="its manifest has no recipe: train again"):
        recipe_of(trained.manifest.model_copy(update={"recipe": None}))


def test_a_recipe_survives_as_json() -> None:
    recipe = Recipe(seed=4, budget=1.5, network=NetworkConfig(members=1))
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_a_recipe_of_another_version_is_named(trained: Bundle) -> None:
    manifest = trained.manifest.model_copy(update={"recipe": {"kind": "full", "network": {"oracle": 1}}})
    with pytest.raises(BundleUnreadableError, match=r"recipe\.network\.oracle: .*: train again"):
        recipe_of(manifest)
