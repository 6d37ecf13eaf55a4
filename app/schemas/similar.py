"""Similar items and similar users on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.ids import Id
from app.schemas.list_fields import Limit
from app.schemas.list_queries import UserListQuery
from app.schemas.options import DEFAULT_LIMIT
from app.schemas.recommend_requests import ListIn
from app.schemas.recommendations import DEGRADED, NEXT_CURSOR, REQUEST_ID, Degradation, RecommendedItem
from app.schemas.shared_fields import UsedMethod, UserId

BLEND = "blend"
SimilarStrategy = Literal["similar", "trending", "popular", "none"]
_VERSION = "20260301T120000000000Z"


MAX_ITEMS = 50
Method = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="`blend`, of users and descriptions by how much is known of the items; one method: `item_knn`,"
        " `content`, `successor`, and `ease` or `spectral` if the bundle has them; or what happened in one visit:"
        " `bought_together`, `viewed_together`, `viewed_then_bought`",
    ),
]


class SimilarItemsQuery(UserListQuery):
    """The parameters of similar items."""

    method: Method = BLEND


class SimilarItemsIn(ListIn):
    """A request for items that are similar to one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "196",
                    "filter": {"and": [{"field": "categories", "in": {"item": "categories"}}]},
                    "limit": 5,
                }
            ]
        },
    )

    method: Method = BLEND


class SimilarToSeveralIn(SimilarItemsIn):
    """A request for items that are similar to several, such as those in a cart."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"item_ids": ["181", "172"], "user_id": "196", "limit": 5}]},
    )

    item_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        description="the items; likeness is summed over them, and none of them is in the list"
    )


class SimilarItems(BaseModel):
    """Items that are similar to an item, by content, by common users or by common visits."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "item_id": "181",
                    "user_id": None,
                    "method": "item_knn",
                    "items": [{"item_id": "50", "score": 0.41, "rank": 1}],
                    "strategy": "similar",
                    "bundle_version": _VERSION,
                    "next_cursor": None,
                    "reason": None,
                    "degraded": None,
                    "request_id": f"{_VERSION}~similar~1772366400000000~9f2c4e1a",
                }
            ]
        },
    )

    item_id: str | None = Field(None, description="the item; null where there are several")
    item_ids: list[str] | None = Field(None, description="the items, where there are several")
    user_id: str | None = Field(description="whom the list is for; null for anybody")
    method: UsedMethod
    items: list[RecommendedItem] = Field(description="the best first, never the item itself")
    strategy: SimilarStrategy = Field(
        description="`trending` or `popular` if no similar item is known; `none` if there are none of these either"
    )
    bundle_version: str | None = Field(description="the bundle that was used; null if there is none yet")
    next_cursor: str | None = Field(description=NEXT_CURSOR)
    reason: str | None = Field(description="why the list is empty, or has other items than requested; null otherwise")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)


class SimilarUsersQuery(BaseModel):
    """The parameters of similar users."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    method: str = Field("user_knn", min_length=1, max_length=64, description="`user_knn` is the only method")


class SimilarUser(BaseModel):
    """One user of the list."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_id": "22", "similarity": 0.62, "rank": 1}]}
    )

    user_id: UserId
    similarity: float = Field(description="similarity of the two histories, by the measure that training chose")
    rank: int = Field(description="1 for the most similar")


class SimilarUsers(BaseModel):
    """Users whose history is similar to that of a user."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "196",
                    "method": "user_knn",
                    "items": [{"user_id": "22", "similarity": 0.62, "rank": 1}],
                    "bundle_version": _VERSION,
                    "next_cursor": None,
                    "reason": None,
                }
            ]
        },
    )

    user_id: UserId
    method: UsedMethod
    items: list[SimilarUser] = Field(description="users of the bundle, without the requested user")
    bundle_version: str | None = Field(description="the bundle that was used; null if there is none yet")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty; null if it is not")
