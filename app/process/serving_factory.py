"""Makes services that need what a serving process keeps in memory; see `factory` for the others."""

from app.process import factory
from app.process.serving_state import ServingState
from app.services.access.api_keys import ApiKeys
from app.services.catalogue.attribute_schema import AttributeSchema
from app.services.catalogue.catalogue import Catalogue
from app.services.monitoring.exposition import Exposition
from app.services.monitoring.readiness import Readiness
from app.services.popularity.event_counts import EventCounting
from app.services.popularity.popular_items import PopularItems
from app.services.recommending.charts import ChartService
from app.services.recommending.item_users import ItemUsersService
from app.services.recommending.known_items import KnownItems
from app.services.recommending.searching import SearchService
from app.services.recommending.similar_items import SimilarItemsService
from app.services.recommending.similar_users import SimilarUsersService
from app.services.recommending.simulating import SimulatingService
from app.services.recommending.user_segments import UserSegmentsService
from app.services.scenarios.kinds import Kinds
from app.services.scenarios.page_rows import PageRows
from app.services.scenarios.previews import Previews
from app.services.scenarios.scenario_lists import ScenarioLists
from app.services.transfer.exporting_recommendations import Exporting
from app.services.transfer.import_drafts import ImportDrafts
from app.services.users.profiles import Profiles
from app.services.users.user_data import UserData
from app.storage.samples import SampleStore


def catalogue(state: ServingState) -> Catalogue:
    """Read and write items."""
    return Catalogue(state.resources.items, state.live_items, state.resources.schema)


def event_counting(state: ServingState) -> EventCounting:
    """Count interactions of an item or a user by type."""
    return EventCounting(state.resources.counts)


def simulating(state: ServingState) -> SimulatingService:
    """List what users would be recommended after acts that are not stored."""
    return SimulatingService(state.bundle, state.request_reader, state.listing)


def attribute_schema(state: ServingState) -> AttributeSchema:
    """Declare and list the attributes of items and users."""
    resources = state.resources
    return AttributeSchema(resources.schema, SampleStore(resources.database), state.live_items)


def profiles(state: ServingState) -> Profiles:
    """Read and write users' profiles."""
    return Profiles(state.resources.users, state.resources.schema, state.histories)


def user_data(state: ServingState) -> UserData:
    """Show, export, erase and merge the data stored about users."""
    resources = state.resources
    return UserData(
        resources.user_data,
        resources.merging,
        resources.users,
        state.histories,
        state.log_counts,
        state.counts_since_bundle,
        state.erased_users,
    )


def api_keys(state: ServingState) -> ApiKeys:
    """Make, list and revoke API keys."""
    return ApiKeys(state.resources.keys, state.audit_log, state.keyring)


def charts(state: ServingState) -> PopularItems:
    """Select popular and trending items."""
    return PopularItems(state.log_counts, state.recent_counts, state.counts_since_bundle)


def chart_service(state: ServingState) -> ChartService:
    """List popular and trending items as requests want them."""
    return ChartService(charts(state), state.request_reader, state.listing)


def search_service(state: ServingState) -> SearchService:
    """Search the catalogue as requests want it."""
    return SearchService(state.resources.search, state.request_reader, state.listing)


def similar_items(state: ServingState) -> SimilarItemsService:
    """List similar items."""
    return SimilarItemsService(
        state.bundle,
        charts(state),
        known_items(state),
        state.before_bundle,
        state.request_reader,
        state.listing,
    )


def scenario_lists(state: ServingState) -> ScenarioLists:
    """List the items of scenarios."""
    kinds = Kinds(state.listing, similar_items(state), chart_service(state), search_service(state), state.newest)
    return ScenarioLists(state.request_reader, state.listing, kinds)


def scenario_previews(state: ServingState) -> Previews:
    """Try definitions of scenarios."""
    return Previews(scenario_lists(state))


def page_rows(state: ServingState) -> PageRows:
    """Fill pages of rows."""
    return PageRows(state.resources.scenarios, scenario_lists(state), state.request_reader, state.listing)


def known_items(state: ServingState) -> KnownItems:
    """Tell whether items exist."""
    return KnownItems(state.bundle, state.resources.items, state.resources.counts)


def item_users(state: ServingState) -> ItemUsersService:
    """List the users whom an item fits."""
    return ItemUsersService(state.bundle, state.histories, known_items(state))


def similar_users(state: ServingState) -> SimilarUsersService:
    """List similar users."""
    return SimilarUsersService(state.bundle, state.histories)


def user_segments(state: ServingState) -> UserSegmentsService:
    """List the categories, tags and brands that fit users."""
    return UserSegmentsService(state.request_reader, state.listing)


def import_drafts(state: ServingState) -> ImportDrafts:
    """Keep uploads until it is decided how they are imported."""
    resources = state.resources
    settings = resources.settings
    return ImportDrafts(settings.imports, state.import_jobs, resources.event_types, resources.schema, settings.id_rule)


def exporting_recommendations(state: ServingState) -> Exporting:
    """Export the recommendations of all users."""
    resources = state.resources
    settings = resources.settings
    return Exporting(
        resources.interactions,
        resources.counts,
        state.histories,
        state.bundle,
        new_item_share=settings.new_item_share,
        rotation=settings.rotates,
    )


def exposition(state: ServingState) -> Exposition:
    """Write the metrics."""
    return Exposition(factory.versions(state.resources), state.resources.training_jobs, state.recent_measures)


def readiness(state: ServingState) -> Readiness:
    """Check whether the process should take traffic."""
    resources = state.resources
    return Readiness(
        resources.database,
        state.bundle,
        state.background,
        state.feed,
        resources.training_jobs,
        state.event_types_of_log,
        resources.folders,
    )
