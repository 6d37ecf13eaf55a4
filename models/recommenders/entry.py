"""What a recommender tells other modules about itself: one entry of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from models.recommenders.recommender import Recommender
from models.recommenders.search_space import Choice, Halving, Steps


@dataclass(frozen=True)
class Entry:
    """What other modules need to know about a recommender.

    Parameters
    ----------
    recommender
        Its class; the name is the first of its signals.
    config
        The class of its settings, which all have a default.
    title
        Name of its scores, for use in a sentence.
    weight
        Weight in the mix where the search starts.
    more_parts
        Further signals that are weighed in the mix, with their names for a sentence; their weights start at 0.
    unordered, unordered_weight
        Settings and weight where the search starts if the data has no order; None for the same weight.
    choices
        Settings that are chosen by the accuracy of the recommender alone.
    searched
        Settings that are searched within the mix.
    read_by_network
        Whether its signals are features of the network.
    kept
        Whether a bundle holds it even at weight 0, for similar items, similar users, reasons or new items.
    explains_network
        Whether its contributions of the user's items explain the network's share; only for a kept `ItemMatrix`.
    from_catalogue
        Whether it is fitted on the catalogue alone, so that other interactions need no new fit.
    relates_items
        Whether a score above 0 means that an item is related to those of the history.
    compares_items
        Whether its matrix says how similar two items are, for diversity and for similar items that the mix does not
        know; only for a kept `ItemMatrix`.
    needs_acts
        Whether it is fitted only where interactions of several kinds lead to a goal.
    acts_weight
        Weight where the search starts on such data; its own `weight` is 0.
    lacking
        What data lacks that it cannot be fitted on, for use in a sentence.
    retired
        Whether a full training leaves it out, as it helps nowhere; a bundle of an earlier version may hold it, is
        served with it, and keeps it in a refresh.
    max_used, max_items
        It is not fitted if more items have interactions, or if the catalogue has more items; None without a limit.
    """

    recommender: type[Recommender]
    config: type[BaseModel]
    title: str
    weight: float = 0.0
    more_parts: Mapping[str, str] = field(default_factory=dict)
    unordered: Mapping[str, float] = field(default_factory=dict)
    unordered_weight: float | None = None
    choices: tuple[Choice, ...] = ()
    searched: tuple[Steps | Halving, ...] = ()
    read_by_network: bool = True
    kept: bool = False
    explains_network: bool = False
    from_catalogue: bool = False
    relates_items: bool = True
    compares_items: bool = False
    needs_acts: bool = False
    acts_weight: float = 0.0
    lacking: str = "the data holds nothing to fit it on"
    retired: bool = False
    max_used: int | None = None
    max_items: int | None = None

    def too_large(self, used: int, items: int) -> str | None:
        """Return why it is not fitted on data of this size; None if it is.

        Parameters
        ----------
        used, items
            Numbers of items with interactions, and of all items.
        """
        if self.max_used is not None and used > self.max_used:
            return f"{used:,} items have interactions, more than {self.max_used:,}"
        if self.max_items is not None and items > self.max_items:
            return f"the catalogue has {items:,} items, more than {self.max_items:,}"
        return None

    @property
    def name(self) -> str:
        """The recommender's name: that of its first signal, of its settings and of its weight."""
        return self.recommender.signals[0]

    @property
    def weights(self) -> dict[str, tuple[str, float]]:
        """The names of the parts that are weighed in the mix, and the weights where the search starts."""
        return {self.name: (self.title, self.weight), **{part: (title, 0.0) for part, title in self.more_parts.items()}}

    @property
    def parts(self) -> tuple[str, ...]:
        """Its signals that are weighed in the mix."""
        return (self.name, *self.more_parts)
