"""What a process that serves keeps in memory, shares between its requests, and keeps up to date in the background."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import numpy as np
import structlog

from app.config import Settings
from app.errors import DatabaseError
from app.process import factory
from app.process.resources import Resources
from app.schemas.options import Options
from app.services.access.keyring import Keyring
from app.services.access.rate_limits import RateLimits
from app.services.access.sessions import Sessions
from app.services.ingestion.ingestion import Ingestion
from app.services.kit.supervision import Loop, Supervisor
from app.services.monitoring.live_numbers import Watching
from app.services.monitoring.log_activity import LogActivity
from app.services.monitoring.online_measures import RecentMeasures
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.popularity.popular_items import RecentCounts
from app.services.recommending.before_bundle import BeforeBundle
from app.services.recommending.catalogue_content import CatalogueContent
from app.services.recommending.co_occurrence import CoOccurrence
from app.services.recommending.listing import Listing
from app.services.recommending.recommendation import RecommendationService
from app.services.recommending.request_reader import RequestReader
from app.services.recommending.wording import Wording
from app.services.scenarios.newest import Newest
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.services.state.erased_users import ErasedUsers
from app.services.state.histories import Histories
from app.services.state.item_fields import ItemFields
from app.services.state.live_items import LiveItems
from app.services.training.following import JobFollowing
from app.services.transfer.import_jobs import ImportJobs
from app.services.users.retention import Retention
from app.storage.activity import ActivityStore
from app.storage.notifications import Notifications
from app.storage.retention import RetentionStore
from app.storage.sessions import SessionStore
from models.arrays.compiled import load_kernels
from models.data.events import half_lives_of, weights_of
from models.data.strengths import StrengthScale

_MEGABYTE = 1_000_000
_log = structlog.get_logger(__name__)


class ServingState:
    """Everything in memory that requests share; the services that use it are made by `app.process.factory`.

    Only objects with state are here: caches, the bundle in use, queues, and the loops that keep them up to date.

    Parameters
    ----------
    resources
        Database and bundle store; `ServingState` does not close them.
    """

    def __init__(self, resources: Resources) -> None:
        settings = resources.settings
        weights = weights_of(settings.event_types)
        scale = StrengthScale.fit(np.empty(0), weights, settings.rating_scale)
        scale = scale.model_copy(update={"half_lives": half_lives_of(settings.event_types)})
        self.resources = resources
        self.histories = Histories(resources.interactions, settings.history_cache_mb * _MEGABYTE, resources.users)
        self.item_fields = ItemFields(resources.items)
        self.live_items = LiveItems(resources.items, resources.changes, resources.schema, self.item_fields.forget)
        self.catalogue_content = CatalogueContent(resources.items, resources.schema)
        self.erased_users = ErasedUsers(resources.masks, resources.first_mentions)
        origin = factory.bundle_origin(resources)
        self.bundle = ActiveBundle(resources.bundles, self.live_items, self.erased_users, origin, scale)
        self.notifications = Notifications(resources.database)
        self.log_counts = LogCounts(resources.interactions, scale)
        self.recent_counts = RecentCounts(resources.counts, scale)
        self.counts_since_bundle = CountsSinceBundle(resources.counts, weights)
        self.keyring = Keyring(resources.keys)
        self.sessions = Sessions(SessionStore(resources.database), self.keyring, resources.audit_log)
        self.audit_log = resources.audit_log
        self.rate_limits = RateLimits(
            settings.rate_limit_storage, settings.rate_limit, settings.address_rate_limit, settings.workers
        )
        self.feed = ChangeFeed(
            resources.changes,
            self.notifications,
            self.histories,
            self.live_items.refresh,
            self.erased_users.refresh,
            self.bundle.wake,
            self.counts_since_bundle.forget,
            resources.schema.refresh,
            resources.scenarios.refresh,
            self.keyring.load,
        )
        self.recent_measures = RecentMeasures(factory.online_measuring(resources))
        self.log_activity = LogActivity(ActivityStore(resources.database))
        self.watching = Watching()
        self.event_types_of_log = factory.event_types_of_log(resources)
        self.retention = Retention(
            RetentionStore(resources.database, resources.changes),
            resources.merging,
            settings.retention_days,
        )
        self.bundle_erasure = factory.bundle_erasure(resources, self.bundle.wake)
        self.import_jobs = ImportJobs(
            settings.imports,
            resources.imports,
            settings.as_environment(),
            settings.event_types,
            settings.import_memory_mb,
        )
        self.ingestion = Ingestion(
            resources.interactions,
            resources.first_mentions,
            self.histories,
            self.log_counts,
            resources.event_types,
            create_unknown=settings.create_unknown,
        )
        self.before_bundle = BeforeBundle(
            self.log_counts, self.catalogue_content, CoOccurrence(resources.interactions, scale)
        )
        self.request_reader = RequestReader(
            self.histories, self.before_bundle, self.bundle, self.feed, resources.requests, resources.event_types
        )
        self.listing = Listing(
            self.bundle,
            self.counts_since_bundle,
            self.item_fields,
            Wording(settings.explanations),
            deadline=settings.deadline_ms / 1000,
            new_item_share=settings.new_item_share,
            rotation=settings.rotates,
        )
        self.recommendation = RecommendationService(
            self.histories, self.bundle, self.counts_since_bundle, self.request_reader, self.listing
        )
        self.newest = Newest(resources.items)
        self.known_queries: dict[bytes, Options] = {}
        self.job_following = JobFollowing(resources.training_jobs)
        self.background = Supervisor()

    async def start(self) -> None:
        """Load what answers are made from, and keep it up to date in the background until `close`."""
        await asyncio.to_thread(load_kernels)
        # The feed first: what is written while things are loaded is read afterwards.
        await self.feed.start()
        try:
            await self.keyring.load()
        except DatabaseError as error:
            _log.error("the API keys are not read yet: until then all requests are refused", reason=str(error))
        try:
            await self.resources.schema.load()
        except DatabaseError as error:
            _log.error("the schema of attributes is not read yet", reason=str(error))
        try:
            await self.resources.scenarios.load()
        except DatabaseError as error:
            _log.error("the stored scenarios are not read yet", reason=str(error))
        await self.bundle.start()
        try:
            await self.feed.catch_up()
        except Exception:  # noqa: BLE001 - whatever it was, the loop tries again
            _log.exception("change feed not applied")
        _settle_memory()
        for name, find in LOOPS.items():
            run = find(self)
            if run is not None:
                self.background.start(name, run)

    async def close(self) -> None:
        """Stop the background loops, and commit what was accepted."""
        async with AsyncExitStack() as closing:
            # All are closed even if one fails, in reverse order.
            closing.push_async_callback(self.ingestion.close)
            closing.push_async_callback(self.import_jobs.close)
            closing.push_async_callback(self.background.close)
            closing.push_async_callback(self.item_fields.close)
            closing.push_async_callback(self.rate_limits.close)
            closing.push_async_callback(self.job_following.close)


LOOPS: dict[str, Callable[[ServingState], Loop | None]] = {
    "change_feed": lambda state: state.feed.run,
    "notifications": lambda state: None if state.resources.database.is_sqlite else state.notifications.run,
    "bundle": lambda state: state.bundle.run,
    "popularity": lambda state: state.counts_since_bundle.run,
    "retention": lambda state: state.retention.run,
    "erasure": lambda state: state.bundle_erasure.run,
    "imports": lambda state: state.import_jobs.run,
    "event_types": lambda state: state.event_types_of_log.run,
}
"""The background loops by their names in health and metrics; None for a loop that this process does not need."""


@asynccontextmanager
async def serving_state(settings: Settings) -> AsyncIterator[ServingState]:
    """Open the database and return a state that is not started yet; leaving closes both."""
    async with Resources(settings) as resources:
        state = ServingState(resources)
        try:
            yield state
        finally:
            await state.close()


def _settle_memory() -> None:
    """Free the memory that loading left over, and exclude long-lived objects from garbage collection."""
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
