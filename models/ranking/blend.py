"""The blend: `score = (1 - w) * neighbours + w * network`, on comparable scales."""

from models.arrays.types import Float32
from models.ranking import feature_kernels
from models.ranking.candidates import Candidates
from models.ranking.config import BlendConfig


def network_weight(config: BlendConfig, candidates: Candidates) -> float:
    """Return the network's share in the scores of some candidates.

    The more of the generated items pass a filter, the more its list is like one without a filter, and so is the share.
    """
    weight = config.weight_for(candidates.kind)
    if candidates.kind == "filtered" and candidates.wanted is not None and candidates.generated is not None:
        passed = candidates.wanted[candidates.generated]
        weight += (config.network_weight - weight) * float(passed.mean() if len(passed) else 0.0)
    return weight


def blend(candidates: Candidates, network: Float32, weight: float) -> Float32:
    """Mix the neighbours' and the network's scores of candidates: float32 of length n.

    Each is standardised by the candidates that were generated.
    """
    if weight <= 0:
        return candidates.neighbours
    return feature_kernels.blend(candidates.neighbours, network, candidates.reference, float(weight))
