"""Recommendations: a request of a user, or of an anonymous session, to the bytes of the answer.

Each step is a module of its own: reading (of a request), listing, candidate queries, ranking, rules, pages, reasons,
answers.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from app.errors import DatabaseError, SchemaError
from app.schemas.options import Options
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.recommending import drift
from app.services.recommending.answer_cache import AnswerCache
from app.services.recommending.answers import Answer
from app.services.recommending.listing import Listing, ListRequest
from app.services.recommending.ranking import seconds_held
from app.services.recommending.request_reader import RequestReader
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Histories, Log
from app.services.state.user_history import HALF_LIVES_HELD, read_log
from models.data.history import SECONDS_A_DAY


class RecommendationService:
    """Answers requests with a ranked list that takes the user's latest interactions into account."""

    def __init__(
        self,
        histories: Histories,
        bundle: ActiveBundle,
        since_bundle: CountsSinceBundle,
        reader: RequestReader,
        listing: Listing,
    ) -> None:
        self._histories = histories
        self._bundle = bundle
        self._since_bundle = since_bundle
        self._reader = reader
        self._listing = listing
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
        degraded = self._reader.staleness()
        # Only a list without a history depends on the present popularity.
        popularity = None
        user_history = read_log(serving, user_id, log)
        if not len(user_history.items) and serving.first_goal:
            self._since_bundle.ask(serving)
            popularity = self._since_bundle.number
        made_from = (log, serving.number, serving.live.version, degraded, popularity, user_history.read_at)
        answer = self._cache.get(user_id, key, made_from)
        if answer is None:
            request = ListRequest(serving, user_id, log, options, started, degraded)
            answer = self._listing.at_once(self._listing.listed(request))
            if answer is None:
                return None
            if answer.degraded == degraded:
                holds = seconds_held(serving, options)
                if len(user_history.shows):
                    holds = min(holds, self._listing.rotation.half_life * SECONDS_A_DAY * HALF_LIVES_HELD)
                self._cache.put(user_id, key, answer, made_from, holds)
        drift.answered(answer)
        return answer

    async def recommend(self, user_id: str | None, options: Options) -> Answer:
        """Rank items for a user, or for an anonymous session.

        Raises
        ------
        InvalidFieldsError
            `exclude_seen` names an event type that is not configured, or a filter refers to an item.
        UnknownGoalError
            The bundle is not trained for the goal.
        CursorError
            The cursor is damaged, or belongs to another list.
        DatabaseError
            The database cannot be reached, and there is neither a bundle nor a count of interactions in memory.
        """
        self._reader.require(options)
        started = time.monotonic()
        log, degraded = await self._reader.log(user_id)
        request = await self._reader.read(user_id, log, options, started=started, degraded=degraded)
        answer = await self._answer(request)
        return await self._reader.recorded(answer, user_id, options.context)

    async def recommend_all(
        self, user_ids: Sequence[str], options: Options, attributes: Mapping[str, dict[str, Any]] = MappingProxyType({})
    ) -> list[Answer]:
        """Rank items for several users; their histories are read together.

        Parameters
        ----------
        attributes
            Those of some of the users, by user.
        """
        self._reader.require(options)
        degraded = self._reader.staleness()
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
            request = await self._reader.read(user_id, logs.get(user_id), own, degraded=degraded)
            answers.append(await self._answer(request))
            # Other requests are served between two users of a batch.
            await asyncio.sleep(0)
        return answers

    async def _answer(self, request: ListRequest) -> Answer:
        answer = await self._listing.answer(self._listing.listed(request))
        drift.answered(answer)
        return answer
