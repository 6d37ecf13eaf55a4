"""Candidate generation: from the scores of all recommenders to the candidates of one request."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.arrays.kernels import largest
from models.arrays.membership import among
from models.arrays.types import Float32, Int32, Mask, Places
from models.data.history import History
from models.ranking import kernels
from models.ranking.candidates import PARTS, SIGNALS, Candidates, ListKind
from models.ranking.config import RankingConfig
from models.ranking.new_items import NewItems
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import ItemMatrix, Recommender
from models.recommenders.score_board import ScoreBoard

_NEAR = 400
"""Products of factors are computed for so many of the best items, or for four times the candidates if that is more."""
_LEAST = np.float32(1e-30)
NOTHING: Int32 = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Bounds:
    """How much of a history is read, the same in requests, training and evaluation: the time grows with it.

    Parameters
    ----------
    latest
        Latest items that every recommender reads; those that read all of a history are not bounded.
    whole
        Latest items whose rows every recommender reads in full, see `ScoreBoard`.
    faded
        Recommenders read all items in full whose recency weight is not below this, be they more than `latest` and
        `whole`. None leaves it at these numbers.
    """

    latest: int = 50
    whole: int = 20
    faded: float | None = 0.02

    def reach(self, config: Any, most: int) -> "Reach":
        """Return what a recommender with these settings reads, at most so many items."""
        # Recommenders without a decay compare users: with all of a long history a request would take far longer.
        decay = float(getattr(config, "recency_decay", 0.0))
        fresh = 0
        if self.faded is not None and decay > 0:
            fresh = most if decay >= 1 else math.ceil(math.log(self.faded) / math.log(decay))
        return Reach(self, fresh, most)


class Reach(NamedTuple):
    """How far back one recommender reads: the moments that have not faded for it, and the maximum number of items."""

    bounds: Bounds
    moments: int
    most: int

    def of(self, history: History) -> tuple[int, int]:
        """Return how many of the latest items of a history are read, and of how many of them the rows in full."""
        back = history.moments_back
        fresh = self.moments if back is None else int(np.count_nonzero(back < self.moments))
        return min(max(self.bounds.latest, fresh), self.most), max(self.bounds.whole, fresh)


@dataclass(frozen=True)
class CandidateQuery:
    """Which items a request wants as candidates.

    Parameters
    ----------
    excluded
        Item codes that are never candidates.
    removed
        Those of the excluded items that are ranked with the others and then removed, so that nothing else changes.
    only
        If given, the list holds only these items, and all of them are candidates.
    wanted
        If given, a mask over all codes: the list holds only these items. Those with a score come first, then popular
        ones, up to `limit`.
    additional
        Further items that are candidates whatever their scores.
    preferred
        Masks over all codes: the best items of each, up to half the limit, are added to the candidates.
    limit
        Number of candidates; by default that of the settings.
    top_only
        Whether only the best `limit` items are candidates; otherwise all items that any recommender scores.
    """

    excluded: Int32 = field(default_factory=lambda: NOTHING)
    removed: Int32 = field(default_factory=lambda: NOTHING)
    only: Int32 | None = None
    wanted: Mask | None = None
    additional: Int32 | None = None
    preferred: Sequence[Mask] = ()
    limit: int | None = None
    top_only: bool = True

    def named_new_items(self, new_items: NewItems) -> Int32:
        """Return the new items in `only` or in a mask, whether they have scores or not."""
        if self.only is not None:
            return self.only[self.only >= new_items.n_items]
        masks = [*self.preferred, *([] if self.wanted is None else [self.wanted])]
        codes = np.arange(new_items.n_items, new_items.n_items + len(new_items), dtype=np.int32)
        return codes[np.any([mask[codes] for mask in masks], axis=0)] if masks else NOTHING

    @property
    def kind(self) -> ListKind:
        """Where the items of the list come from."""
        if self.only is not None:
            return "given"
        return "generated" if self.wanted is None else "filtered"

    def kept_among(self, items: Int32) -> Mask | None:
        """Return which candidates come into the list: those that are wanted and not removed; None if all do."""
        wanted = self.wanted_among(items)
        if not len(self.removed):
            return wanted
        kept = ~among(items, self.removed)
        return kept if wanted is None else kept & wanted

    def wanted_among(self, items: Int32) -> Mask | None:
        """Return which items are wanted; None if all are."""
        if self.only is None:
            return None if self.wanted is None else self.wanted[items]
        given = among(items, self.only)
        return given if self.wanted is None else given & self.wanted[items]


class _Rows(NamedTuple):
    """The row of each signal and of each part on a board, int64; -1 for those that no recommender writes."""

    signals: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]


@lru_cache(maxsize=64)
def _rows(signals: tuple[str, ...]) -> _Rows:
    row = {signal: place for place, signal in enumerate(signals)}
    return _Rows(*(np.array([row.get(name, -1) for name in names]) for names in (SIGNALS, PARTS)))


@dataclass(frozen=True)
class CandidateGenerator:
    """Generates candidates with some recommenders and their weights in the mix."""

    config: RankingConfig
    recommenders: tuple[Recommender, ...]
    popularity: Popularity
    weights: Float32
    bounds: Bounds

    def generate(
        self, board: ScoreBoard, history: History, query: CandidateQuery, new_items: NewItems | None
    ) -> Candidates:
        """Generate the candidates for one request, on an empty board."""
        if not self.config.ordered:
            history = history.unordered()
        count = self.config.blend.candidates if query.limit is None else query.limit
        n_items = len(self.popularity.counts)
        history = self._weighed(history)
        # The board has no places for new items.
        excluded = query.excluded[query.excluded < n_items]
        board.exclude(np.setdiff1d(excluded, query.removed) if len(query.removed) else excluded)
        self._score(board, history, new_items)
        # Popular items fill up the rest, after the others.
        popular = self.popularity.order if len(history) else self.popularity.newcomer_order
        scored = board.count
        if scored < count:
            board.add_candidates(kernels.first_without_slot(popular, board.slot, kernels.EVERY_ITEM, count - scored))
            scored = board.count
        # What the request names comes later, so that it changes nothing of what is generated.
        if query.only is not None:
            board.add_candidates(query.only[query.only < n_items])
        if query.additional is not None:
            board.add_candidates(query.additional)
        masks = [(mask, count // 2) for mask in query.preferred]
        masks += [] if query.wanted is None else [(query.wanted, count)]
        for mask, number in masks:
            self._fill(board, mask, number, popular)
        # Only now: no item becomes a candidate because it is unlike something.
        for recommender, reach in zip(self.recommenders if len(history.against) else (), self._reach, strict=False):
            if isinstance(recommender, ItemMatrix):
                board.whole = reach.bounds.whole
                recommender.lower(history, board)
        # If all scored items are candidates, parts of weight 0 add candidates as well.
        weights = np.maximum(self.weights, _LEAST) if not query.top_only else self.weights
        rows = _rows(board.signals)
        plain = query.top_only and query.only is query.additional is None and not masks
        few = max(_NEAR, 4 * count)
        board.write_deferred(self._near(board, rows, few) if plain and board.count > few else None)
        if plain and new_items is None and not len(query.removed):
            slots, signals, parts, mixed, _ = kernels.top_candidates(
                board.rows, scored, rows.signals, rows.parts, self.weights, count
            )
            return Candidates(board.items[slots], signals, parts, mixed, len(history))
        relative = self.config.generated_reference
        tops = kernels.part_maxima(board.rows, scored if relative else board.count, rows.parts, weights)
        mixed = kernels.mix(board.rows, board.count, rows.parts, self.weights, tops)
        best = largest(mixed[:scored], count)
        # As many again as are removed, for a list that is as long.
        listed = largest(mixed[:scored], count + len(query.removed)) if len(query.removed) else best
        slots = listed if query.top_only else np.arange(scored, dtype=np.int32)
        more: list[Places] = [] if query.only is None else [board.slots(query.only[query.only < n_items])]
        more += [] if query.additional is None else [board.slots(query.additional)]
        for mask, number in masks:
            fitting = np.flatnonzero(mask[board.items])
            more.append(fitting[largest(mixed[fitting], number)])
        if more:
            slots = np.unique(np.concatenate([slots, *more])).astype(np.int32)
        signals, parts = kernels.read_slots(board.rows, slots, rows.signals, rows.parts, tops)
        items = board.items[slots]
        wanted = query.kept_among(items)
        generated = among(slots, best) if relative else None
        known = Candidates(items, signals, parts, mixed[slots], len(history), wanted, generated, query.kind)
        if new_items is None or not len(new_items):
            return known
        return self._with_new_items(known, board, history, query, new_items, tops)

    def _weighed(self, history: History) -> History:
        """Weigh the latest disliked items, as many as are read of the others."""
        weight = self.config.dislike_weight
        if weight <= 0 or history.disliked is None:
            return history
        known = history.disliked[history.disliked < len(self.popularity.counts)]
        most = min(self.config.max_history, self.bounds.latest)
        return replace(history, disliked=known[-most:], dislike_weight=weight)

    def _score(self, board: ScoreBoard, history: History, new_items: NewItems | None) -> None:
        whole = history.raised(self.config.strength_exponent)
        if new_items is not None and len(new_items):
            new_items.add_neighbours(whole.latest(self.bounds.latest), board)
        known = whole.items < len(self.popularity.counts)
        whole = whole if known.all() else whole.where(known)
        if not len(whole):
            return
        # A short history is read in full by all.
        short = len(whole) <= min(self.bounds.whole, self.config.max_history)
        board.whole = self.bounds.whole
        for recommender, reach in zip(self.recommenders, self._reach, strict=True):
            own = whole if recommender.act is None else whole.with_act(recommender.act)
            if not short:
                latest, board.whole = reach.of(own)
                own = own.latest(latest)
            recommender.score(whole.every if recommender.reads_all_history else own, board)

    @cached_property
    def _reach(self) -> tuple[Reach, ...]:
        return tuple(self.bounds.reach(one.config, self.config.max_history) for one in self.recommenders)

    def _near(self, board: ScoreBoard, rows: _Rows, count: int) -> Int32:
        """Choose the best slots by the mix so far; products of factors are computed for these only."""
        return kernels.top_slots(board.rows, board.count, rows.parts, self.weights, count)

    def _fill(self, board: ScoreBoard, wanted: Mask, count: int, popular: Int32) -> None:
        """Add wanted items without a score to the candidates, the most popular first, until there are enough."""
        missing = count - int(wanted[board.items].sum())
        if missing > 0:
            board.add_candidates(kernels.first_without_slot(popular, board.slot, wanted, missing))

    def _with_new_items(
        self,
        known: Candidates,
        board: ScoreBoard,
        history: History,
        query: CandidateQuery,
        new_items: NewItems,
        tops: Float32,
    ) -> Candidates:
        """Add the best of the wanted new items."""
        found = new_items.score(history, board, query.named_new_items(new_items))
        wanted = query.kept_among(found.items)
        keep = ~among(found.items, query.excluded) & ~new_items.blocked(found.items)
        if wanted is not None:
            keep &= wanted
        # At most as many as the known candidates, unless the request names the items to rank.
        where = _rows(board.signals)
        mixed = kernels.mix(found.signals, len(found.items), where.parts, self.weights, tops)
        places = np.flatnonzero(keep)
        if query.only is None:
            places = places[largest(mixed[places], max(len(known.items), 1))]
        signals, parts = kernels.read_slots(found.signals, places.astype(np.int32), where.signals, where.parts, tops)
        return known.joined(
            Candidates(
                found.items[places],
                signals,
                parts,
                mixed[places],
                len(history),
                None if wanted is None else wanted[places],
            )
        )
