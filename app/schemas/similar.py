"""Similar items and similar users on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.options import DEFAULT_LIMIT
from app.schemas.popular import ItemsQuery, ScoredItem
from app.schemas.recommend_requests import Limit

BLEND = "blend"
SimilarStrategy = Literal["similar", "trending", "popular", "none"]
_VERSION = "20260301T120000000000Z"


class SimilarItemsQuery(ItemsQuery):
    """What can be asked of similar items."""

    method: str = Field(
        BLEND,
        min_length=1,
        max_length=64,
        description="`blend`, as recommendations are ranked, or a recommender of the bundle that compares items:"
        " `item_knn`, `content`, `successor`, and `ease` or `spectral` where the bundle has them",
    )


class SimilarItems(BaseModel):
    """Items that resemble one, or that those who had it had too."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "item_id": "sku-3",
                    "method": "item_knn",
                    "items": [{"item_id": "sku-7", "score": 0.41, "rank": 1}],
                    "strategy": "similar",
                    "bundle_version": _VERSION,
                    "next_cursor": None,
                    "reason": None,
                }
            ]
        },
    )

    item_id: str
    method: str
    items: list[ScoredItem] = Field(description="the best first, never the item itself")
    strategy: SimilarStrategy = Field(
        description="`trending` or `popular` items come where nothing similar is known, `none` where there are none"
    )
    bundle_version: str | None = Field(description="the bundle that was asked; null where there is none yet")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty, or not what was asked for; null otherwise")


class SimilarUsersQuery(BaseModel):
    """What can be asked of similar users."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    method: str = Field("user_knn", min_length=1, max_length=64, description="`user_knn` is all there is")


class SimilarUser(BaseModel):
    """One user of the list."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_id": "u-7", "similarity": 0.62, "rank": 1}]}
    )

    user_id: str
    similarity: float = Field(description="of the two histories, by the measure that training chose")
    rank: int = Field(description="1 for the most similar")


class SimilarUsers(BaseModel):
    """Users whose history resembles that of one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-42",
                    "method": "user_knn",
                    "items": [{"user_id": "u-7", "similarity": 0.62, "rank": 1}],
                    "bundle_version": _VERSION,
                    "next_cursor": None,
                    "reason": None,
                }
            ]
        },
    )

    user_id: str
    method: str
    items: list[SimilarUser] = Field(description="users that the bundle knows, never the user")
    bundle_version: str | None = Field(description="the bundle that was asked; null where there is none yet")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty; null where it is not")
