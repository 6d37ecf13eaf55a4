"""The blend: `score = (1 - w) * neighbours + w * network`, on comparable scales."""

import numpy as np
import numpy.typing as npt

from models.ranking import feature_kernels

Float32 = npt.NDArray[np.float32]


def blend(neighbours: Float32, network: Float32, network_weight: float) -> Float32:
    """Weave two scores of the same candidates into one, each standardised within the list."""
    if network_weight <= 0:
        return neighbours
    return feature_kernels.blend(neighbours, network, float(network_weight))
