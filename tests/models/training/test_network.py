import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from models.bundle.errors import BundleError
from models.data.interactions import Interactions
from models.data.progress import silent
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.features import FEATURES, Scaler, feature_names
from models.ranking.network import NetworkScorer
from models.ranking.network_config import NetworkConfig
from models.ranking.retriever import Retriever
from models.training import labelled_lists as lists_module
from models.training.labelled_lists import LabelOptions, labelled_lists, signals_of
from models.training.learn import check_parity
from models.training.network import (
    LabelledLists,
    build_network,
    predict,
    save_network,
    train_network,
)

REPOSITORY = Path(__file__).resolve().parents[3]
WIDTH = len(FEATURES)
SOME = np.random.default_rng(1).normal(size=(40, WIDTH)).astype(np.float32)


def lists_of(
    train: Interactions, config: RankingConfig | None = None, **options: Any
) -> tuple[LabelledLists, Scaler] | None:
    retriever = Retriever.fit(train, config or RankingConfig())
    return labelled_lists(train, retriever, LabelOptions(**options), seed=0, progress=silent)


@pytest.fixture
def exported(tmp_path: Path) -> tuple[object, NetworkScorer]:
    keras.utils.set_random_seed(1)
    model = build_network(WIDTH, NetworkConfig(layers=(4,)))
    predict(model, SOME)
    save_network(model, tmp_path / "network.keras", tmp_path / "network.onnx")
    scaler = Scaler(np.zeros(WIDTH, dtype=np.float32), np.ones(WIDTH, dtype=np.float32))
    return model, NetworkScorer(tmp_path / "network.onnx", scaler)


def test_the_exported_form_agrees_with_the_network(exported: tuple[object, NetworkScorer]) -> None:
    model, network = exported
    assert np.abs(predict(model, SOME) - network.raw(SOME)).max() <= 1e-5
    assert predict(model, SOME).std() > 0
    check_parity(model, network, SOME)


def test_an_exported_form_that_differs_is_refused(exported: tuple[object, NetworkScorer]) -> None:
    keras.utils.set_random_seed(2)
    other = build_network(WIDTH, NetworkConfig(layers=(4,)))
    with pytest.raises(BundleError, match=r"network\.onnx differs from network\.keras by .*, more than 1e-05"):
        check_parity(other, exported[1], SOME)


def test_a_network_that_gives_no_numbers_is_refused(exported: tuple[object, NetworkScorer]) -> None:
    model, network = exported
    with pytest.raises(BundleError, match="by nan"):
        check_parity(model, network, np.full((2, WIDTH), np.nan, dtype=np.float32))


def test_training_learns_which_feature_marks_the_label_and_passes_over_padding() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5, 3)).astype(np.float32)
    present = np.ones((200, 5), dtype=np.bool_)
    present[:, 4] = False
    features[:, 4, 0] = 100.0
    labels = np.zeros((200, 5), dtype=np.float32)
    labels[np.arange(200), features[:, :4, 0].argmax(axis=1)] = 1.0
    told: list[float] = []
    config = NetworkConfig(layers=(8,), batch_lists=50, epochs=8, learning_rate=0.02)
    trained = train_network(LabelledLists(features, present, labels), config, seed=0, on_epoch=told.append)
    scores = predict(trained.model, features[:, :4].reshape(-1, 3)).reshape(200, 4)
    assert (scores.argmax(axis=1) == features[:, :4, 0].argmax(axis=1)).mean() > 0.8
    assert trained.history["loss"][-1] < trained.history["loss"][0]
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_lists_label_the_latest_items_each_with_what_came_before(checkerboard: Interactions) -> None:
    made = lists_of(checkerboard, sampled=0)
    assert made is not None
    lists, scaler = made
    # A column for each number of the recommenders that have data.
    width = len(feature_names(signals_of(Retriever.fit(checkerboard, RankingConfig()))))
    assert lists.features.shape == (36, 100, width)
    assert width < WIDTH
    assert lists.labels.sum(axis=1).tolist() == [1.0] * 36
    assert sorted(lists.present.sum(axis=1).tolist()) == [8] * 12 + [9] * 12 + [10] * 12
    assert not lists.labels[~lists.present].any()
    assert np.isfinite(lists.features).all()
    standard = lists.features[lists.present]
    whole = np.abs(standard).max(axis=0) < 8  # nothing cut off
    assert whole.sum() > width - 5
    assert standard[:, whole].mean(axis=0) == pytest.approx(np.zeros(whole.sum()), abs=1e-4)
    assert scaler.mean.shape == scaler.scale.shape == (width,)


def test_a_label_is_hidden_from_the_fit_that_scores_its_list(table: Callable[[list[tuple[object, ...]]], Any]) -> None:
    shared: list[tuple[object, ...]] = [(f"u{n}", item, float(at)) for n in range(9) for at, item in enumerate("abcd")]
    lonely: list[tuple[object, ...]] = [("alone", f"own-{at}", float(at)) for at in range(4)]
    data = Interactions.from_table(table(shared + lonely))
    few = RankingConfig(blend=BlendConfig(candidates=1))
    made = lists_of(data, few, sampled=0)
    assert made is not None
    # Were the labels of the lonely user in the fit, each would be found and make a list more.
    assert len(made[0].labels) == 27


def test_no_more_lists_are_made_than_the_limit(checkerboard: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists_module, "MAX_LISTS", 5)
    made = lists_of(checkerboard, sampled=0)
    assert made is not None
    assert len(made[0].labels) == 5


def test_lists_without_their_label_are_left_out(checkerboard: Interactions) -> None:
    one_candidate = RankingConfig(blend=BlendConfig(candidates=1))
    made = lists_of(checkerboard, one_candidate)
    assert made is None or (made[0].labels.sum(axis=1) == 1.0).all()
    nobody = checkerboard.select(checkerboard.items < 2)
    assert lists_of(nobody) is None


def test_importing_and_exporting_write_nothing_to_standard_error(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from models.training.network import *\n"
        "model = build_network(3, NetworkConfig())\n"
        "predict(model, np.zeros((1, 3), dtype=np.float32))\n"
        "save_network(model, Path(sys.argv[1], 'n.keras'), Path(sys.argv[1], 'n.onnx'))\n"
        "print('still heard', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stderr == "still heard\n"
    assert (tmp_path / "n.onnx").stat().st_size > 0
