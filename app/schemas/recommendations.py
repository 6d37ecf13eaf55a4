"""A recommendation on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.types import Id

Strategy = Literal["personalized", "session", "preferences", "popular", "none"]


class RecommendQuery(BaseModel):
    """What can be asked of a recommendation in the query string."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = Field(10, description="length of the list, at most")
    exclude_seen: bool = Field(True, description="leave out what the user had already")
    exclude: list[Id] = Field([], max_length=1000, description="items to leave out; repeat the parameter for several")


class RecommendedItem(BaseModel):
    """One item of the list."""

    item_id: str
    score: float = Field(description="comparable within one answer only")
    rank: int = Field(description="1 for the best")


class Recommendation(BaseModel):
    """A ranked list for a user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-42",
                    "items": [{"item_id": "sku-7", "score": 2.31, "rank": 1}],
                    "strategy": "personalized",
                    "bundle_version": "20260301T120000000000Z",
                    "request_id": "20260301T120000000000Z~personalized~1772366400000000~9f2c4e1a",
                }
            ]
        }
    )

    user_id: str
    items: list[RecommendedItem]
    strategy: Strategy = Field(description="`none` when there is nothing to recommend yet")
    bundle_version: str | None = Field(description="the bundle that ranked the list; null where none did")
    request_id: str = Field(description="send it along with the interactions that follow from this list")
