"""The scenarios that exist before anybody defines one."""

from collections.abc import Mapping

from app.schemas.scenario_definitions import ScenarioIn

DEFAULTS: Mapping[str, ScenarioIn] = {
    "home": ScenarioIn(
        description="the first page: for the user, else what is popular",
        kind="user",
        fallback=("trending", "popular", "newest"),
        diversity=0.2,
    ),
    "product-page": ScenarioIn(
        description="beside an item: what resembles it", kind="item", fallback=("user", "popular", "newest")
    ),
    "cart": ScenarioIn(
        description="in the cart: what completes it",
        kind="cart",
        fallback=("user", "popular", "newest"),
        limit=6,
    ),
    "email": ScenarioIn(
        description="in a mail: what the user began, then recommendations",
        kind="continue",
        fallback=("user", "trending", "popular", "newest"),
        limit=6,
    ),
    "again": ScenarioIn(description="what the user had before, by rhythm and recency", kind="again"),
    "continue": ScenarioIn(description="what the user began and did not finish", kind="continue"),
    "popular": ScenarioIn(description="what most people want", kind="popular", fallback=("newest",)),
    "trending": ScenarioIn(description="what is rising", kind="trending", fallback=("popular", "newest")),
    "search": ScenarioIn(description="what matches the words of a query", kind="search"),
    "newest": ScenarioIn(description="what came last", kind="newest"),
}
