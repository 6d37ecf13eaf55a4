"""What every process of Braid works with: its settings, the database and the bundle store."""

from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from app.config import Settings
from app.schemas.ids import in_force
from app.services.access.audit import AuditLog
from app.services.kit.event_types import EventTypeRule
from app.services.scenarios.definitions import Scenarios
from app.services.state.declared_schema import DeclaredSchema
from app.storage.audit_log import AuditStore
from app.storage.changes import ChangeStore
from app.storage.counts import CountStore
from app.storage.database import Database
from app.storage.first_mentions import FirstMentions
from app.storage.imports import ImportStore
from app.storage.interactions import InteractionStore
from app.storage.items import ItemStore
from app.storage.keys import KeyStore
from app.storage.log_readers import LogReaders
from app.storage.masks import MaskStore
from app.storage.merging import MergeStore
from app.storage.requests import RequestStore
from app.storage.scenarios import ScenarioStore
from app.storage.schemas import SchemaStore
from app.storage.search import SearchStore
from app.storage.training_jobs import TrainingJobStore
from app.storage.user_data import UserDataStore
from app.storage.users import UserStore
from models.bundle.opening import open_store
from models.bundle.store import BundleStore


def open_database(settings: Settings, *, lock_seconds: float | None = None) -> Database:
    """Return the database of the settings; it is connected to at the first query."""
    return Database(
        settings.database_url,
        pool=settings.database_pool,
        statement_seconds=settings.statement_timeout_ms / 1000,
        lock_seconds=lock_seconds,
    )


class Resources:
    """Settings, database and bundle store; each store is made at its first use and shared from then on.

    Use it as an async context manager; leaving closes the database.

    Parameters
    ----------
    settings
        The settings of this process.
    lock_seconds
        See `Database`.
    """

    def __init__(self, settings: Settings, *, lock_seconds: float | None = None) -> None:
        self.settings = settings
        in_force.use(settings.id_rule)
        self.database = open_database(settings, lock_seconds=lock_seconds)

    @cached_property
    def bundles(self) -> BundleStore:
        """Where bundles are published and activated."""
        return open_store(self.settings.bundles, self.settings.bundle_cache)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of this machine that something is written to, beside the database."""
        settings = self.settings
        place = urlsplit(settings.bundles)
        local = Path(unquote(place.path) if place.scheme == "file" else settings.bundles)
        return (settings.bundle_cache if place.scheme in {"s3", "gs"} else local, settings.imports)

    @cached_property
    def event_types(self) -> EventTypeRule:
        """The event types that are accepted."""
        return EventTypeRule(self.settings.event_types, allow_unknown=self.settings.allow_unknown_event_types)

    @cached_property
    def changes(self) -> ChangeStore:
        """The change feed, with the name under which this process writes to it."""
        return ChangeStore(self.database)

    @cached_property
    def first_mentions(self) -> FirstMentions:
        """The users and items that this process knows to exist."""
        return FirstMentions(self.database)

    @cached_property
    def interactions(self) -> InteractionStore:
        """The interaction log."""
        return InteractionStore(self.database, self.changes, self.first_mentions)

    @cached_property
    def counts(self) -> CountStore:
        """Counts over the interaction log."""
        return CountStore(self.database)

    @cached_property
    def items(self) -> ItemStore:
        """The catalogue."""
        return ItemStore(self.database, self.changes)

    @cached_property
    def scenarios(self) -> Scenarios:
        """The scenarios; load them before they are read."""
        return Scenarios(self.settings.scenarios, self.scenario_store)

    @cached_property
    def scenario_store(self) -> ScenarioStore:
        """The stored scenarios."""
        return ScenarioStore(self.database, self.changes)

    @cached_property
    def search(self) -> SearchStore:
        """The search index of the catalogue."""
        return SearchStore(self.database)

    @cached_property
    def schema(self) -> DeclaredSchema:
        """The declared schema of items and users; load it before it is read."""
        return DeclaredSchema(self.settings.schema, SchemaStore(self.database, self.changes))

    @cached_property
    def users(self) -> UserStore:
        """The users' profiles."""
        return UserStore(self.database, self.changes)

    @cached_property
    def user_data(self) -> UserDataStore:
        """All data stored about single users."""
        return UserDataStore(self.database, self.changes)

    @cached_property
    def masks(self) -> MaskStore:
        """Users whom bundles hide."""
        return MaskStore(self.database, self.changes)

    @cached_property
    def log_readers(self) -> LogReaders:
        """The lock of those who read the whole log."""
        return LogReaders(self.database)

    @cached_property
    def merging(self) -> MergeStore:
        """Merges of users."""
        return MergeStore(self.database, self.changes)

    @cached_property
    def requests(self) -> RequestStore:
        """The contexts of recommendation requests."""
        return RequestStore(self.database)

    @cached_property
    def keys(self) -> KeyStore:
        """API keys."""
        return KeyStore(self.database, self.changes)

    @cached_property
    def audit_log(self) -> AuditLog:
        """Administrative acts."""
        return AuditLog(AuditStore(self.database))

    @cached_property
    def imports(self) -> ImportStore:
        """The state of imports."""
        return ImportStore(self.database)

    @cached_property
    def training_jobs(self) -> TrainingJobStore:
        """The queue of training jobs."""
        return TrainingJobStore(self.database)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()
