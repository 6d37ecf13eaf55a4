"""From what is asked to a ranked list, in codes: which strategy, which candidates, and what the rules make of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.schemas.options import Options
from app.schemas.recommendations import Strategy
from app.services.popularity.selection import in_order
from app.services.state.reading import Reading
from app.services.state.serving import Serving
from models.arrays.kernels import largest
from models.arrays.types import Float32, Int32, Mask
from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.diversity import diversify
from models.ranking.ranker import Adjustment, Ranked
from models.ranking.rules import expose, pin

PREFERENCE = "preferences"
_PREFERENCE_WEIGHT = 2.0
"""Deviations of the list that meeting all preferences is worth beside a history."""
_ALONE = 1000.0
"""The same without a history: popularity decides between items that meet them equally well."""
_SATISFYING = 200
_DIVERSE = 100
"""Places from the top that diversity is made for; behind them the order is that of the scores."""


@dataclass(frozen=True)
class Listing:
    """A ranked list: codes, best first, with their scores, and how it came to be."""

    items: Int32
    scores: Float32
    strategy: Strategy
    history: History
    ranked: Ranked | None = None

    @property
    def late(self) -> bool:
        """Whether there was no time for the network."""
        return self.ranked is not None and self.ranked.late


def strategy_of(serving: Serving, reading: Reading, options: Options) -> Strategy:
    """Tell what a list is made from; whether there is anything to put on it shows later."""
    if len(reading.items) and serving.ranker is not None:
        return "session" if options.session_items and not reading.has_log else "personalized"
    return "preferences" if options.preferences else "popular"


@dataclass(frozen=True)
class Maker:
    """Makes lists from one serving state.

    Parameters
    ----------
    counts
        Interactions of each code, float32: what is popular where there is no bundle.
    new_item_share
        Share of a list that is kept for new items.
    popular
        Interactions of each code until now, and the codes by them; None where the bundle knows of all there are.
    """

    serving: Serving
    counts: Float32 | None
    new_item_share: float
    popular: tuple[Float32, Int32] | None = None

    def make(
        self, reading: Reading, options: Options, delivered: Int32, before_deadline: Callable[[], bool]
    ) -> Listing:
        """Make a list; `delivered` are codes of earlier pages, which do not come again."""
        query = self._query(reading, options, delivered)
        found = self._rank(reading, options, query, before_deadline)
        if found.strategy == "popular" and not options.boosts:
            found = self._until_now(found, query)
        items, scores = found.items, found.scores
        ranker = self.serving.ranker
        if options.diversity > 0 and ranker is not None and len(items):
            order = diversify(items, scores, min(len(items), _DIVERSE), options.diversity, ranker.similar_rows)
            rest = np.setdiff1d(np.arange(len(items)), order)
            places = np.concatenate([order, rest])
            items, scores = items[places], scores[places]
        if self.new_item_share > 0 and len(items):
            places = expose(self._is_new(items), options.limit, self.new_item_share)
            items, scores = items[places], scores[places]
        if options.pins and not len(delivered):
            items, scores = self._pinned(items, scores, options)
        strategy: Strategy = found.strategy if len(items) else "none"
        return Listing(items, scores, strategy, found.history, found.ranked)

    def rank(self, reading: Reading, options: Options, query: CandidateQuery) -> Ranked | None:
        """Rank certain items for the same request, however it was answered."""
        return self._rank(reading, options, query, lambda: True).ranked

    def _query(self, reading: Reading, options: Options, delivered: Int32) -> CandidateQuery:
        live = self.serving.live
        excluded = reading.left_out
        if options.exclude or len(delivered):
            excluded = np.concatenate([excluded, live.known_codes(options.exclude), delivered]).astype(np.int32)
        only = None
        if options.candidates is not None:
            only = np.unique(live.codes(options.candidates))
            only = only[only >= 0].astype(np.int32)
        favoured = [live.mask(boost.filter) for boost in options.boosts if boost.weight > 0]
        ranker = self.serving.ranker
        if self.new_item_share > 0 and ranker is not None:
            favoured.append(self._all_new())
        drawn = 0 if ranker is None else ranker.retriever.config.blend.candidates
        wanted = None if options.filter is None else live.mask(options.filter)
        return CandidateQuery(excluded, only, wanted, favoured=tuple(favoured), limit=max(drawn, options.limit))

    def _rank(
        self, reading: Reading, options: Options, query: CandidateQuery, before_deadline: Callable[[], bool]
    ) -> Listing:
        strategy = strategy_of(self.serving, reading, options)
        known = strategy in {"personalized", "session"}
        adjustments, query = self._adjusted(options, query, alone=not known)
        ranker, live = self.serving.ranker, self.serving.live
        if ranker is None:
            items, scores = self._by_counts(query, adjustments)
            return Listing(items, scores, strategy, reading.history)
        if known and reading.repeated is not None and options.exclude_seen is not True:
            again, query = ranker.repeated(replace(reading.repeated, now=time.time()), query, live.size)
            adjustments.append(again)
        new_items = live.new_items if len(live.new_items) else None
        history = reading.history
        ranked = ranker.rank(
            history,
            query,
            new_items=new_items,
            adjustments=adjustments,
            before_deadline=before_deadline,
            with_network=known,
        )
        items, scores = ranked.items, ranked.scores
        if strategy == "popular" and not adjustments:
            # Nothing but popularity ranked them: their number of interactions says more than a share of the best.
            scores = ranker.retriever.popularity.counts_of(items)
        return Listing(items, scores, strategy, history, ranked)

    def _until_now(self, found: Listing, query: CandidateQuery) -> Listing:
        """Put in front what is popular by now, where that is more than the bundle knows of."""
        if self.popular is None or self.serving.ranker is None or query.limit is None:
            return found
        most = in_order(self.serving.live, *self.popular, query, query.limit)
        # Behind them stand those that nobody had; new items are among them.
        most = most.followed_by(found.items[~np.isin(found.items, most.items)])
        return replace(found, items=most.items, scores=most.scores)

    def _adjusted(
        self, options: Options, query: CandidateQuery, *, alone: bool
    ) -> tuple[list[Adjustment], CandidateQuery]:
        live = self.serving.live
        found = [
            Adjustment("boosts" if boost.weight > 0 else "buries", live.mask(boost.filter), boost.weight)
            for boost in options.boosts
        ]
        if not options.preferences:
            return found, query
        satisfaction = live.satisfaction(options.preferences)
        best = np.zeros(len(satisfaction), dtype=np.bool_)
        allowed = satisfaction if query.wanted is None else np.where(query.wanted, satisfaction, np.float32(0.0))
        best[largest(allowed, _SATISFYING)] = True
        best &= allowed > 0
        found.append(Adjustment(PREFERENCE, satisfaction, _ALONE if alone else _PREFERENCE_WEIGHT))
        return found, replace(query, favoured=(*query.favoured, best))

    def _by_counts(self, query: CandidateQuery, adjustments: list[Adjustment]) -> tuple[Int32, Float32]:
        """Rank without a bundle: by the number of interactions in the log."""
        live = self.serving.live
        counts = np.zeros(live.size, dtype=np.float32) if self.counts is None else self.counts
        eligible = ~live.blocked[: len(live)]
        eligible[query.excluded] = False
        marks = query.marks(np.arange(len(live), dtype=np.int32))
        if marks is not None:
            eligible &= marks
        else:
            # Nobody had them, and nobody asks for them.
            eligible &= (counts[: len(live)] > 0) | self._adjusts(adjustments)
        items = np.flatnonzero(eligible).astype(np.int32)
        scores = counts[items]
        deviation = float(scores.std()) if len(scores) else 0.0
        for one in adjustments:
            scores = scores + one.values[items] * np.float32(one.weight * (deviation or 1.0))
        order = np.lexsort((self._ids(items), -scores))
        return items[order], scores[order]

    def _adjusts(self, adjustments: list[Adjustment]) -> Mask:
        raised = np.zeros(len(self.serving.live), dtype=np.bool_)
        for one in adjustments:
            if one.weight > 0:
                raised |= one.values[: len(raised)] > 0
        return raised

    def _ids(self, items: Int32) -> npt.NDArray[np.str_]:
        return np.array([self.serving.live.item_id(code) for code in items.tolist()], dtype=np.str_)

    def _all_new(self) -> Mask:
        live, ranker = self.serving.live, self.serving.ranker
        new = np.ones(live.size, dtype=np.bool_)
        if ranker is not None:
            new[: live.n_items] = ranker.retriever.popularity.counts == 0
        return new

    def _is_new(self, items: Int32) -> Mask:
        return self._all_new()[items]

    def _pinned(self, items: Int32, scores: Float32, options: Options) -> tuple[Int32, Float32]:
        codes = self.serving.live.codes([one.item_id for one in options.pins])
        shown = [
            (one.position, int(code))
            for one, code in zip(options.pins, codes.tolist(), strict=True)
            if code >= 0 and not self.serving.live.blocked[code]
        ]
        return pin(items, scores, shown)
