"""Recommendations: the path of a request from a user's log to the bytes of the answer.

Each step is a module of its own: reading (of a history), candidate queries, ranking, rules, pages, reasons, answers.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import structlog

from app.errors import DatabaseError, SchemaError, UnknownGoalError
from app.schemas.options import Options
from app.schemas.recommendations import Degradation
from app.services.kit.database_timeout import with_timeout
from app.services.kit.event_types import EventTypeRule
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.recommending import drift
from app.services.recommending.answer_cache import AnswerCache
from app.services.recommending.answers import Answer, write_answer
from app.services.recommending.cursors import Cursor
from app.services.recommending.pages import EarlierPages, continued, cut_page, earlier_pages
from app.services.recommending.ranked_lists import ranked_list
from app.services.recommending.ranking import RankedList, seconds_held, strategy_of
from app.services.recommending.reasons import explained, why_empty
from app.services.recommending.request_filters import with_values
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.services.state.histories import Histories, Log
from app.services.state.serving import Serving
from app.services.state.user_history import HALF_LIVES_HELD, known_attributes, read_history, read_log
from app.storage.requests import RequestStore
from app.times import clock
from models.arrays.types import Float32
from models.data.history import SECONDS_A_DAY
from models.ranking.rotation import NO_ROTATION, RotationConfig

_STALE_SECONDS = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, with the state that answers it.

    `started` is the time on the monotonic clock when it came in. `counts` are the interactions of each code, float32,
    used while there is no bundle.
    """

    serving: Serving
    user_id: str | None
    log: Log | None
    options: Options
    started: float
    degraded: Degradation | None
    counts: Float32 | None = None


