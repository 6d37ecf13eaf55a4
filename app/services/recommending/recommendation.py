"""What asking for a recommendation means: history, ranking, and what to do without either."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

from app.errors import DatabaseError, SchemaError
from app.schemas.options import Options
from app.schemas.recommendations import Degradation
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.recommending import drift
from app.services.recommending.answers import Answer, KeptAnswers
from app.services.recommending.pages import Pager
from app.services.recommending.ranked_lists import Maker
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.services.state.histories import Histories, Log
from app.services.state.reading import Reading, of_types
from app.services.state.serving import Serving
from app.storage.requests import RequestStore
from app.times import now

_STALE_SECONDS = 1.0
_logger = structlog.get_logger(__name__)


class RecommendationService:
    """Answers with a ranked list from what the user did until this moment.

    Parameters
    ----------
    deadline
        Seconds after which the network is not asked any more.
    new_item_share
        Share of each list that is kept for new items.
    """

    def __init__(
        self,
        histories: Histories,
        popular: LogCounts,
        bundle: ActiveBundle,
        feed: ChangeFeed,
        requests: RequestStore,
        since_bundle: CountsSinceBundle,
        *,
        deadline: float,
        new_item_share: float,
    ) -> None:
        self._histories = histories
        self._popular = popular
        self._bundle = bundle
        self._feed = feed
        self._requests = requests
        self._since_bundle = since_bundle
        self._deadline = deadline
        self._share = new_item_share
        self._kept = KeptAnswers()

    def at_once(self, user_id: str, question: object, options: Options) -> Answer | None:
        """Answer without waiting for anything; None where something has to be waited for.

        Parameters
        ----------
        question
            What was asked, in any form that is the same for the same question.
        """
        started = time.monotonic()
        serving = self._bundle.serving
        log = self._histories.cached(user_id)
        if log is None or serving.ranker is None or options.context is not None:
            return None
        serving.tick()
        degraded = self._staleness()
        # What everybody has is all that a list without a history is made from.
        popularity = None
        if not len(_own(serving, user_id, log).items):
            self._since_bundle.ask(serving)
            popularity = self._since_bundle.number
        made_from = (log, serving.number, serving.live.version, degraded, popularity)
        found = self._kept.get((user_id, question), made_from)
        if found is None:
            found = self._make(serving, user_id, log, options, started, degraded)
            if found.degraded == degraded:
                self._kept.keep((user_id, question), made_from, found)
        drift.answered(found)
        return found

    async def recommend(self, user_id: str | None, options: Options) -> Answer:
        """Rank items for a user, or for an anonymous session.

        Raises
        ------
        CursorError
            The cursor is none of this list's.
        DatabaseError
            The database is away, and without a bundle or anything counted there is nothing to answer from.
        """
        started = time.monotonic()
        log, degraded = await self._log(user_id)
        found = await self._answer(user_id, log, options, started, degraded)
        return found if options.context is None else await self._recorded(found, user_id, options.context)

    async def _recorded(self, found: Answer, user_id: str | None, context: dict[str, Any]) -> Answer:
        """Record the context of a request under its id; without a database the answer goes out all the same."""
        request_id = found.request_id()
        try:
            await with_timeout(self._requests.add(request_id, user_id, now(), context))
        except DatabaseError:
            _logger.error("context not recorded", request_id=request_id)
        return replace(found, given_id=request_id)

    async def recommend_all(self, user_ids: Sequence[str], options: Options) -> list[Answer]:
        """Rank items for several users; their histories are read together."""
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
            answers.append(await self._answer(user_id, logs.get(user_id), options, started, degraded))
            # Others are served between two users of a batch.
            await asyncio.sleep(0)
            started = time.monotonic()
        return answers

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

    async def _answer(
        self, user_id: str | None, log: Log | None, options: Options, started: float, degraded: Degradation | None
    ) -> Answer:
        serving = self._bundle.serving
        counts = None
        if serving.ranker is None:
            counts = await self._popular.counts(serving.live)
        serving.tick()
        drift.asked_about(serving, options.session_items)
        found = self._make(serving, user_id, log, options, started, degraded, counts)
        drift.answered(found)
        return found

    def _make(
        self,
        serving: Serving,
        user_id: str | None,
        log: Log | None,
        options: Options,
        started: float,
        degraded: Degradation | None,
        counts: npt.NDArray[np.float32] | None = None,
    ) -> Answer:
        reading = _reading(serving, user_id, log, options)
        popular = None
        if not len(reading.items):
            self._since_bundle.ask(serving)
            popular = self._since_bundle.popular(serving, None)
        maker = Maker(serving, counts, self._share, popular)
        pager = Pager(maker, self._bundle, user_id, options)
        return pager.answer(reading, lambda: time.monotonic() - started < self._deadline, degraded)


def _own(serving: Serving, user_id: str | None, log: Log) -> Reading:
    """Read a log, once for as long as the codes stay what they are."""
    codes = (serving.number, len(serving.live))
    if log.reading is None or log.reading[0] != codes:
        log.reading = (codes, serving.read(user_id, log.events))
    found: Reading = log.reading[1]
    return found


def _reading(serving: Serving, user_id: str | None, log: Log | None, options: Options) -> Reading:
    if log is None or options.session_items:
        events = [] if log is None else log.events
        return _leaving_out(serving.read(user_id, events, options.session_items), log, serving, options)
    return _leaving_out(_own(serving, user_id, log), log, serving, options)


def _leaving_out(reading: Reading, log: Log | None, serving: Serving, options: Options) -> Reading:
    """Leave out what was disliked, and of what was seen only what is asked for."""
    if options.exclude_seen is True:
        return reading
    types = options.exclude_seen or ()
    seen = of_types([] if log is None else log.events, types, serving.live)
    return replace(reading, left_out=np.concatenate([reading.disliked, seen]))
