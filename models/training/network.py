"""The Keras network: Dense 64 relu, Dense 32 relu, Dense 1, trained on lists of candidates."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float32
from models.ranking.network_config import NetworkConfig


@contextmanager
def _without_native_stderr() -> Iterator[None]:
    """Discard what compiled code writes to standard error; Python exceptions pass."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# TensorFlow reads these when it is imported: only errors on standard error, and no graphics card.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# TensorFlow 2.21 writes a message from compiled code before its logging reads any setting.
with _without_native_stderr():
    import keras
    import tensorflow as tf


_MASKED = -1e9
_MOMENTUM = 0.9


@dataclass(frozen=True)
class LabelledLists:
    """Candidate lists with their labels.

    `features` is float32 (lists, candidates, features), standardised; `present` is bool (lists, candidates), false
    at padding; `labels` is float32 (lists, candidates), each row sums to 1.
    """

    features: Float32
    present: npt.NDArray[np.bool_]
    labels: Float32

    def part(self, rows: npt.NDArray[np.int64]) -> "LabelledLists":
        """Take some of the lists."""
        return LabelledLists(self.features[rows], self.present[rows], self.labels[rows])


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and how its training went; `history` maps `loss` and `val_loss` to a number for each epoch."""

    model: Any
    history: dict[str, list[float]]


def build_network(n_features: int, config: NetworkConfig, seed: int = 0) -> Any:
    """Build the network: float32 (n, n_features) to float32 (n, 1)."""
    inputs = keras.Input((n_features,), name="features")
    hidden = inputs
    for units in config.layers:
        hidden = keras.layers.Dense(units, activation=config.activation)(hidden)
    return keras.Model(inputs, keras.layers.Dense(1, name="score")(hidden), name=f"network_{seed}")


def train_network(
    lists: LabelledLists, config: NetworkConfig, *, seed: int, on_epoch: Callable[[float], None]
) -> TrainedNetwork:
    """Train on the lists; a tenth of them, held back, stops it early at its best epoch.

    The same seed and data give the same network.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    order = np.random.default_rng(seed).permutation(len(lists.labels))
    kept_back = max(len(order) // 10, 1)
    validation, training = lists.part(order[:kept_back]), lists.part(order[kept_back:])
    n_candidates, n_features = lists.features.shape[1:]
    network = build_network(n_features, config, seed)

    features = keras.Input((n_candidates, n_features))
    present = keras.Input((n_candidates,), dtype="bool")
    flat = keras.ops.reshape(features, (-1, n_features))
    logits = keras.ops.reshape(network(flat), (-1, n_candidates))
    listwise = keras.Model([features, present], keras.ops.where(present, logits, _MASKED))
    steps = -(-len(training.labels) // config.batch_lists)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps * config.epochs)
    listwise.compile(optimizer=_optimizer(config.optimizer, rate), loss=_LOSSES[config.loss])
    fitted = listwise.fit(
        [training.features, training.present],
        training.labels,
        validation_data=([validation.features, validation.present], validation.labels),
        batch_size=config.batch_lists,
        epochs=config.epochs,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True),
            keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _logs: on_epoch((epoch + 1) / config.epochs)),
        ],
        verbose=0,
    )
    on_epoch(1.0)
    history = {name: [float(value) for value in values] for name, values in fitted.history.items()}
    return TrainedNetwork(network, history)


def _softmax(labels: Any, logits: Any) -> Any:
    return keras.ops.categorical_crossentropy(labels, logits, from_logits=True)


def _binary(labels: Any, logits: Any) -> Any:
    """Sum the binary cross-entropy of the candidates; padding has a probability of 0 and adds nothing."""
    hits = keras.ops.cast(labels > 0, logits.dtype)
    return keras.ops.sum(keras.ops.binary_crossentropy(hits, logits, from_logits=True), axis=-1)


def _squared(labels: Any, logits: Any) -> Any:
    hits = keras.ops.cast(labels > 0, logits.dtype)
    return keras.ops.sum(keras.ops.square(hits - keras.ops.sigmoid(logits)), axis=-1)


_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "softmax": _softmax,
    "binary_crossentropy": _binary,
    "mean_squared_error": _squared,
}


def _optimizer(name: str, rate: Any) -> Any:
    return keras.optimizers.Adam(rate) if name == "adam" else keras.optimizers.SGD(rate, momentum=_MOMENTUM)


def train_networks(
    lists: LabelledLists, config: NetworkConfig, *, seed: int, on_epoch: Callable[[float], None]
) -> TrainedNetwork:
    """Train several networks from different seeds and average them in one network, which varies less than each."""
    trained = [
        train_network(
            lists,
            config,
            seed=seed + member,
            on_epoch=partial(_report_member, on_epoch, member, config.members),
        )
        for member in range(config.members)
    ]
    inputs = keras.Input((lists.features.shape[-1],), name="features")
    outputs = [one.model(inputs) for one in trained]
    average = keras.layers.Average(name="score")(outputs) if len(outputs) > 1 else outputs[0]
    network = keras.Model(inputs, average, name="network")
    # The export needs a model that was called before.
    network(lists.features[:1, 0])
    return TrainedNetwork(network, trained[0].history)


def _report_member(on_epoch: Callable[[float], None], member: int, members: int, done: float) -> None:
    on_epoch((member + done) / members)


def predict(model: Any, features: Float32) -> Float32:
    """Score standardised features with the Keras form, float32 of length n."""
    return np.asarray(model.predict(features, verbose=0, batch_size=8192), dtype=np.float32).reshape(-1)


def save_network(model: Any, keras_file: Path, onnx_file: Path) -> None:
    """Save the network in its Keras form and in the ONNX form that the service runs."""
    with _without_numpy_warnings():
        model.save(keras_file)
        model.export(onnx_file, format="onnx", verbose=False)


@contextmanager
def _without_numpy_warnings() -> Iterator[None]:
    """Silence two warnings about how Keras calls NumPy, which users of Braid cannot change."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"In the future `np\.object`", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r"__array__ implementation doesn't", category=DeprecationWarning)
        yield