class RecommendationService:
    """Answers requests with a ranked list that takes the user's latest interactions into account.

    Parameters
    ----------
    deadline
        Seconds after which the network is left out.
    new_item_share
        Share of each list that is kept for new items.
    rotation
        How far items sink that a user was shown and passed over, where a request does not say it.
    """

    def __init__(
        self,
        histories: Histories,
        popular: LogCounts,
        bundle: ActiveBundle,
        feed: ChangeFeed,
        requests: RequestStore,
        since_bundle: CountsSinceBundle,
        event_types: EventTypeRule,
        *,
        deadline: float,
        new_item_share: float,
        rotation: RotationConfig = NO_ROTATION,
    ) -> None:
        self._histories = histories
        self._popular = popular
        self._bundle = bundle
        self._feed = feed
        self._requests = requests
        self._since_bundle = since_bundle
        self._event_types = event_types
        self._deadline = deadline
        self._share = new_item_share
        self._rotation = rotation
        self._cache = AnswerCache()

    def at_once(self, user_id: str, key: object, options: Options) -> Answer | None:
        """Answer from memory; None where something has to be awaited.

        An answer is cached, and used again for as long as everything that it was made from is unchanged, and weights
        that decay with time are nearly the same.

        Parameters
        ----------
        key
            Anything hashable that is equal for equal options.
        """
        started = time.monotonic()
        serving = self._bundle.serving
        log = self._histories.cached(user_id)
        if log is None or serving.ranker is None or options.context is not None:
            return None
        serving.update_availability()
        own = serving.for_goal(options.goal)
        if own is None:
            return None
        serving = own
        degraded = self._staleness()
        # Only a list without a history depends on the present popularity.
        popularity = None
        user_history = read_log(serving, user_id, log)
        if not len(user_history.items) and serving.first_goal:
            self._since_bundle.ask(serving)
            popularity = self._since_bundle.number
        made_from = (log, serving.number, serving.live.version, degraded, popularity, user_history.read_at)
        answer = self._cache.get(user_id, key, made_from)
        if answer is None:
            answer = self._answer(_Request(serving, user_id, log, options, started, degraded))
            if answer.degraded == degraded:
                holds = seconds_held(serving, options)
                if len(user_history.shows):
                    holds = min(holds, self._rotation.half_life * SECONDS_A_DAY * HALF_LIVES_HELD)
                self._cache.put(user_id, key, answer, made_from, holds)
        drift.answered(answer)
        return answer

    async def recommend(self, user_id: str | None, options: Options) -> Answer:
        """Rank items for a user, or for an anonymous session.

        Raises
        ------
        InvalidFieldsError
            `exclude_seen` names an event type that is not configured.
        UnknownGoalError
            The bundle is not trained for the goal.
        CursorError
            The cursor is damaged, or belongs to another list.
        DatabaseError
            The database cannot be reached, and there is neither a bundle nor a count of interactions in memory.
        """
        self._check(options)
        started = time.monotonic()
        log, degraded = await self._log(user_id)
        answer = await self._respond(user_id, log, options, started, degraded)
        return answer if options.context is None else await self._recorded(answer, user_id, options.context)

    async def recommend_all(
        self, user_ids: Sequence[str], options: Options, attributes: Mapping[str, dict[str, Any]] = MappingProxyType({})
    ) -> list[Answer]:
        """Rank items for several users; their histories are read together.

        Parameters
        ----------
        attributes
            Those of some of the users, by user.
        """
        self._check(options)
        started = time.monotonic()
        degraded = self._staleness()
        logs: dict[str, Log] = {}
        try:
            logs = await with_timeout(self._histories.get_many(user_ids))
        except SchemaError:
            raise
        except DatabaseError:
            degraded = "database"
        answers = []
        for user_id in user_ids:
            own = replace(options, attributes=attributes[user_id]) if attributes.get(user_id) else options
            answers.append(await self._respond(user_id, logs.get(user_id), own, started, degraded))
            # Other requests are served between two users of a batch.
            await asyncio.sleep(0)
            started = time.monotonic()
        return answers

    def _check(self, options: Options) -> None:
        if isinstance(options.exclude_seen, tuple):
            self._event_types.require(options.exclude_seen, "exclude_seen")

    async def _recorded(self, answer: Answer, user_id: str | None, context: dict[str, Any]) -> Answer:
        """Record the context of a request under its id; without a database the answer is sent all the same."""
        request_id = answer.request_id()
        try:
            await with_timeout(self._requests.add(request_id, user_id, clock.now(), context))
        except DatabaseError:
            _logger.error("context not recorded", request_id=request_id)
        return replace(answer, given_id=request_id)

    async def _log(self, user_id: str | None) -> tuple[Log | None, Degradation | None]:
        if user_id is None:
            return None, None
        log = self._histories.cached(user_id)
        if log is not None:
            return log, self._staleness()
        try:
            return await with_timeout(self._histories.get(user_id)), None
        except SchemaError:
            raise
        except DatabaseError:
            return None, "database"

    def _staleness(self) -> Degradation | None:
        return "stale" if self._feed.seconds_behind > _STALE_SECONDS else None

    async def _respond(
        self, user_id: str | None, log: Log | None, options: Options, started: float, degraded: Degradation | None
    ) -> Answer:
        """Answer from the bundle in use, or from the interactions of the log where there is none."""
        serving = self._bundle.serving
        counts = None
        if serving.ranker is None:
            counts = await self._popular.counts(serving.live)
        serving.update_availability()
        own = serving.for_goal(options.goal)
        if own is None:
            raise UnknownGoalError(str(options.goal), serving.goals)
        serving = own
        drift.asked_about(serving, options.session_items)
        answer = self._answer(_Request(serving, user_id, log, options, started, degraded, counts))
        drift.answered(answer)
        return answer

    def _answer(self, request: _Request) -> Answer:
        """Take a request along its path: read the history, rank, apply the rules, cut the page, write the bytes."""
        serving, user_id, options = request.serving, request.user_id, request.options
        asked = options
        if options.follows_request:
            asked = with_values(options, known_attributes(request.log, options.attributes))
        user_history = read_history(
            serving,
            user_id,
            request.log,
            session_items=options.session_items,
            exclude_seen=options.exclude_seen,
            attributes=options.attributes,
            context=options.context,
        )
        popular_now = None
        if not len(user_history.items) and serving.first_goal:
            self._since_bundle.ask(serving)
            popular_now = self._since_bundle.popular_for_newcomers(serving)
        earlier = self._earlier(serving, user_id, options)
        strategy = strategy_of(serving, user_history, options)
        if earlier.fills_page(options.limit):
            found = RankedList(earlier.items, earlier.scores, strategy, user_history.history)
        else:
            more = ranked_list(
                serving,
                user_history,
                asked,
                new_item_share=self._share,
                delivered=earlier.known,
                counts=request.counts,
                popular_now=popular_now,
                before_deadline=lambda: time.monotonic() - request.started < self._deadline,
                rotation=self._rotation,
            )
            found = continued(earlier, more, strategy)
        page = cut_page(serving, user_id, options, earlier, found)
        return write_answer(
            serving,
            user_id,
            page,
            found.strategy,
            reason=why_empty(serving.live, user_history, asked) if not len(found.items) else None,
            reasons=explained(serving, user_history, asked, found, page.items, request.log)
            if options.explain
            else None,
            degraded="deadline" if found.late else request.degraded,
            known_user=None if user_id is None else user_history.history.user >= 0,
        )

    def _earlier(self, serving: Serving, user_id: str | None, options: Options) -> EarlierPages:
        if options.cursor is None:
            return EarlierPages()
        cursor = Cursor.decode(options.cursor)
        item_ids = self._bundle.item_ids(cursor.version)
        return earlier_pages(cursor, options.digest(user_id), item_ids, serving.live)
