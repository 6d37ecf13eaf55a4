"""Explanations: how much each strand contributes to an item's score, computed from the scores that ranked it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.arrays.types import Float32, Float64
from models.data.history import History
from models.data.profile_reader import Value
from models.ranking.candidates import PARTS, Candidates
from models.ranking.own_act import OwnAct, own_act
from models.ranking.ranked import Ranked
from models.ranking.ranker import Ranker
from models.recommenders.go_on import GoOn
from models.recommenders.popularity import Popularity
from models.recommenders.profile_affinity import ProfileAffinity
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS

NETWORK = "network"
_AFFINITY = ProfileAffinity.signals[0]
_SMALL = 0.005
"""Strands with a smaller share are left out, and the others scaled so that they add up to 1."""
_OWN_ITEMS = 3
_OF_ITSELF = {GoOn.signals[0]}
"""Strands whose reason is what the user did with the item itself."""


@dataclass(frozen=True)
class Reason:
    """One strand of a score: its share, and the user's own items behind it, each with its share of the strand.

    `own_act` is what the user did with the item itself, and `value` the attribute of the user or the value of the
    context that raises it, where that is the reason. `lowers` tells whether the strand lowers the score.
    """

    strand: str
    share: float
    because: tuple[tuple[int, float], ...] = ()
    own_act: OwnAct | None = None
    value: Value | None = None
    lowers: bool = False


def contributions(ranker: Ranker, ranked: Ranked) -> dict[str, Float64]:
    """Split the scores of all candidates into strands: float64 of length n for each.

    For every candidate they add up to its score, apart from a constant that is the same for all: the blend measures
    neighbours and network from their means, here parts are measured from 0 and the network from the worst of the list.
    A strand that lowers a score is negative.
    """
    candidates = ranked.candidates
    if ranked.lifted is not None:
        counts = ranker.popularity.newcomer_counts_of(candidates.items).astype(np.float64)
        raised = ranked.lifted.raised(candidates.items, counts.astype(np.float32))
        return {Popularity.signals[0]: counts, _AFFINITY: raised - counts, **_added(ranked)}
    mix = ranker.retriever.mix if ranked.mix is None else ranked.mix
    weight = ranked.network_share if ranked.network is not None else 0.0
    scale = (1.0 - weight) / _spread(candidates.neighbours, candidates) if weight > 0 else 1.0
    found = {
        part: scale * float(mix) * candidates.parts[row].astype(np.float64)
        for row, (part, mix) in enumerate(zip(PARTS, mix.tolist(), strict=True))
        if mix > 0
    }
    if ranked.network is not None:
        network = ranked.network.astype(np.float64)
        found[NETWORK] = weight * (network - network.min()) / _spread(ranked.network, candidates)
    return found | _added(ranked)


def _added(ranked: Ranked) -> dict[str, Float64]:
    return {name: added.astype(np.float64) for name, added in ranked.extra.items()}


def explain(
    ranker: Ranker,
    history: History,
    ranked: Ranked,
    places: Sequence[int],
    attributes: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> list[list[Reason]]:
    """Explain why items are in a list; the shares of each item's strands add up to 1.

    A strand that lowers a score counts with its absolute value. The user's own items are named for strands that are
    sums over them; for the network they are those of the recommenders whose registry entry says `explains_network`.

    Parameters
    ----------
    places
        Positions of the items among the candidates.
    attributes
        Of the user.
    context
        Of the request.
    """
    parts = contributions(ranker, ranked)
    own = _own_items(ranker, history)
    found = [_reasons(parts, own, ranked.candidates, place) for place in places]
    items = [int(ranked.candidates.items[place]) for place in places]
    affinity = ranker.retriever.affinity
    values = [] if affinity is None else affinity.reader.read(attributes or {}, context)

    def told(reason: Reason, item: int) -> Reason:
        if reason.strand in _OF_ITSELF:
            return replace(reason, own_act=own_act(history, item))
        return replace(reason, value=affinity.why(values, item)) if affinity and reason.strand == _AFFINITY else reason

    return [[told(reason, item) for reason in reasons] for item, reasons in zip(items, found, strict=True)]


def _reasons(
    parts: Mapping[str, Float64], own: Mapping[str, "_OwnItems"], candidates: Candidates, place: int
) -> list[Reason]:
    signed = {name: float(values[place]) for name, values in parts.items()}
    sizes = {name: abs(value) for name, value in signed.items()}
    total = sum(sizes.values())
    if total <= 0:
        return [Reason("popularity", 1.0)]
    large = {name: size for name, size in sizes.items() if size >= _SMALL * total}
    whole = sum(large.values())
    item = int(candidates.items[place])
    return [
        Reason(name, size / whole, own[name].of(item) if name in own else (), lowers=signed[name] < 0)
        for name, size in sorted(large.items(), key=lambda strand: -strand[1])
    ]


@dataclass(frozen=True)
class _OwnItems:
    """The contribution of each item of a history to the score of another item, in some recommenders."""

    history: History
    sources: Sequence[ItemMatrix[Any]]

    def of(self, item: int) -> tuple[tuple[int, float], ...]:
        """Return the items of the history that add most to an item's score, each with its share of the sum."""
        added = np.zeros(len(self.history), dtype=np.float64)
        for source in self.sources:
            weights = self.history.weights(source.config.recency_decay)
            each = weights * np.array([_value(source, int(mine), item) for mine in self.history.items])
            total = np.abs(each).sum()
            added += each / total if total > 0 else 0.0
        total = added[added > 0].sum()
        best = [place for place in np.argsort(-added, kind="stable")[:_OWN_ITEMS] if added[place] > 0]
        return tuple((int(self.history.items[place]), float(added[place] / total)) for place in best)


def _own_items(ranker: Ranker, history: History) -> dict[str, _OwnItems]:
    config = ranker.retriever.config
    recent = history.where(history.items < len(ranker.item_ids))
    recent = recent.raised(config.strength_exponent).latest(config.max_history)
    matrices = {name: part for name, part in ranker.recommenders.items() if isinstance(part, ItemMatrix)}
    behind = {entry.name for entry in RECOMMENDERS if entry.explains_network}
    own = {
        name: _OwnItems(recent if part.act is None else recent.with_act(part.act), [part])
        for name, part in matrices.items()
    }
    return own | {NETWORK: _OwnItems(recent, [part for name, part in matrices.items() if name in behind])}


def _value(source: ItemMatrix[Any], mine: int, item: int) -> float:
    columns, values = source.rows.row(mine)
    found = np.flatnonzero(columns == item)
    return float(values[found[0]]) if len(found) else 0.0


def _spread(scores: Float32, candidates: Candidates) -> float:
    """Return the deviation that the blend divides scores by."""
    compared = scores if candidates.generated is None else scores[candidates.generated]
    return (float(compared.std()) if len(compared) else 0.0) or float(scores.std()) or 1.0
