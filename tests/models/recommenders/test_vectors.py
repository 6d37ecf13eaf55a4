"""Tests of the recommender that compares vectors, and of what reads it: new items, and similar items."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.described import describe
from models.data.interactions import Interactions
from models.data.schema import EMPTY, Schema, parse_schema
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.live_catalogue import LiveCatalogue
from models.recommenders.recommender import TrainingData
from models.recommenders.vectors import Vectors, VectorsConfig
from models.similar.config import SimilarConfig
from models.similar.similar_items import SimilarItemsOf
from models.similar.with_vectors import ContentWithVectors

SCHEMA = parse_schema(
    {"items": {"text": {"type": "vector", "length": 2}, "image": {"type": "vector", "length": 2}}}, ""
)
ITEMS = {
    "a": ([1.0, 0.0], None),
    "b": ([2.0, 0.2], None),
    "c": ([0.0, 1.0], [1.0, 0.0]),
    "d": (None, [3.0, 0.0]),
    "e": (None, None),
}


def catalogue(schema: Schema = SCHEMA, **columns: Any) -> pa.Table:
    vectors = {"text": [one for one, _ in ITEMS.values()], "image": [one for _, one in ITEMS.values()]}
    return describe(pa.table({"item_id": list(ITEMS), **vectors, **columns}), schema).table


@pytest.fixture
def data(table: Any) -> Interactions:
    return Interactions.from_table(table([(f"u{n}", item) for n in range(2) for item in ITEMS]))


def fit(data: Interactions, table: pa.Table | None = None) -> Vectors:
    return Vectors.fit(TrainingData(data, catalogue() if table is None else table), VectorsConfig())


def row(vectors: Vectors, code: int) -> dict[int, float]:
    items, scores = vectors.rows.row(code)
    return dict(zip(items.tolist(), scores.tolist(), strict=True))


def test_rows_are_cosines(data: Interactions) -> None:
    vectors = fit(data)
    assert row(vectors, 0) == pytest.approx({1: 1 / np.hypot(1, 0.1)})
    # Item c has two vectors, of which d has one.
    assert row(vectors, 3) == pytest.approx({2: 0.5**0.5})
    assert row(vectors, 4) == {}


def test_catalogue_without_vectors_gives_nothing(data: Interactions) -> None:
    table = pa.table({"item_id": list(ITEMS), "title": list(ITEMS)})
    vectors = fit(data, describe(table, EMPTY).table)
    assert vectors.empty
    assert vectors.fits(5, 2)
    assert not len(vectors.neighbours_of({"vectors": {"text": np.ones(2, np.float32)}})[0])


def test_new_item_gets_the_neighbours_of_a_fit(data: Interactions) -> None:
    vectors = fit(data)
    for code, (text, image) in enumerate(ITEMS.values()):
        given = {name: one for name, one in (("text", text), ("image", image)) if one is not None}
        found, scores = vectors.neighbours_of({"vectors": given}, code)
        assert dict(zip(found.tolist(), scores.tolist(), strict=True)) == pytest.approx(row(vectors, code))
    assert not len(vectors.neighbours_of({"vectors": {"text": [1.0, 2.0, 3.0]}})[0])
    assert not len(vectors.neighbours_of({"title": "no vector"})[0])


def test_bundle_gives_back_the_vectors(data: Interactions, store: BundleStore) -> None:
    first = fit(data)
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = Vectors.load(store.publish(manifest, first.arrays()), first.config)
    assert loaded.fits(5, 2)
    item = {"vectors": {"text": [1.0, 1.0]}}
    assert loaded.neighbours_of(item)[0].tolist() == first.neighbours_of(item)[0].tolist() != []


def test_new_items_are_compared_with_known_and_new_ones(data: Interactions) -> None:
    vectors = fit(data)
    live = LiveCatalogue(Knowledge.fit(None, KnowledgeConfig(), data.item_ids), vectors=vectors)
    live.apply("new", {"vectors": {"text": np.array([0.0, 5.0], np.float32)}})
    live.apply("plain", {"title": "no vector"})
    live.apply("twin", {"vectors": {"text": np.array([0.1, 5.0], np.float32)}})
    rows = live.new_items.rows_of("vectors")
    assert rows is not None
    assert rows.row(0)[0].tolist() == [2, 1]
    assert live.new_vectors.nearest(5, 10)[0].tolist() == [7]
    live.apply("twin", None)
    assert not len(live.new_vectors.nearest(5, 10)[0])


def test_vectors_are_a_field_of_content(data: Interactions, store: BundleStore) -> None:
    table = catalogue(title=["red shoe", "oak table", "red shoe", "pine table", "red shoe"])
    config = SimilarConfig(title=1.0, vectors=1.0, min_evidence=0.0)
    similar = SimilarItemsOf.fit(data, table, config, vectors=fit(data, table))
    content = similar.content
    assert isinstance(content, ContentWithVectors)
    # By its title, a is like c and e; by its vector, like b.
    assert set(content.rows.row(0)[0].tolist()) == {1, 2, 4}
    assert dict(zip(*map(list, content.rows.row(0)), strict=True))[1] == pytest.approx(0.5 / np.hypot(1, 0.1), abs=1e-3)
    item = {"title": "red shoe", "vectors": {"text": np.array([1.0, 0.0], np.float32)}}
    found = content.configured(content.config).neighbours_of(item, 0)
    assert dict(zip(*map(list, found), strict=True)) == pytest.approx(
        dict(zip(*map(list, content.rows.row(0)), strict=True)), abs=1e-5
    )
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    bundle = store.publish(manifest, {**similar.arrays(), **fit(data, table).arrays()})
    again = SimilarItemsOf.load(bundle, config).content
    assert isinstance(again, ContentWithVectors)
    assert again.neighbours_of(item, 0)[0].tolist() == found[0].tolist()


def test_attribute_with_many_values_makes_no_items_alike(table: Any) -> None:
    ids = [f"i{n:05d}" for n in range(10_100)]
    items = pa.table({"item_id": ids, "attributes": [f'{{"sku": "s{n // 2}", "code": "c{n}"}}' for n in range(10_100)]})
    found = describe(items, EMPTY)
    assert found.crowded == {"code": 10_000}
    assert found.notes() == ["code: more than 10,000 different values: items are not compared by them"]
