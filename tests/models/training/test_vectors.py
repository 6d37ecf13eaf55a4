"""A bundle of a catalogue with vectors: trained, stored, loaded and asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.store import BundleStore
from models.data.described import describe
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.schema import EMPTY
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.recommenders.vectors import Vectors
from models.similar.with_vectors import ContentWithVectors
from models.training.recipe import Recipe
from models.training.trainer import train


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory, synthetic: DataSet) -> Ranker:
    assert synthetic.items is not None
    ids = synthetic.items["item_id"].to_pylist()
    # The three groups of the generated items point in three directions.
    rows = [np.eye(8)[int(name[1:]) % 3] + np.random.default_rng(0).normal(0, 0.05, 8) for name in ids]
    items = pa.table({"item_id": ids, "image": rows})
    store = BundleStore(tmp_path_factory.mktemp("vectors") / "bundles")
    dataset = replace(synthetic, items=describe(items, EMPTY).table)
    return Ranker.load(train(dataset, store, recipe=Recipe(budget=0.0), progress=silent))


def test_bundle_holds_the_vectors_and_compares_by_them(ranker: Ranker) -> None:
    vectors = ranker.recommenders["vectors"]
    assert isinstance(vectors, Vectors)
    assert not vectors.empty
    assert ranker.similar is not None
    assert isinstance(ranker.similar.content, ContentWithVectors)
    own = [name.decode() for name in ranker.item_ids.tolist()]
    near, _ = vectors.rows.row(0)
    assert {int(own[code][1:]) % 3 for code in near[:10].tolist()} == {int(own[0][1:]) % 3}


def test_new_item_is_recommended_by_its_vector_alone(ranker: Ranker) -> None:
    vectors = ranker.recommenders["vectors"]
    assert isinstance(vectors, Vectors)
    live = LiveCatalogue(ranker.knowledge, ranker.content, None, vectors)
    live.apply("new", {"vectors": {"image": np.eye(8, dtype=np.float32)[1]}})
    found, _ = live.new_items.rows.row(0)
    own = [name.decode() for name in ranker.item_ids.tolist()]
    assert {int(own[code][1:]) % 3 for code in found[:10].tolist()} == {1}


def test_bundle_of_a_catalogue_without_vectors_has_none(trained_bundles: Path) -> None:
    bundle = BundleStore(trained_bundles).load_active()
    assert bundle is not None
    ranker = Ranker.load(bundle)
    assert not isinstance(ranker.similar.content if ranker.similar else None, ContentWithVectors)
    assert "vectors" not in bundle.manifest.settings.get("network_parts", ())
    assert bundle.manifest.metrics["left_out"]["vectors"] == "no two items of the catalogue have a vector"
