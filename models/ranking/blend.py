"""The blend: `score = (1 - w) * neighbours + w * network`, on comparable scales."""

import numpy as np

from models.arrays.types import Float32
from models.ranking import feature_kernels
from models.ranking.candidates import PARTS, Candidates
from models.ranking.config import BlendConfig
from models.recommenders.registry import RECOMMENDERS

_OF_CATALOGUE = np.isin(PARTS, [part for entry in RECOMMENDERS if entry.from_catalogue for part in entry.parts])


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


def content_share(mix: Float32) -> float:
    """Return the share of the parts that compare descriptions in the weights of the neighbours, one for each part."""
    total = float(mix.sum())
    return float(mix[_OF_CATALOGUE].sum()) / total if total > 0 else 0.0


def with_content_share(mix: Float32, share: float) -> Float32:
    """Give the parts that compare descriptions another share of the weights; the others keep their proportions.

    Weights of one kind alone stay as they are.
    """
    now = content_share(mix)
    if not 0 < now < 1:
        return mix
    factors = np.where(_OF_CATALOGUE, share / now, (1 - share) / (1 - now))
    return np.asarray(mix * factors, dtype=np.float32)
