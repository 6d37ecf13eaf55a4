"""What one process shares: the database, the bundle in use and the services, for API, CLI and tests alike."""

from typing import Self

from app.config import Settings
from app.services.active_bundle import ActiveBundle
from app.services.catalogue import Catalogue
from app.services.importing import Importing
from app.services.ingestion import Ingestion
from app.services.popular import PopularItems
from app.services.readiness import Readiness
from app.services.recommendation import RecommendationService
from app.storage.database import Database
from app.storage.interactions import InteractionStore
from app.storage.items import ItemStore
from models.bundle.store import BundleStore
from models.data.strengths import StrengthScale


class Context:
    """Builds everything once; use it as an async context manager, leaving closes the database.

    Parameters
    ----------
    settings
        Of this process.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.bundles = BundleStore(settings.bundles)
        self.interactions = InteractionStore(self.database)
        self.items = ItemStore(self.database)
        self.bundle = ActiveBundle(self.bundles)
        popular = PopularItems(self.interactions, settings.event_weights)
        self.ingestion = Ingestion(self.interactions, popular)
        self.importing = Importing(self.database, self.interactions, self.items)
        self.catalogue = Catalogue(self.items)
        scale = StrengthScale(event_weights=settings.event_weights)
        self.recommendation = RecommendationService(self.interactions, self.items, popular, self.bundle, scale)
        self.readiness = Readiness(self.database, self.bundle)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()
