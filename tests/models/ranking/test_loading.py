from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.features import FEATURES, Scaler
from models.ranking.network import NetworkScorer
from models.ranking.ranker import Ranker
from models.similar.config import SimilarConfig
from models.similar.similar_items import SimilarItemsOf
from tests.models.conftest import Recommend

Arrays = dict[str, npt.NDArray[np.generic]]
MakeNetwork = Callable[..., Path]
WIDTH = len(FEATURES)
FEW = pa.table({"user_id": ["u", "u"], "item_id": ["a", "b"]})


@pytest.fixture
def arrays(ranker: Ranker) -> Arrays:
    ids: Arrays = {"item_ids": ranker.item_ids, "user_ids": ranker.user_ids}
    return {**ids, **ranker.retriever.arrays(), **ranker.knowledge.arrays()}


@pytest.fixture
def scaling() -> Arrays:
    return {"scaler_mean": np.zeros(WIDTH, dtype=np.float32), "scaler_scale": np.ones(WIDTH, dtype=np.float32)}


def published(
    store: BundleStore, arrays: Arrays, *files: Path, settings: dict[str, Any] | None = None, weight: float = 0.0
) -> Bundle:
    chosen = RankingConfig(blend=BlendConfig(network_weight=weight)).model_dump() if settings is None else settings
    return store.publish(Manifest(version="v1", data={}, settings=chosen, metrics={}, protocol="random"), arrays, files)


def test_a_loaded_ranker_answers_as_the_one_that_was_stored(
    store: BundleStore, arrays: Arrays, ranker: Ranker, recommend: Recommend
) -> None:
    loaded = Ranker.load(published(store, arrays))
    # A bundle leaves out what has no weight.
    used = Ranker(ranker.retriever.pruned(), None, ranker.item_ids, ranker.user_ids)
    assert recommend(loaded, ["i01", "i03"], limit=9) == recommend(used, ["i01", "i03"], limit=9)
    assert loaded.version == "v1"
    assert loaded.network is None


def test_a_bundle_from_before_similar_items_had_arrays_is_loaded(store: BundleStore, arrays: Arrays) -> None:
    settings = RankingConfig(blend=BlendConfig()).model_dump()
    del settings["similar"]
    assert Ranker.load(published(store, arrays, settings=settings)).similar is None


def test_similar_items_that_do_not_fit_are_refused(store: BundleStore, arrays: Arrays) -> None:
    settings = RankingConfig(similar=SimilarConfig()).model_dump()
    with pytest.raises(BundleError, match="similar"):
        Ranker.load(published(store, arrays, settings=settings))
    few = SimilarItemsOf.fit(Interactions.from_table(FEW), None, SimilarConfig())
    assert few.fits(2)
    with pytest.raises(BundleError, match="another number of items"):
        Ranker.load(published(BundleStore(store.root / "more"), {**arrays, **few.arrays()}, settings=settings))


def test_a_bundle_with_a_network_scores_with_it(
    store: BundleStore, arrays: Arrays, scaling: Arrays, make_network: MakeNetwork, recommend: Recommend
) -> None:
    loaded = Ranker.load(published(store, {**arrays, **scaling}, make_network(), weight=1.0))
    best, *_ = recommend(loaded, ["i01", "i03"], limit=1)
    assert best[0] in {"i00", "i02", "i04", "i06", "i08", "i10"}


