"""A ranker of the checkerboard, and a network whose answers are known by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from models.data.interactions import Interactions
from models.ranking.bundle_settings import BundleFacts
from models.ranking.config import RankingConfig
from models.ranking.features import FEATURES, Scaler
from models.ranking.network import NetworkScorer
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

MakeNetwork = Callable[..., Path]


@pytest.fixture
def retriever(checkerboard: Interactions) -> Retriever:
    return Retriever.fit(checkerboard, RankingConfig())


@pytest.fixture
def ranker(checkerboard: Interactions, retriever: Retriever) -> Ranker:
    return Ranker(retriever, None, checkerboard.item_ids, checkerboard.user_ids, BundleFacts("v1"))


@pytest.fixture
def make_network(tmp_path: Path) -> MakeNetwork:
    """Write a network that multiplies one feature by -1 and passes over the others."""

    def make(feature: str = "item_knn_score", n_features: int = len(FEATURES)) -> Path:
        weights = np.zeros((n_features, 1), dtype=np.float32)
        weights[FEATURES.index(feature)] = -1.0
        kind, helper = onnx.TensorProto.FLOAT, onnx.helper
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["features", "weights"], ["score"])],
            "network",
            [helper.make_tensor_value_info("features", kind, [None, n_features])],
            [helper.make_tensor_value_info("score", kind, [None, 1])],
            [onnx.numpy_helper.from_array(weights, "weights")],
        )
        opset = [helper.make_opsetid("", 17)]
        path = tmp_path / "network.onnx"
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return path

    return make


@pytest.fixture
def plain_scaler() -> Scaler:
    """Leave features as they are."""
    width = len(FEATURES)
    return Scaler(np.zeros(width, dtype=np.float32), np.ones(width, dtype=np.float32))


@pytest.fixture
def contrary(make_network: MakeNetwork, plain_scaler: Scaler) -> NetworkScorer:
    """A network that likes best what item-based filtering likes least."""
    return NetworkScorer(make_network(), plain_scaler)


@pytest.fixture
def odd_history(codes: Callable[..., npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    return codes(1, 3, 5)
