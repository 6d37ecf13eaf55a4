"""The parts that are not fitted on some data, and why."""

from collections.abc import Iterable

from models.data.goal import REACHED
from models.data.interactions import Interactions
from models.recommenders.registry import entry_of, too_large


def not_fitted(parts: Iterable[str], used: int, everything: Interactions) -> dict[str, str]:
    """Return the parts that are not fitted, and why: those that are too large, or need acts that the data lacks.

    Parameters
    ----------
    parts
        The parts that are wanted.
    used
        Number of items with interactions.
    """
    parts = list(parts)
    acts = everything.acts
    reasons = too_large(parts, used, everything.n_items)
    if acts is None or not (acts != REACHED).any():
        reasons |= {part: "all interactions count as success" for part in parts if entry_of(part).needs_acts}
    return reasons