@pytest.mark.parametrize(
    "change",
    [
        lambda found: {"item_ids": found["item_ids"][:-1]},
        lambda found: {"user_ids": found["user_ids"][:-1]},
        lambda found: {"popularity_counts": found["popularity_counts"][:-1]},
        lambda found: {"popularity_recent": found["popularity_recent"][:-1]},
        lambda found: {"popularity_order": found["popularity_order"][:-1]},
        lambda found: {"popularity_order": found["popularity_order"] + 1},
        lambda found: {"popularity_trend_order": found["popularity_trend_order"] - 1},
        lambda found: {"item_knn_indptr": np.append(found["item_knn_indptr"], found["item_knn_indptr"][-1])},
        lambda found: {"user_knn_indptr": np.append(found["user_knn_indptr"], found["user_knn_indptr"][-1])},
        lambda found: (
            {f"user_knn_histories_{part}": found[f"user_knn_histories_{part}"][:0] for part in ("indices", "values")}
            | {"user_knn_histories_indptr": np.zeros(2, dtype=np.int64)}
        ),
        lambda found: {"item_knn_indices": found["item_knn_indices"] + 1},
        lambda found: {"user_knn_indices": found["user_knn_indices"] + 1},
        lambda found: {"user_knn_histories_indices": found["user_knn_histories_indices"] + 1},
        lambda found: {"user_knn_item_users_indices": found["user_knn_item_users_indices"] + 1},
        lambda found: {"item_knn_values": found["item_knn_values"][:-1]},
        lambda found: {"item_knn_values": found["item_knn_values"].astype(np.float64)},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    store: BundleStore, arrays: Arrays, change: Callable[[Arrays], Arrays]
) -> None:
    bundle = published(store, arrays | change(arrays))
    with pytest.raises(BundleError) as caught:
        Ranker.load(bundle)
    assert str(caught.value).startswith(str(bundle.folder))


@pytest.mark.parametrize("name", ["item_ids", "user_ids", "popularity_counts", "item_knn_values", "user_knn_indptr"])
def test_a_missing_array_is_named(store: BundleStore, arrays: Arrays, name: str) -> None:
    del arrays[name]
    with pytest.raises(BundleError, match=rf"v1: {name}\.npy is missing"):
        Ranker.load(published(store, arrays))


@pytest.mark.parametrize("settings", [{"unheard_of": 1}, {"max_history": 0}, {"blend": {"network_weight": 2}}])
def test_settings_that_this_version_does_not_know_are_refused(
    store: BundleStore, arrays: Arrays, settings: dict[str, Any]
) -> None:
    with pytest.raises(BundleError, match=r"v1: settings\.\w+"):
        Ranker.load(published(store, arrays, settings=settings))


def test_a_blend_that_needs_the_missing_network_is_refused(store: BundleStore, arrays: Arrays) -> None:
    with pytest.raises(BundleError, match=r"v1: network\.onnx is missing"):
        Ranker.load(published(store, arrays, weight=0.5))


def test_a_network_without_its_scaler_is_refused(store: BundleStore, arrays: Arrays, make_network: MakeNetwork) -> None:
    with pytest.raises(BundleError, match=r"scaler_mean\.npy is missing"):
        Ranker.load(published(store, arrays, make_network()))


def test_a_network_of_other_features_is_refused(make_network: MakeNetwork, plain_scaler: Scaler) -> None:
    with pytest.raises(BundleError, match=f"read {WIDTH + 1}, {WIDTH}, {WIDTH} features"):
        NetworkScorer(make_network(n_features=WIDTH + 1), plain_scaler)


@pytest.mark.parametrize("sizes", [(WIDTH - 1, WIDTH), (WIDTH, 1)])
def test_a_scaler_of_other_features_is_refused(make_network: MakeNetwork, sizes: tuple[int, int]) -> None:
    mean, scale = (np.ones(size, dtype=np.float32) for size in sizes)
    with pytest.raises(BundleError, match=r"network\.onnx: the network and its scaler read"):
        NetworkScorer(make_network(), Scaler(mean, scale))


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_file_that_is_no_network_is_named(tmp_path: Path, plain_scaler: Scaler, content: bytes) -> None:
    (tmp_path / "network.onnx").write_bytes(content)
    with pytest.raises(BundleError, match=r"network\.onnx: is not a readable network: ") as caught:
        NetworkScorer(tmp_path / "network.onnx", plain_scaler)
    assert "\n" not in str(caught.value)


def test_the_network_reads_standardised_features(make_network: MakeNetwork) -> None:
    scaler = Scaler(np.full(WIDTH, 1.0, dtype=np.float32), np.full(WIDTH, 2.0, dtype=np.float32))
    network = NetworkScorer(make_network(), scaler)
    features = np.full((2, WIDTH), 5.0, dtype=np.float32)
    assert network.score(features).tolist() == [-2.0, -2.0]
    assert network.raw(features).tolist() == [-5.0, -5.0]
    assert network.score(features[:0]).tolist() == []
