"""What one process shares: the database, the bundle in use and the services, for API, CLI and tests alike."""

import asyncio
import ctypes
import gc
import sys
from contextlib import AsyncExitStack, suppress
from typing import Self

from app.config import Settings
from app.schemas.options import Options
from app.services.catalogue.catalogue import Catalogue
from app.services.ingestion.event_types import EventTypeRule
from app.services.ingestion.ingestion import Ingestion
from app.services.monitoring.exposition import Exposition
from app.services.monitoring.online_measures import OnlineMeasuring
from app.services.monitoring.readiness import Readiness
from app.services.popularity.charts import Charts, RecentCounts
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.recommending.recommendation import RecommendationService
from app.services.recommending.similar_items import SimilarItemsService
from app.services.recommending.similar_users import SimilarUsersService
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.services.state.erased_users import ErasedUsers
from app.services.state.histories import Histories
from app.services.state.live_items import LiveItems
from app.services.training.jobs import TrainingJobs
from app.services.training.versions import Versions
from app.services.transfer.exporting_log import ExportingLog
from app.services.transfer.exporting_recommendations import Exporting
from app.services.transfer.import_jobs import ImportJobs
from app.services.transfer.importing import Importing
from app.services.users.profiles import Profiles
from app.services.users.retention import Retention
from app.services.users.user_data import UserData
from app.storage.activations import ActivationStore
from app.storage.bulk import BulkStore
from app.storage.changes import ChangeStore
from app.storage.counts import CountStore
from app.storage.database import Database
from app.storage.first_sight import FirstSight
from app.storage.imports import ImportStore
from app.storage.interactions import InteractionStore
from app.storage.items import ItemStore
from app.storage.log_pages import LogPages
from app.storage.online_measures import OnlineMeasureStore
from app.storage.requests import RequestStore
from app.storage.retention import RetentionStore
from app.storage.training_jobs import TrainingJobStore
from app.storage.user_data import UserDataStore
from app.storage.users import UserStore
from app.storage.wakes import Wakes
from models.bundle.opening import open_store
from models.data.events import half_lives_of, weights_of
from models.data.strengths import StrengthScale

_MEGABYTE = 1_000_000


class Context:
    """Builds everything once; use it as an async context manager, leaving closes the database.

    Parameters
    ----------
    settings
        Of this process.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(
            settings.database_url,
            pool=settings.database_pool,
            statement_seconds=settings.statement_timeout_ms / 1000,
        )
        self.bundles = open_store(settings.bundles, settings.bundle_cache)
        self.changes = changes = ChangeStore(self.database)
        first_sight = FirstSight(self.database)
        self.interactions = InteractionStore(self.database, changes, first_sight)
        self.items = ItemStore(self.database, changes)
        self.histories = Histories(self.interactions, settings.history_cache_mb * _MEGABYTE)
        live_items = LiveItems(self.items, changes)
        weights = weights_of(settings.event_types)
        scale = StrengthScale(event_weights=weights, half_lives=half_lives_of(settings.event_types))
        event_types = EventTypeRule(settings.event_types, allow_unknown=settings.allow_unknown_event_types)
        user_data = UserDataStore(self.database, changes)
        erased_users = ErasedUsers(user_data, first_sight)
        self.bundle = ActiveBundle(self.bundles, live_items, erased_users, scale)
        self.feed = ChangeFeed(
            changes, Wakes(self.database), self.histories, live_items.refresh, erased_users.refresh, self.bundle.wake
        )
        popular = LogCounts(self.interactions, weights)
        self.ingestion = Ingestion(
            self.interactions, first_sight, self.histories, popular, event_types, create_unknown=settings.create_unknown
        )
        self.users = UserStore(self.database, changes)
        self.imports = imports = ImportStore(self.database)
        self.import_jobs = ImportJobs(settings.imports, imports, settings.as_environment())
        self.importing = Importing(
            imports,
            BulkStore(self.database, changes, first_sight),
            self.items,
            self.users,
            changes,
            event_types,
        )
        self.user_data = UserData(user_data, self.users, self.histories, popular, erased_users)
        self.profiles = Profiles(self.users)
        self.catalogue = Catalogue(self.items, live_items)
        self.requests = RequestStore(self.database)
        self.retention = Retention(RetentionStore(self.database, changes), self.bundles, settings.retention_days)
        counts = CountStore(self.database)
        self.popularity = CountsSinceBundle(counts, weights)
        self.recommendation = RecommendationService(
            self.histories,
            popular,
            self.bundle,
            self.feed,
            self.requests,
            self.popularity,
            deadline=settings.deadline_ms / 1000,
            new_item_share=settings.new_item_share,
        )
        self.trending = Charts(popular, RecentCounts(counts, weights), self.popularity, self.bundle)
        self.similar_items = SimilarItemsService(self.bundle, self.trending, self.items, counts)
        self.similar_users = SimilarUsersService(self.bundle, self.histories)
        self.exporting = Exporting(
            self.interactions, counts, self.histories, self.bundle, new_item_share=settings.new_item_share
        )
        self.exporting_log = ExportingLog(self.interactions, LogPages(self.database))
        self.online_measuring = OnlineMeasuring(OnlineMeasureStore(self.database))
        self.versions = Versions(self.bundles, ActivationStore(self.database, changes), settings.keep_bundles)
        self.job_store = TrainingJobStore(self.database)
        self.exposition = Exposition(self.versions, self.job_store, self.online_measuring)
        self.training_jobs = TrainingJobs(self.job_store, self.bundles)
        self.known_queries: dict[bytes, Options] = {}
        self.readiness = Readiness(self.database, self.bundle)
        self._following = AsyncExitStack()

    async def follow(self) -> None:
        """Load what answers are made from, and keep it up to date until the context is left."""
        # The feed first: what is written while things are loaded is read afterwards.
        await self.feed.start()
        await self.bundle.start()
        await self.feed.catch_up()
        await self.import_jobs.resume()
        _settle_memory()
        for work in (self.feed.follow(), self.bundle.watch(), self.retention.follow(), self.popularity.follow()):
            self._following.push_async_callback(_stop, asyncio.create_task(work))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.import_jobs.close()
        await self.ingestion.close()
        await self._following.aclose()
        await self.database.close()


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _settle_memory() -> None:
    """Give back what loading left over, and let the garbage collector pass over what will stay."""
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
