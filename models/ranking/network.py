"""The network on the request path: the ONNX form of the trained network."""

from pathlib import Path

import numpy as np
import onnxruntime

from models.arrays.types import Float32
from models.bundle.errors import BundleUnreadableError
from models.ranking.features import NETWORK_SIGNALS, Scaler, feature_names

NETWORK_FILE = "network.onnx"


class NetworkScorer:
    """Scores standardised features with the exported network, on one thread.

    Parameters
    ----------
    path
        The ONNX file; it takes float32 (n, features) and gives float32 (n, 1).
    scaler
        Measured on the lists the network was trained on.
    signals
        The signals that its features are made of.
    context
        Whether it reads the context of a request as well.

    Raises
    ------
    BundleError
        The file is not a network, or the network or the scaler expects another number of features.
    """

    def __init__(
        self, path: Path, scaler: Scaler, signals: tuple[str, ...] = NETWORK_SIGNALS, *, context: bool = False
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BundleUnreadableError(f"{path}: is not a readable network: {str(error).splitlines()[0]}") from error
        network_input = self._session.get_inputs()[0]
        sizes = (network_input.shape[-1], *scaler.mean.shape, *scaler.scale.shape)
        expected = len(feature_names(signals, context=context))
        if sizes != (expected,) * 3:
            raise BundleUnreadableError(
                f"{path}: the network and its scaler read {', '.join(map(str, sizes))} features, this version of"
                f" Braid computes {expected}"
            )
        self._input = network_input.name
        self.scaler = scaler
        self.signals = signals
        self.context = context

    def score(self, features: Float32) -> Float32:
        """Score raw features, float32 (n, features): float32 of length n, higher is better."""
        return self.raw(self.scaler.transform(features))

    def raw(self, standardised: Float32) -> Float32:
        """Score features that are standardised already."""
        output = self._session.run(None, {self._input: standardised})[0]
        return np.asarray(output, dtype=np.float32).reshape(-1)
