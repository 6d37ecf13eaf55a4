"""What the form of a scenario offers: labels of its fields, and what can be chosen."""

from typing import Any, get_args

from app.console.filter_rows import OPERATORS
from app.console.scenario_forms import FALLBACKS, KINDS, OVERRIDES
from app.console.scenario_viewers import Offered
from app.process.serving_state import ServingState
from app.schemas.popular import AnyWindow
from models.data.catalogue import FIELDS, PREFIX

LABELS = {
    "definition": "The definition",
    "description": "Note",
    "kind": "Shows",
    "fallback": "If the list is short",
    "limit": "Items",
    "method": "Method",
    "window": "Window",
    "goal": "Goal",
    "filter": "Filter",
    "boosts": "Boosts",
    "buries": "Buries",
    "pins": "Pins",
    "exclude": "Left out",
    "exclude_seen": "Leave out of the user's history",
    "diversity": "Diversity",
    "rotation": "Rotation",
    "new_item_share": "Share for new items",
    "min_score": "Least score",
    "include": "Fields in the answer",
    "explain": "Reasons",
    "language": "Language",
    "deadline_ms": "Deadline",
    "overrides": "What a request may change",
    "variants": "Variants",
    "salt": "Salt",
    "for_user": "User",
    "for_item": "Item",
    "for_words": "Words",
    "for_session": "Items of the cart",
    "for_variant": "Variant",
}
_METHODS = ("blend", "content", "item_knn", "bought_together", "viewed_together", "viewed_then_bought")
_PLAIN = ("categories", "tags", "price")


def choices(state: ServingState, found: Offered, seen: str) -> dict[str, Any]:
    """Return what can be chosen.

    Parameters
    ----------
    seen
        What is chosen now of what is left out of the history: it may be several event types.
    """
    types = {kind: f"only items with {kind}" for kind in state.resources.settings.event_types}
    several = {seen: f"only items with {seen.replace(',', ' or ')}"} if "," in seen else {}
    named = {*state.resources.schema.current.items, *(name for item in found.items for name in item.attributes)}
    return {
        "kinds": KINDS,
        "fallbacks": {kind: words for kind, words in KINDS.items() if kind != "search"},
        "fallback_fields": FALLBACKS,
        "windows": get_args(AnyWindow),
        "methods": _METHODS,
        "seen": {"": "what reached the goal", "true": "all of it", "false": "nothing", **types, **several},
        "fields": FIELDS,
        "overrides": OVERRIDES,
        "operators": OPERATORS,
        "filter_fields": [*_PLAIN, *sorted(PREFIX + name for name in named)],
    }
