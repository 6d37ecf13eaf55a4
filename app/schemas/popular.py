"""What is popular, and what is trending, on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.list_queries import UserListQuery
from app.schemas.recommend_requests import ListIn
from app.schemas.recommendations import DEGRADED, NEXT_CURSOR, REQUEST_ID, Degradation, RecommendedItem

Window = Literal["1d", "7d", "30d", "90d"]
AnyWindow = Literal["all", "1d", "7d", "30d", "90d"]
WINDOWS: dict[AnyWindow, int] = {"1d": 0, "7d": 1, "30d": 2, "90d": 3}
"""The row of `Popularity.recent` of each window."""
ChartStrategy = Literal["popular", "trending", "none"]
_WINDOW = "half-life of an interaction's weight"
_WINDOW_OF_POPULAR = f"{_WINDOW}; with `all` every interaction counts the same"


class PopularQuery(UserListQuery):
    """The parameters of popular items."""

    window: AnyWindow = Field("all", description=_WINDOW_OF_POPULAR)


class TrendingQuery(UserListQuery):
    """The parameters of trending items."""

    window: Window = Field("7d", description=_WINDOW)


class PopularIn(ListIn):
    """A request for popular items."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"user_id": "196", "limit": 5}]})

    window: AnyWindow = Field("all", description=_WINDOW_OF_POPULAR)


class TrendingIn(ListIn):
    """A request for trending items."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"filter": {"field": "categories", "eq": "Comedy"}, "window": "30d"}]},
    )

    window: Window = Field("7d", description=_WINDOW)


class Chart(BaseModel):
    """Items that are popular, or trending, among all users."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": None,
                    "items": [{"item_id": "50", "score": 812.0, "rank": 1}],
                    "strategy": "popular",
                    "window": "all",
                    "bundle_version": "20260301T120000000000Z",
                    "next_cursor": None,
                    "reason": None,
                    "degraded": None,
                    "request_id": "20260301T120000000000Z~popular~1772366400000000~9f2c4e1a",
                }
            ]
        },
    )

    user_id: str | None = Field(description="whom the list is for; null for anybody")
    items: list[RecommendedItem] = Field(
        description="`score` is the number of interactions, decayed by their age if there is a window; for trending"
        " items it is the rise above their share of all time, in standard deviations; 0 for items that top up the list."
        " For a user with a history it is in standard deviations of the list"
    )
    strategy: ChartStrategy = Field(
        description="`popular` instead of `trending` if the data has no times or nothing rises"
    )
    window: AnyWindow = Field(description="the window that was used: `all` if the data has no times")
    bundle_version: str | None = Field(description="the bundle with the counts; null if they come from the log alone")
    next_cursor: str | None = Field(description=NEXT_CURSOR)
    reason: str | None = Field(description="why the list is empty, or has other items than requested; null otherwise")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)
