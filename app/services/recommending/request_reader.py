"""What a request for a list is answered from: the bundle of its goal, and the user's log."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from app.errors import DatabaseError, SchemaError, UnknownGoalError
from app.schemas.options import Options
from app.schemas.recommendations import Degradation
from app.services.kit.database_timeout import with_timeout
from app.services.kit.event_types import EventTypeRule
from app.services.recommending import drift
from app.services.recommending.answers import Answer
from app.services.recommending.before_bundle import BeforeBundle
from app.services.recommending.listing import ListRequest
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.services.state.histories import Histories, Log
from app.storage.requests import RequestStore
from app.times import clock

_STALE_SECONDS = 1.0
_logger = structlog.get_logger(__name__)


class RequestReader:
    """Reads the state that answers a request, and records its context."""

    def __init__(
        self,
        histories: Histories,
        before_bundle: BeforeBundle,
        bundle: ActiveBundle,
        feed: ChangeFeed,
        requests: RequestStore,
        event_types: EventTypeRule,
    ) -> None:
        self._histories = histories
        self._before_bundle = before_bundle
        self._bundle = bundle
        self._feed = feed
        self._requests = requests
        self._event_types = event_types

    def require(self, options: Options) -> None:
        """Refuse event types that are not configured.

        Raises
        ------
        InvalidFieldsError
            `exclude_seen` names one.
        """
        if isinstance(options.exclude_seen, tuple):
            self._event_types.require(options.exclude_seen, "exclude_seen")

    async def log(self, user_id: str | None) -> tuple[Log | None, Degradation | None]:
        """Return the log of a user, and what limits the answer; None for nobody, and where it cannot be read."""
        if user_id is None:
            return None, None
        log = self._histories.cached(user_id)
        if log is not None:
            return log, self.staleness()
        try:
            return await with_timeout(self._histories.get(user_id)), None
        except SchemaError:
            raise
        except DatabaseError:
            return None, "database"

    def staleness(self) -> Degradation | None:
        """Return whether changes by other processes may be missing."""
        return "stale" if self._feed.seconds_behind > _STALE_SECONDS else None

    async def read(
        self,
        user_id: str | None,
        log: Log | None,
        options: Options,
        *,
        started: float | None = None,
        degraded: Degradation | None = None,
        head: Mapping[str, Any] | None = None,
        about: str = "",
    ) -> ListRequest:
        """Return a request with the bundle in use, or with the interactions of the log where there is none.

        Raises
        ------
        UnknownGoalError
            The bundle is not trained for the goal.
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        started = time.monotonic() if started is None else started
        serving = self._bundle.serving
        log_scores = None
        if serving.ranker is None:
            log_scores = await self._before_bundle.scores(serving, log, options)
        serving.update_availability()
        own = serving.for_goal(options.goal)
        if own is None:
            raise UnknownGoalError(str(options.goal), serving.goals)
        drift.asked_about(own, options.session_items)
        return ListRequest(own, user_id, log, options, started, degraded, log_scores, head, about)

    async def recorded(self, answer: Answer, user_id: str | None, context: dict[str, Any] | None) -> Answer:
        """Record the context of a request under its id; without a database the answer is sent all the same."""
        if context is None:
            return answer
        request_id = answer.request_id()
        try:
            await with_timeout(self._requests.add(request_id, user_id, clock.now(), context))
        except DatabaseError:
            _logger.error("context not recorded", request_id=request_id)
        return replace(answer, given_id=request_id)
