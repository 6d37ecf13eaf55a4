"""The blend: `score = (1 - w) * neighbours + w * network`, on comparable scales."""

from models.arrays.types import Float32
from models.ranking import feature_kernels


def blend(neighbours: Float32, network: Float32, network_weight: float) -> Float32:
    """Mix two scores of the same candidates, each standardised within the list: float32 of length n."""
    if network_weight <= 0:
        return neighbours
    return feature_kernels.blend(neighbours, network, float(network_weight))
