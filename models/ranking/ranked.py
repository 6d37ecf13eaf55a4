"""A ranked list, and what a request adds to the scores of some items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.arrays.types import Float32, Int32, Mask, Places
from models.ranking.candidates import Candidates
from models.recommenders.profile_affinity import Lifted


@dataclass(frozen=True)
class Adjustment:
    """Adds `weight` standard deviations of a list's scores, times `values`, to the scores.

    With `of_range` the unit is the distance between the best and the worst score instead. `values` has a place for
    each code: bool, or float32 from 0 to 1. `name` is the name of the adjustment in explanations.
    """

    name: str
    values: Mask | Float32
    weight: float
    of_range: bool = False


@dataclass(frozen=True)
class Ranked:
    """A ranked list and the candidates it was ranked from.

    `places` are the positions of the ranked items among the candidates, best first; `scores` (float32) are their
    scores. `network` are the network's scores of all candidates, None where it was not run; `late` tells whether
    there was no time for it. `extra` holds what each adjustment added to the score of every candidate. `lifted` is what
    the profile of a user without a history raised. `network_share` is the share of the network in the scores, where it
    was run, and `mix` the weight of each part in the neighbours' scores.
    """

    candidates: Candidates
    places: Places
    scores: Float32
    network: Float32 | None = None
    late: bool = False
    extra: Mapping[str, Float32] = field(default_factory=dict)
    lifted: Lifted | None = None
    network_share: float = 0.0
    mix: Float32 | None = None

    @property
    def items(self) -> Int32:
        """The codes of the items, best first."""
        return self.candidates.items[self.places]


def added_by(adjustments: Sequence[Adjustment], items: Int32, scores: Float32) -> dict[str, Float32]:
    """Return what adjustments add to the scores of some items (codes), by name; those of one name together."""
    if not adjustments:
        return {}
    units = float(scores.std()) or 1.0, float(scores.max() - scores.min()) or 1.0
    extra: dict[str, Float32] = {}
    for one in adjustments:
        size = np.float32(one.weight * units[one.of_range])
        added = np.asarray(one.values[items] * size, dtype=np.float32)
        extra[one.name] = extra[one.name] + added if one.name in extra else added
    return extra
