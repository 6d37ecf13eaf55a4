"""The blend: `score = (1 - w) * neighbours + w * network`, on comparable scales."""

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


def blend(neighbours: Float32, network: Float32, network_weight: float) -> Float32:
    """Weave two scores of the same candidates into one, each standardised within the list."""
    if network_weight <= 0:
        return neighbours
    weight = np.float32(network_weight)
    mixed: Float32 = (1 - weight) * standardise(neighbours) + weight * standardise(network)
    return mixed


def standardise(scores: Float32) -> Float32:
    """Bring a list of scores to mean 0 and deviation 1; equal scores become 0."""
    if not len(scores):
        return scores
    deviation = scores.std()
    centred: Float32 = scores - scores.mean()
    return centred / deviation if deviation > 0 else np.zeros_like(scores)
