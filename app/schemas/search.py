"""Search on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.list_queries import UserListQuery
from app.schemas.recommend_requests import ListIn
from app.schemas.recommendations import DEGRADED, NEXT_CURSOR, REQUEST_ID, Degradation, RecommendedItem

SearchText = Annotated[
    str,
    Field(
        max_length=256,
        description="words that must all occur in title, description, categories or tags, the last one as the beginning"
        " of a word; all but letters and digits separates words",
        examples=["star wa"],
    ),
]


class SearchQuery(UserListQuery):
    """The parameters of a search."""

    q: SearchText


class SearchIn(ListIn):
    """A search, with filters, boosts, pins and preferences."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"q": "star wa", "user_id": "196", "filter": {"field": "categories", "eq": "Sci-Fi"}}]
        },
    )

    q: SearchText


class Found(BaseModel):
    """Items that match the words of a query."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "query": "star wa",
                    "user_id": None,
                    "items": [{"item_id": "50", "score": 11.8, "rank": 1}],
                    "strategy": "search",
                    "bundle_version": "20260301T120000000000Z",
                    "next_cursor": None,
                    "reason": None,
                    "degraded": None,
                    "request_id": "20260301T120000000000Z~search~1772366400000000~9f2c4e1a",
                }
            ]
        },
    )

    query: str = Field(description="the query of the request")
    user_id: str | None = Field(description="whom the list is for; null for anybody")
    items: list[RecommendedItem] = Field(
        description="`score` tells how well the words match; for a user with a history it is in standard deviations of"
        " the list"
    )
    strategy: Literal["search", "none"] = Field(description="`none` for an empty list")
    bundle_version: str | None = Field(description="the bundle that knows the user; null if there is none")
    next_cursor: str | None = Field(description=NEXT_CURSOR)
    reason: str | None = Field(description="why the list is empty; null if it is not")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)
