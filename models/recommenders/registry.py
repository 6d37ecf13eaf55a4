"""The registry: one entry for each recommender, with everything that other modules need to know about it.

The features of the network, the settings in a bundle, the mix, the tuner and the command line are derived from these
entries. A new recommender is a module that meets the contract of `recommender.py`, and an entry here.
"""

from collections.abc import Iterable

from models.data.goal import ACTS
from models.recommenders import als, ease, spectral
from models.recommenders.act_knn import ActKNNConfig, kind_of_act
from models.recommenders.als import Als, AlsConfig
from models.recommenders.content import Content, ContentConfig
from models.recommenders.conversion import Conversion, ConversionConfig
from models.recommenders.ease import Ease, EaseConfig
from models.recommenders.entry import Entry
from models.recommenders.go_on import GoOn, GoOnConfig
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.popularity import TRENDING, Popularity, PopularityConfig
from models.recommenders.profile_affinity import ProfileAffinity, ProfileAffinityConfig
from models.recommenders.repeats import Repeats, RepeatsConfig
from models.recommenders.search_space import Choice, Halving, Steps
from models.recommenders.spectral import Spectral, SpectralConfig
from models.recommenders.successor import Successor, SuccessorConfig
from models.recommenders.user_knn import UserKNN, UserKNNConfig
from models.recommenders.vectors import Vectors, VectorsConfig

_COOCCURRENCE = ("measure", "cooccurrence")
_TITLES = {
    "goal": "what others reached after the same",
    "cart": "carts before the goal",
    "click": "clicks before the goal",
    "view": "views before the goal",
    "like": "likes before the goal",
    "other": "other acts before the goal",
}


def _act_entry(act: str) -> Entry:
    return Entry(
        kind_of_act(act),
        ActKNNConfig,
        _TITLES[act],
        acts_weight=0.3,
        unordered={"recency_decay": 1.0},
        choices=(
            Choice("recency_decay", (0.6, 0.85, 0.95, 1.0), needs_fit=False, needs_order=True),
            Choice("user_exponent", (0.5, 0.0, 1.0)),
        ),
        searched=(
            Steps("target_exponent", 0.2, -0.2, 1.0),
            Steps("act_exponent", 0.2, 0.0, 1.0),
            Steps("recency_decay", 0.15, 0.1, 1.0, needs_order=True),
        ),
        needs_acts=True,
        lacking="no user with such an act reached the goal",
    )


