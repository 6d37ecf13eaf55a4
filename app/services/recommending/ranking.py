"""Ranking: from a history and a candidate query to a ranked list, with the bundle's ranker or without a bundle."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.schemas.options import Options
from app.schemas.recommendations import ListStrategy, Strategy
from app.services.recommending.before_bundle import LogScores
from app.services.recommending.candidate_queries import adjusted
from app.services.recommending.origins import Origin
from app.services.state.serving import Serving
from app.services.state.user_history import HALF_LIVES_HELD, UserHistory
from app.times import clock
from models.arrays.types import Float32, Int32
from models.data.history import SECONDS_A_DAY, History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranked import Adjustment, Ranked
from models.ranking.timing import Timed, untimed

DEPTH = 100
"""Items that the first page fixes; after them the list continues with the best items at the time of the request."""
CONTEXT_HELD = 60.0
"""Seconds for which an answer counts as the same, where the network reads when a request is made."""


@dataclass(frozen=True)
class RankedList:
    """Items, best first: codes (int32) with their scores (float32), and how the list was made.

    `ranked` holds what the ranker scored; None without a bundle, and for a page that an earlier one fixed.
    `below_min_score` counts the items that were left out because of their scores. `selections` hold the codes of the
    items that were selected before they were put in order, by how; the other items are the ranker's.
    """

    items: Int32
    scores: Float32
    strategy: ListStrategy
    history: History
    ranked: Ranked | None = None
    below_min_score: int = 0
    selections: tuple[tuple[Origin, Int32], ...] = ()

    @classmethod
    def nothing(cls, history: History) -> "RankedList":
        """Return an empty list."""
        return cls(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32), "none", history)

    def followed_by(self, more: "RankedList") -> "RankedList":
        """Put another list behind this one, whatever the scale of its scores."""
        scores = np.full(len(more.items), self.scores.min(), dtype=np.float32)
        items, scores = np.concatenate([self.items, more.items]), np.concatenate([self.scores, scores])
        return replace(self, items=items, scores=scores, selections=(*self.selections, *more.selections))

    @property
    def late(self) -> bool:
        """Whether there was no time left for the network."""
        return self.ranked is not None and self.ranked.late


def strategy_of(
    serving: Serving, user_history: UserHistory, options: Options, log_scores: LogScores | None = None
) -> Strategy:
    """Return what a list is made from."""
    personal = serving.ranker is not None or (log_scores is not None and log_scores.personal is not None)
    if personal and len(user_history.items):
        return "session" if options.session_items and not user_history.has_log else "personalized"
    return "preferences" if options.preferences else "popular"


def seconds_held(serving: Serving, options: Options) -> float:
    """Return for how long a ranked list holds while nothing but the time changes; strengths have their own period."""
    ranker = serving.ranker
    if ranker is None:
        return math.inf
    holds = math.inf if ranker.network is None or not ranker.network.context else CONTEXT_HELD
    half_lives = ranker.half_lives
    repeats = ranker.repeats
    if repeats is not None and repeats.clock and options.exclude_seen not in {None, True}:
        half_lives.append(repeats.config.half_life)
    return min([holds, *(half_life * SECONDS_A_DAY * HALF_LIVES_HELD for half_life in half_lives)])


def rank(
    serving: Serving,
    user_history: UserHistory,
    options: Options,
    query: CandidateQuery,
    *,
    log_scores: LogScores | None = None,
    before_deadline: Callable[[], bool] = lambda: True,
    timed: Timed = untimed,
) -> RankedList:
    """Score the candidates of a request and put them in order, with its boosts, buries and preferences.

    Parameters
    ----------
    log_scores
        Used while there is no bundle.
    before_deadline
        Whether there is time left for the network.
    timed
        Entered around each phase.
    """
    strategy = strategy_of(serving, user_history, options, log_scores)
    has_history = strategy in {"personalized", "session"}
    ranker, live = serving.ranker, serving.live
    history = replace(user_history.history, now=clock.seconds())
    adjustments, query = adjusted(live, options, query, has_history=has_history)
    if ranker is None:
        items, scores = _by_log_scores(live, log_scores, query, adjustments)
        return RankedList(items, scores, strategy, history)
    if has_history and ranker.repeats is not None and options.exclude_seen not in {None, True}:
        repeats, query = ranker.repeated(history, query, live.size)
        adjustments = [*adjustments, repeats]
    ranked = ranker.rank(
        history,
        query,
        new_items=live.new_items if len(live.new_items) else None,
        adjustments=adjustments,
        before_deadline=before_deadline,
        with_network=has_history,
        network_share=options.network_share,
        content_share=options.content_share,
        timed=timed,
    )
    items, scores = ranked.items, ranked.scores
    if strategy == "popular" and not adjustments and ranked.lifted is None:
        # Popularity alone ranks them: the number of interactions says more than a share of the best item's.
        scores = ranker.popularity.newcomer_counts_of(items)
        order = np.argsort(-scores, kind="stable")
        items, scores = items[order], scores[order]
    return RankedList(items, scores, strategy, history, ranked)


def _by_log_scores(
    live: LiveCatalogue, log_scores: LogScores | None, query: CandidateQuery, adjustments: Sequence[Adjustment]
) -> tuple[Int32, Float32]:
    """Rank by what resembles the user's items, then by the number of interactions in the log, then the latest first.

    Of equal scores the id decides, as codes differ by process.
    """
    base = np.zeros(live.size, dtype=np.float32) if log_scores is None else log_scores.scores
    eligible = ~live.blocked[: len(live)]
    eligible[query.excluded] = False
    marks = query.wanted_among(np.arange(len(live), dtype=np.int32))
    items = np.flatnonzero(eligible if marks is None else eligible & marks).astype(np.int32)
    scores = base[items]
    deviation = float(scores.std()) if len(scores) else 0.0
    for one in adjustments:
        scores = scores + one.values[items] * np.float32(one.weight * (deviation or 1.0))
    first = (base[items] > 0) | (scores > 0)
    named = np.flatnonzero(first)
    named = named[np.lexsort((np.array(live.ids(items[named]), dtype=np.str_), -scores[named]))]
    # A greater code came later.
    others = np.flatnonzero(~first)[::-1]
    others = others[np.argsort(-scores[others], kind="stable")]
    order = np.concatenate([named, others])
    return items[order], scores[order]
