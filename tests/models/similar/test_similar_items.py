"""Likeness by users and by descriptions, joined; and what a bundle keeps of it."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.arrays.sparse_rows import SparseRows
from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.similar.acts import Acts
from models.similar.config import SimilarConfig
from models.similar.similar_items import SimilarItemsOf, alike_by_content, known_share

CONFIG = SimilarConfig(half_known=10.0, content_weight=0.5, agreement=1.0)


def floats(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def codes(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


def test_an_item_is_half_known_after_so_many_interactions() -> None:
    assert known_share(floats(0, 10, 30), CONFIG).tolist() == pytest.approx([0, 0.5, 0.75])
    assert known_share(floats(0, 1), CONFIG.model_copy(update={"half_known": 0.0})).tolist() == [0, 1]


def known(*counts: float) -> SimilarItemsOf:
    """Items with these numbers of users, and no neighbours."""
    ids = np.array([str(code).encode() for code in range(len(counts))])
    nothing = SparseRows(np.zeros(len(counts) + 1, np.int64), codes(), floats())
    return SimilarItemsOf(CONFIG, nothing, alike_by_content(ids, None, CONFIG), floats(*counts))


def test_both_count_by_how_much_is_known_of_each() -> None:
    # Item 3 is newer than the counts.
    items, scores = known(10, 30, 0).blend(0, (codes(1), floats(1.0)), (codes(3, 1), floats(0.8, 0.4)))
    assert items.tolist() == [1, 3]
    share = 0.5 * 0.75
    assert scores.tolist() == pytest.approx([share * 1.0 * 1.4 / 2 + (1 - share) * 0.5 * 0.4, 0.5 * 0.8])


@pytest.mark.parametrize("code", [2, 3])
def test_of_an_item_without_interactions_the_description_decides(code: int) -> None:
    items, scores = known(99, 99, 0).blend(code, (codes(), floats()), (codes(1, 0), floats(0.9, 0.3)))
    assert items[np.argsort(-scores)].tolist() == [1, 0]


@pytest.fixture
def similar(table: Callable[..., pa.Table]) -> SimilarItemsOf:
    start = 1.7e9
    rows = [(f"u{user}", item, start + place) for user in range(4) for place, item in enumerate("abc")]
    log = table(rows).append_column("event_type", pa.array(["purchase"] * len(rows)))
    interactions = Interactions.from_table(log)
    catalogue = pa.table({"item_id": ["a", "b", "c"], "title": ["red hat", "red cap", "boot"]})
    acts = Acts.from_table(log, interactions.user_ids, interactions.item_ids, 1800.0)
    return SimilarItemsOf.fit(interactions, catalogue, SimilarConfig(), acts)


def publish(
    store: BundleStore, similar: SimilarItemsOf, **changed: np.ndarray[tuple[int], np.dtype[np.int32]]
) -> SimilarItemsOf:
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    return SimilarItemsOf.load(store.publish(manifest, similar.arrays() | changed), similar.config)


def test_a_bundle_holds_all_methods(store: BundleStore, similar: SimilarItemsOf) -> None:
    loaded = publish(store, similar)
    assert loaded.fits(3)
    assert not loaded.fits(4)
    assert sorted(loaded.together) == ["bought_together"]
    for method in ("item_knn", "content", "bought_together"):
        before, after = similar.rows_of(method), loaded.rows_of(method)
        assert before is not None
        assert after is not None
        assert len(after.indices)
        assert after.indices.tolist() == before.indices.tolist()
        assert after.values.tolist() == before.values.tolist()
    assert loaded.rows_of("viewed_together") is None
    found = loaded.content.neighbours_of({"title": "red shoe"})[0].tolist()
    assert sorted(found[:2]) == [0, 1]


def test_a_damaged_bundle_is_refused(store: BundleStore, similar: SimilarItemsOf) -> None:
    with pytest.raises(BundleError, match="similar_item_knn"):
        publish(store, similar, similar_item_knn_indices=codes(-1))
