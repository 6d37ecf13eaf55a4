"""Event types: what an interaction of each type says about interest."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, FiniteFloat

EVENT_WEIGHTS: dict[str, float] = {
    "view": 0.4,
    "click": 0.5,
    "cart": 0.7,
    "purchase": 1.0,
    "like": 1.0,
    "rating": 1.0,
    "dislike": -1.0,
    "return": -1.0,
    "shown": 0.0,
    "recommended": 0.0,
}
"""Weight of each event type: above 0 interest, below 0 its opposite, 0 no evidence."""


def positive_types(weights: Mapping[str, float]) -> list[str]:
    """Name the event types that show interest."""
    return sorted(kind for kind, weight in weights.items() if weight > 0)


def completed(given: Mapping[str, float]) -> dict[str, float]:
    """Add the defaults of the event types that are left out.

    Raises
    ------
    ValueError
        No event type shows interest, or ratings weigh less than nothing: their sign is in their value.
    """
    weights = EVENT_WEIGHTS | dict(given)
    if not positive_types(weights):
        raise ValueError("no event type has a weight above 0")
    if weights["rating"] < 0:
        raise ValueError("'rating' must not be below 0: whether a rating is a like is told by its value")
    return weights


EventWeights = Annotated[dict[str, FiniteFloat], AfterValidator(completed)]
"""A weight for each event type, of any name; those left out have that of `EVENT_WEIGHTS`."""