RECOMMENDERS: tuple[Entry, ...] = (
    Entry(
        ItemKNN,
        ItemKNNConfig,
        "item-based CF",
        weight=1.0,
        unordered={"target_exponent": 0.3, "recency_decay": 1.0},
        choices=(
            Choice("recency_decay", (0.6, 0.85, 0.95, 1.0), needs_fit=False, needs_order=True),
            Choice("measure", ("cooccurrence", "cosine", "jaccard", "pearson", "adjusted_cosine", "euclidean")),
            Choice("shrinkage", (0.0, 5.0, 20.0)),
        ),
        searched=(
            Steps("target_exponent", 0.2, -0.2, 1.0, only_where=_COOCCURRENCE),
            Steps("item_exponent", 0.2, 0.0, 1.0, only_where=_COOCCURRENCE),
            Steps("user_exponent", 0.2, 0.0, 1.0, needs_fit=True, only_where=_COOCCURRENCE),
            Steps("recency_decay", 0.15, 0.1, 1.0, needs_order=True),
            Halving("neighbours", 20),
        ),
        kept=True,
        explains_network=True,
        compares_items=True,
        lacking="no two items share a user",
    ),
    Entry(
        Successor,
        SuccessorConfig,
        "the successors",
        weight=0.4,
        unordered_weight=0.0,
        choices=(Choice("recency_decay", (0.3, 0.5, 0.7, 0.9), needs_fit=False, needs_order=True),),
        searched=(Steps("recency_decay", 0.2, 0.1, 1.0, needs_order=True),),
        kept=True,
        explains_network=True,
        lacking="no user has two interactions in a known order",
    ),
    Entry(
        Content,
        ContentConfig,
        "content",
        weight=0.2,
        unordered={"recency_decay": 1.0},
        choices=(Choice("recency_decay", (0.7, 0.9, 1.0), needs_fit=False, needs_order=True),),
        kept=True,
        explains_network=True,
        from_catalogue=True,
        compares_items=True,
        lacking="no two items of the catalogue have words or labels in common",
    ),
    Entry(
        UserKNN,
        UserKNNConfig,
        "user-based CF",
        weight=0.2,
        choices=(Choice("measure", ("cosine", "cooccurrence", "jaccard")), Choice("shrinkage", (0.0, 5.0))),
        searched=(Halving("neighbours", 20),),
        kept=True,
        lacking="no two users share an item",
    ),
    Entry(
        Ease,
        EaseConfig,
        "EASE",
        choices=(Choice("regularization", (30.0, 100.0, 300.0, 1000.0)),),
        searched=(Steps("recency_decay", 0.1, 0.1, 1.0, needs_order=True),),
        max_used=ease.MAX_USED,
    ),
    Entry(
        Als,
        AlsConfig,
        "ALS",
        choices=(Choice("regularization", (0.1, 3.0, 30.0)), Choice("confidence", (3.0, 10.0, 40.0))),
        max_used=als.MAX_USED,
        max_items=als.MAX_ITEMS,
    ),
    Entry(
        Spectral,
        SpectralConfig,
        "the spectral part",
        searched=(Steps("recency_decay", 0.1, 0.1, 1.0, needs_order=True),),
        max_used=spectral.MAX_USED,
    ),
    Entry(
        Repeats,
        RepeatsConfig,
        "repeats",
        choices=(Choice("half_life", (15.0, 30.0, 60.0, 120.0, 240.0), needs_fit=False),),
        relates_items=False,
        lacking="it scores items of the history, and lists leave those out; or no user has an item twice",
    ),
    Entry(
        Popularity,
        PopularityConfig,
        "popularity",
        more_parts={TRENDING: "trending"},
        choices=(Choice("half_life", (0, 1, 2, 3), needs_fit=False, measured_by=TRENDING),),
        relates_items=False,
        lacking="the log has no times, or all its interactions are recent",
    ),
    Entry(
        GoOn,
        GoOnConfig,
        "what the user may go on with",
        acts_weight=1.0,
        choices=(
            Choice("half_life", (7.0, 1.0, 3.0, 15.0, 30.0, 90.0), needs_fit=False, needs_order=True),
            Choice("item_exponent", (1.0, 0.0, 0.5, 1.5), needs_fit=False),
        ),
        relates_items=False,
        needs_acts=True,
        lacking="no interaction comes before the goal",
    ),
    Entry(
        Conversion,
        ConversionConfig,
        "conversion",
        relates_items=False,
        needs_acts=True,
        retired=True,
        lacking="no interaction comes before the goal",
    ),
    *(_act_entry(act) for act in ACTS),
    Entry(
        Vectors,
        VectorsConfig,
        "vectors",
        weight=0.2,
        unordered={"recency_decay": 1.0},
        choices=(Choice("recency_decay", (0.7, 0.9, 1.0), needs_fit=False, needs_order=True),),
        kept=True,
        explains_network=True,
        from_catalogue=True,
        compares_items=True,
        lacking="no two items of the catalogue have a vector",
    ),
    Entry(
        ProfileAffinity,
        ProfileAffinityConfig,
        "what users with the same attributes, or in the same context, reach",
        relates_items=False,
        lacking="no attribute of users, and no context, has a value that enough users share",
    ),
)
"""All recommenders. Their order is that of the signals, and so of the network's features: keep it."""


def entry_of(part: str) -> Entry:
    """Find the entry of a recommender by its name, or by that of another part that it writes."""
    return next(entry for entry in RECOMMENDERS if part in entry.parts)


def too_large(parts: Iterable[str], used: int, items: int) -> dict[str, str]:
    """Return the parts that are not fitted on data of some size, and why.

    Parameters
    ----------
    parts
        The parts that are wanted.
    used, items
        Numbers of items with interactions, and of all items. They must be those of the bundle, not of a part of the
        data: otherwise a part could be measured that the bundle then lacks, or the other way round.
    """
    reasons = {part: entry_of(part).too_large(used, items) for part in parts}
    return {part: reason for part, reason in reasons.items() if reason is not None}
