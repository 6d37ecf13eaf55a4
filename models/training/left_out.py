"""Which parts the blend does not read, and why."""

from collections.abc import Collection, Mapping

from models.evaluation.report import NETWORK, POPULARITY
from models.ranking.candidates import TRAINED
from models.ranking.config import RankingConfig
from models.recommenders.registry import entry_of

NO_GAIN = "validation found no gain from it"
NO_VALIDATION = "there are too few interactions to choose a weight for it"
NO_LABELS = "it was not trained: `--only` or a budget of 0 turned it off, or there are too few interactions"


def left_out(
    config: RankingConfig,
    present: Collection[str],
    too_large: Mapping[str, str],
    *,
    wanted: Collection[str] = TRAINED,
    has_network: bool,
    reason: str = NO_GAIN,
) -> dict[str, str]:
    """Give the reason for each part, and for the network, that the blend does not read.

    Parameters
    ----------
    present
        The parts that have data.
    too_large
        Reasons of the parts that are not fitted on data of this size.
    wanted
        The parts that may have a weight; others need no reason.
    has_network
        Whether there is a network, whatever its weight.
    reason
        Why a part or a network that is there has no weight.
    """
    network = config.blend.reads_network
    read = config.network_parts if network else ()
    found = dict(too_large)
    for part in TRAINED:
        # Popularity fills up every list, whatever its weight.
        if part in found or part not in wanted or part == POPULARITY:
            continue
        if part not in present:
            found[part] = entry_of(part).lacking
        elif getattr(config.blend, part) <= 0 and part not in read:
            found[part] = reason
    if not network:
        found[NETWORK] = reason if has_network else NO_LABELS
    return found
