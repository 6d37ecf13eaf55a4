"""Strands in words: what a list, a reason and a method are called where people read them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from models.recommenders.registry import RECOMMENDERS

_NAMES = {
    "item_knn": "Neighbours of items",
    "user_knn": "Neighbours of users",
    "successor": "What comes next",
    "ease": "EASE",
    "als": "ALS",
    "spectral": "Spectral",
    "content": "Content",
    "vectors": "Vectors",
    "network": "Network",
    "popularity": "Popularity",
    "popular": "Popularity",
    "trending": "Trending",
    "newest": "New",
    "repeats": "Repeats",
    "go_on": "Goes on with",
    "profile_affinity": "Profile",
    "preferences": "Preferences",
    "boosts": "Boosts",
    "buries": "Buries",
    "rotation": "Shown before",
    "similar": "Similar",
}
_TITLES = {
    part: title for entry in RECOMMENDERS for part, title in {entry.name: entry.title, **entry.more_parts}.items()
}
_COLOURED = (
    *("item_knn", "network", "successor", "content", "user_knn", "ease", "popularity", "als", "spectral", "vectors"),
    *("go_on", "profile_affinity", "trending", "repeats"),
)
METHODS = {
    "blend": "Users and descriptions together",
    "item_knn": "Items that share users with it",
    "content": "Items described like it",
    "successor": "Items that came soon after it",
    "ease": "Items that predict one another",
    "spectral": "Items close to it in a space of users",
    "vectors": "Items whose vectors are close to its own",
    "bought_together": "Bought in one visit with it",
    "viewed_together": "Viewed in one visit with it",
    "viewed_then_bought": "Bought after it was viewed",
}
STRATEGIES = {
    "personalized": "from the history",
    "session": "from the session",
    "preferences": "from the preferences",
    "popular": "what is popular, as nothing is known",
    "none": "nothing to recommend",
}


class Strand(NamedTuple):
    """A strand as it is drawn: its share from 0 to 1, and where its part of the bar begins."""

    key: str
    name: str
    colour: str
    begins: float
    share: float


def name_of(strand: str) -> str:
    """Return what a strand is called."""
    title = _TITLES.get(strand, strand.replace("_", " "))
    return _NAMES.get(strand, title[:1].upper() + title[1:])


def drawn(reasons: Sequence[Mapping[str, Any]] | None) -> list[Strand]:
    """Return the strands of an item's score, the largest first."""
    found: list[Strand] = []
    begins = 0.0
    for reason in reasons or ():
        key, share = reason["strand"], reason["share"]
        found.append(Strand(key, name_of(key), colour_of(key), begins, share))
        begins += share
    return found


def summed(items: Sequence[Mapping[str, Any]]) -> list[Strand]:
    """Return the strands of a whole list: the mean of their shares over its items, the largest first."""
    total: dict[str, float] = {}
    for item in items:
        for reason in item.get("reasons") or ():
            total[reason["strand"]] = total.get(reason["strand"], 0.0) + reason["share"] / len(items)
    ordered = sorted(total.items(), key=lambda one: -one[1])
    return drawn([{"strand": key, "share": share} for key, share in ordered])


def colour_of(strand: str) -> str:
    """Return the class that colours a strand: always the same for the same strand."""
    return f"strand-{_COLOURED.index(strand)}" if strand in _COLOURED else "strand-other"
