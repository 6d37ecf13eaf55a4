"""Event types: what an interaction of each type says about interest."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

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
EVENT_MEANINGS: dict[str, str] = {
    "view": "The user looked at the item: its page was opened, or it was played or read.",
    "click": "The user followed a link to the item.",
    "cart": "The user put the item into the cart.",
    "purchase": "The user bought the item; `quantity` and `revenue` say how many pieces, and for how much.",
    "like": "The user marked the item as liked, as a favourite or as a bookmark.",
    "rating": "The user rated the item; `value` is the rating. One below the middle of the scale is negative feedback.",
    "dislike": "The user does not want the item: it is not recommended to this user, and similar items rank lower.",
    "return": "The user gave the item back; so does any interaction with a negative `quantity`.",
    "shown": "The user saw the item in a list: for online measures, rotation and training on what was passed over.",
    "recommended": "The item was in a list, seen or not: for online measures alone.",
}
"""What each of them says; the reference of the documentation is made from this."""

IMPRESSIONS = ("shown", "recommended")
"""What is kept for measuring and never counts as interest."""
EVENT_TYPE_PATTERN = r"^[A-Za-z0-9._\-:]{1,64}$"
EVENT_TYPE_RULE = "1 to 64 characters of letters, digits and . _ - :"
_DAY = 86_400.0


def positive_types(weights: Mapping[str, float]) -> list[str]:
    """Name the event types that show interest."""
    return sorted(kind for kind, weight in weights.items() if weight > 0)


class EventType(BaseModel):
    """What an interaction of one type says about interest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: FiniteFloat = Field(description="how much it says; below 0 where it is negative")
    feedback: Literal["positive", "negative", "neutral"] | None = Field(
        None, description="what it says; by the sign of the weight where absent"
    )
    half_life_days: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="days after which it says half as much; never where absent"
    )

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.feedback == "positive" and not self.weight:
            raise ValueError("positive feedback needs a weight other than 0")
        signs = {"positive": abs(self.weight), "negative": -abs(self.weight), "neutral": 0.0, None: self.weight}
        object.__setattr__(self, "weight", signs[self.feedback])
        return self


def completed(given: Mapping[str, float | EventType]) -> dict[str, EventType]:
    """Add the defaults of the event types that are left out.

    Raises
    ------
    ValueError
        No event type shows interest, ratings weigh less than nothing (their sign is in their value), or impressions
        weigh anything.
    """
    plain = EVENT_WEIGHTS | dict(given)
    types = {name: kind if isinstance(kind, EventType) else EventType(weight=kind) for name, kind in plain.items()}
    weights = weights_of(types)
    if not positive_types(weights):
        raise ValueError("no event type has a weight above 0")
    if weights["rating"] < 0:
        raise ValueError("'rating' must not be below 0: the value of a rating says whether it is a like")
    for name in IMPRESSIONS:
        if weights[name]:
            raise ValueError(f"{name!r} must have weight 0: being shown is not interest")
    for name in types:
        if re.fullmatch(EVENT_TYPE_PATTERN, name) is None:
            raise ValueError(f"{name!r} is not a name: {EVENT_TYPE_RULE}")
    return types


def weights_of(types: Mapping[str, EventType]) -> dict[str, float]:
    """Return the weight of each event type."""
    return {name: kind.weight for name, kind in types.items()}


def half_lives_of(types: Mapping[str, EventType]) -> dict[str, float]:
    """Return the half-lives in seconds, of the event types that have one."""
    return {name: kind.half_life_days * _DAY for name, kind in types.items() if kind.half_life_days is not None}


def _completed_weights(given: Mapping[str, float]) -> dict[str, float]:
    return weights_of(completed(given))


def _spelled_out(given: object) -> object:
    if not isinstance(given, Mapping):
        return given
    return {name: kind if isinstance(kind, EventType | Mapping) else {"weight": kind} for name, kind in given.items()}


EventTypes = Annotated[dict[str, EventType], BeforeValidator(_spelled_out), AfterValidator(completed)]
"""What each event type says, of any name: its weight, or more; those left out are as in `EVENT_WEIGHTS`."""

EventWeights = Annotated[dict[str, FiniteFloat], AfterValidator(_completed_weights)]
"""A weight for each event type, of any name; those left out have that of `EVENT_WEIGHTS`."""
