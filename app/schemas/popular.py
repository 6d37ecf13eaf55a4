"""What is popular, and what is trending, on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.options import DEFAULT_LIMIT
from app.schemas.recommend_requests import Excluded, Labels, Limit, labelled
from models.filters.requirements import Filter
from models.recommenders.popularity import HALF_LIVES_DAYS

Window = Literal["1d", "7d", "30d", "90d"]
AnyWindow = Literal["all", "1d", "7d", "30d", "90d"]
WINDOWS: dict[str, int] = {f"{days:.0f}d": row for row, days in enumerate(HALF_LIVES_DAYS)}
"""The row of `Popularity.recent` of each window."""
ChartStrategy = Literal["popular", "trending", "none"]


class ItemsQuery(BaseModel):
    """What can be asked of any list of items in the query string."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    category: Labels = Field([], description="only items of one of these categories; repeat it for several")
    tag: Labels = Field([], description="only items with one of these tags; repeat it for several")
    exclude: Excluded = Field([], description="items to leave out; repeat the parameter for several")

    @property
    def filter(self) -> Filter | None:
        """The filter that categories and tags make; None where there are none."""
        return labelled(self.category, self.tag)


class PopularQuery(ItemsQuery):
    """What can be asked of popular items."""

    window: AnyWindow = Field(
        "all", description="`all` counts every interaction alike; otherwise each counts half after so many days"
    )


class TrendingQuery(ItemsQuery):
    """What can be asked of trending items."""

    window: Window = Field("7d", description="what lately means: an interaction counts half after so many days")


class ScoredItem(BaseModel):
    """One item of a list."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": "sku-7", "score": 812.0, "rank": 1}]}
    )

    item_id: str
    score: float = Field(description="comparable within one answer only")
    rank: int = Field(description="1 for the best")


class Chart(BaseModel):
    """Items that are popular, or trending, with everybody."""

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
        description="`score` is the number of interactions, or what is left of them by their age; of trending items the"
        " rise over their share of all time, in standard deviations"
    )
    strategy: ChartStrategy = Field(description="`popular` for trending items where nothing tells what is recent")
    window: AnyWindow = Field(description="the one that was used: `all` where nothing tells what is recent")
    bundle_version: str | None = Field(description="the bundle that counted; null where it was the log")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty, or not what was asked for; null otherwise")
