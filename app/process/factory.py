"""Makes services where they are used: by the API for a request, by a command, by the worker and by tests alike.

They are cheap to make. What must outlive them is in `Resources` and, in a process that serves, in `ServingState`.
"""

from app.process.resources import Resources
from app.process.serving_state import ServingState
from app.services.catalogue.catalogue import Catalogue
from app.services.monitoring.exposition import Exposition
from app.services.monitoring.online_measures import OnlineMeasuring
from app.services.monitoring.readiness import Readiness
from app.services.popularity.charts import Charts
from app.services.recommending.similar_items import SimilarItemsService
from app.services.recommending.similar_users import SimilarUsersService
from app.services.training.jobs import TrainingJobs
from app.services.training.versions import Versions
from app.services.transfer.exporting_log import ExportingLog
from app.services.transfer.exporting_recommendations import Exporting
from app.services.transfer.importing import Importing
from app.services.users.profiles import Profiles
from app.services.users.user_data import UserData
from app.storage.activations import ActivationStore
from app.storage.bulk import BulkStore
from app.storage.log_pages import LogPages
from app.storage.online_measures import OnlineMeasureStore


def importing(resources: Resources) -> Importing:
    """Import data-set folders."""
    bulk = BulkStore(resources.database, resources.changes, resources.first_sight)
    return Importing(
        resources.imports, bulk, resources.items, resources.users, resources.changes, resources.event_types
    )


def exporting_log(resources: Resources) -> ExportingLog:
    """Export the log and the catalogue."""
    return ExportingLog(resources.interactions, LogPages(resources.database))


def versions(resources: Resources) -> Versions:
    """List and activate bundles."""
    activations = ActivationStore(resources.database, resources.changes)
    return Versions(resources.bundles, activations, resources.settings.keep_bundles)


def training_jobs(resources: Resources) -> TrainingJobs:
    """Add, read and cancel training jobs."""
    return TrainingJobs(resources.training_jobs, resources.bundles)


def profiles(resources: Resources) -> Profiles:
    """Read and write users' profiles."""
    return Profiles(resources.users)


def online_measuring(resources: Resources) -> OnlineMeasuring:
    """Measure what became of recommendations."""
    return OnlineMeasuring(OnlineMeasureStore(resources.database))


def catalogue(state: ServingState) -> Catalogue:
    """Read and write items."""
    return Catalogue(state.resources.items, state.live_items)


def user_data(state: ServingState) -> UserData:
    """Show, export, erase and merge what is held on users."""
    resources = state.resources
    return UserData(resources.user_data, resources.users, state.histories, state.log_counts, state.erased_users)


def charts(state: ServingState) -> Charts:
    """List popular and trending items."""
    return Charts(state.log_counts, state.recent_counts, state.counts_since_bundle, state.bundle)


def similar_items(state: ServingState) -> SimilarItemsService:
    """List similar items."""
    return SimilarItemsService(state.bundle, charts(state), state.resources.items, state.resources.counts)


def similar_users(state: ServingState) -> SimilarUsersService:
    """List similar users."""
    return SimilarUsersService(state.bundle, state.histories)


def exporting_recommendations(state: ServingState) -> Exporting:
    """Export the recommendations of all users."""
    resources = state.resources
    share = resources.settings.new_item_share
    return Exporting(resources.interactions, resources.counts, state.histories, state.bundle, new_item_share=share)


def exposition(state: ServingState) -> Exposition:
    """Write the metrics."""
    return Exposition(versions(state.resources), state.resources.training_jobs, state.recent_measures)


def readiness(state: ServingState) -> Readiness:
    """Check whether the process should take traffic."""
    return Readiness(state.resources.database, state.bundle, state.background)
