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


def _completed(given: dict[str, float]) -> dict[str, float]:
    unknown = sorted(set(given) - set(EVENT_WEIGHTS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(EVENT_WEIGHTS)}")
    completed = EVENT_WEIGHTS | given
    if not positive_types(completed):
        raise ValueError("no event type has a weight above 0")
    return completed


EventWeights = Annotated[dict[str, FiniteFloat], AfterValidator(_completed)]
"""A weight for each event type; those left out have that of `EVENT_WEIGHTS`."""
