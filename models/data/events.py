"""Event types: what an interaction of each type says about interest."""

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

POSITIVE_EVENT_TYPES: frozenset[str] = frozenset(name for name, weight in EVENT_WEIGHTS.items() if weight > 0)
