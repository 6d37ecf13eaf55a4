"""Explanations: what an item's score is made of, in the very numbers that ranked it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays.types import Float32, Float64
from models.data.history import History
from models.ranking.candidates import PARTS, Candidates
from models.ranking.ranker import Ranked, Ranker
from models.recommenders.content import Content
from models.recommenders.item_knn import ItemKNN
from models.recommenders.recommender import ItemMatrix, Recommender
from models.recommenders.successor import Successor

NETWORK = "network"
_SMALL = 0.005
"""Strands with a smaller share are left out, and the others scaled so that they still make up the whole."""
_OWN_ITEMS = 3
_READ_BY_NETWORK = (ItemKNN, Successor, Content)


@dataclass(frozen=True)
class Reason:
    """One strand of a score: its share, and the user's own items behind it, each with its share of the strand."""

    strand: str
    share: float
    because: tuple[tuple[int, float], ...] = ()


def contributions(ranker: Ranker, ranked: Ranked) -> dict[str, Float64]:
    """Take the scores of all candidates apart: float64 of length n for each strand.

    For every candidate they add up to its score, but for a constant that is the same for all: the blend measures each
    side from its mean, here it is measured from nothing (parts) or from the worst of the list (network). What buries
    an item is below 0.
    """
    candidates, blend = ranked.candidates, ranker.retriever.config.blend
    weight = blend.network_weight if ranked.network is not None else 0.0
    scale = (1.0 - weight) / _spread(candidates.neighbours) if weight > 0 else 1.0
    found = {
        part: scale * float(mix) * candidates.parts[row].astype(np.float64)
        for row, (part, mix) in enumerate(zip(PARTS, ranker.retriever.mix.tolist(), strict=True))
        if mix > 0
    }
    if ranked.network is not None:
        network = ranked.network.astype(np.float64)
        found[NETWORK] = weight * (network - network.min()) / _spread(ranked.network)
    return found | {name: added.astype(np.float64) for name, added in ranked.extra.items()}


def explain(ranker: Ranker, history: History, ranked: Ranked, places: Sequence[int]) -> list[list[Reason]]:
    """Tell why items are in a list; the shares of each item's strands add up to 1.

    What buries an item counts with its size. Own items are named for strands that are sums over them; for the
    network they are those of the strands it reads that are such sums.

    Parameters
    ----------
    places
        Of the items among the candidates.
    """
    parts = contributions(ranker, ranked)
    own = _own_items(ranker, history)
    return [_reasons(parts, own, ranked.candidates, place) for place in places]


def _reasons(
    parts: Mapping[str, Float64], own: Mapping[str, "_OwnItems"], candidates: Candidates, place: int
) -> list[Reason]:
    sizes = {name: abs(float(values[place])) for name, values in parts.items()}
    total = sum(sizes.values())
    if total <= 0:
        return [Reason("popularity", 1.0)]
    large = {name: size for name, size in sizes.items() if size >= _SMALL * total}
    whole = sum(large.values())
    item = int(candidates.items[place])
    return [
        Reason(name, size / whole, own[name].of(item) if name in own else ())
        for name, size in sorted(large.items(), key=lambda strand: -strand[1])
    ]


@dataclass(frozen=True)
class _OwnItems:
    """How much each item of a history says for another one, in some recommenders."""

    history: History
    sources: Sequence[ItemMatrix[Any]]

    def of(self, item: int) -> tuple[tuple[int, float], ...]:
        """Give the items that say most for one, each with its share of what all of them say."""
        said = np.zeros(len(self.history), dtype=np.float64)
        for source in self.sources:
            weights = self.history.weights(source.config.recency_decay)
            each = weights * np.array([_value(source, int(mine), item) for mine in self.history.items])
            total = np.abs(each).sum()
            said += each / total if total > 0 else 0.0
        total = said[said > 0].sum()
        best = [place for place in np.argsort(-said, kind="stable")[:_OWN_ITEMS] if said[place] > 0]
        return tuple((int(self.history.items[place]), float(said[place] / total)) for place in best)


def _own_items(ranker: Ranker, history: History) -> dict[str, _OwnItems]:
    config = ranker.retriever.config
    recent = history.where(history.items < len(ranker.item_ids))
    recent = recent.raised(config.strength_exponent).latest(config.max_history)
    recommenders: dict[str, Recommender] = ranker.recommenders
    own = {name: _OwnItems(recent, [part]) for name, part in recommenders.items() if isinstance(part, ItemMatrix)}
    read = [part for part in recommenders.values() if isinstance(part, _READ_BY_NETWORK)]
    return own | {NETWORK: _OwnItems(recent, read)}


def _value(source: ItemMatrix[Any], mine: int, item: int) -> float:
    columns, values = source.rows.row(mine)
    found = np.flatnonzero(columns == item)
    return float(values[found[0]]) if len(found) else 0.0


def _spread(scores: Float32) -> float:
    return float(scores.std()) or 1.0
