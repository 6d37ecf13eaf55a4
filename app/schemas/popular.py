"""What is popular, and what is trending, on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.list_fields import Excluded, Labels, Limit, labelled
from app.schemas.options import DEFAULT_LIMIT
from models.filters.requirements import Filter

Window = Literal["1d", "7d", "30d", "90d"]
AnyWindow = Literal["all", "1d", "7d", "30d", "90d"]
WINDOWS: dict[AnyWindow, int] = {"1d": 0, "7d": 1, "30d": 2, "90d": 3}
"""The row of `Popularity.recent` of each window."""
ChartStrategy = Literal["popular", "trending", "none"]


class ItemsQuery(BaseModel):
    """The parameters of lists of items in the query string."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    category: Labels = Field([], description="only items of one of these categories; repeat the parameter for several")
    tag: Labels = Field([], description="only items with one of these tags; repeat the parameter for several")
    exclude: Excluded = Field([], description="items to leave out; repeat the parameter for several")

    @property
    def filter(self) -> Filter | None:
        """The filter for the categories and tags; None where there are none."""
        return labelled(self.category, self.tag)


class PopularQuery(ItemsQuery):
    """The parameters of popular items."""

    window: AnyWindow = Field(
        "all", description="half-life of an interaction's weight; with `all` every interaction counts the same"
    )


class TrendingQuery(ItemsQuery):
    """The parameters of trending items."""

    window: Window = Field("7d", description="half-life of an interaction's weight")


class ScoredItem(BaseModel):
    """One item of a list."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": "sku-7", "score": 812.0, "rank": 1}]}
    )

    item_id: str
    score: float = Field(description="comparable within one response only")
    rank: int = Field(description="1 for the best")


class Chart(BaseModel):
    """Items that are popular, or trending, among all users."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "items": [{"item_id": "sku-7", "score": 812.0, "rank": 1}],
                    "strategy": "popular",
                    "window": "all",
                    "bundle_version": "20260301T120000000000Z",
                    "next_cursor": None,
                    "reason": None,
                }
            ]
        },
    )

    items: list[ScoredItem] = Field(
        description="`score` is the number of interactions, decayed by their age if there is a window; for trending"
        " items it is the rise above their share of all time, in standard deviations; 0 for items that top up the list"
    )
    strategy: ChartStrategy = Field(
        description="`popular` instead of `trending` if the data has no times or nothing rises"
    )
    window: AnyWindow = Field(description="the window that was used: `all` if the data has no times")
    bundle_version: str | None = Field(description="the bundle with the counts; null if they come from the log alone")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty, or has other items than requested; null otherwise")
