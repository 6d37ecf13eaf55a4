"""A recommendation on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.schemas import items
from app.schemas.shared_fields import ItemId

Strategy = Literal["personalized", "session", "preferences", "popular", "none"]
ListStrategy = Literal[Strategy, "similar", "trending", "newest", "search"]
"""What any list of items may be based on."""
Degradation = Literal["deadline", "database", "stale"]
_BECAUSE: dict[str, JsonValue] = {"item_id": "181", "share": 0.8}
_REASON: dict[str, JsonValue] = {"strand": "item_knn", "share": 0.7, "because": [_BECAUSE]}
_RECOMMENDATION: dict[str, JsonValue] = {
    "user_id": "196",
    "items": [{"item_id": "50", "score": 2.31, "rank": 1}],
    "strategy": "personalized",
    "bundle_version": "20260301T120000000000Z",
    "next_cursor": None,
    "reason": None,
    "degraded": None,
    "request_id": "20260301T120000000000Z~personalized~1772366400000000~9f2c4e1a",
}


NEXT_CURSOR = "send it as `cursor` for the next page of this list; null at the end of the list"
DEGRADED = (
    "`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;"
    " `stale`: changes by other processes may be missing"
)
REQUEST_ID = "send it with the interactions that result from this list"


class Because(BaseModel):
    """An item of the user's history that contributed to a recommendation."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BECAUSE]})

    item_id: ItemId
    share: float = Field(
        description="share of the strand; the shares of all contributing items, listed or not, add up to 1"
    )


class Reason(BaseModel):
    """One component of an item's score."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REASON]})

    strand: str = Field(
        description="a recommender, `network`, `boosts`, `buries`, `preferences`, or what selected the item"
    )
    share: float = Field(description="share of the score; the shares of all strands add up to 1")
    because: list[Because] = Field(
        description="items of the user's history that contributed most, the largest share first"
    )
    words: str | None = Field(
        None,
        description="what it means, for a person to read, where there is a sentence for it: Because you viewed Alien",
    )


class IncludedFields(BaseModel):
    """Fields of the catalogue that come with an item where the request includes them."""

    title: str | None = Field(None, description=items.TITLE)
    description: str | None = Field(None, description=items.DESCRIPTION)
    url: str | None = Field(None, description=items.URL)
    image_url: str | None = Field(None, description=items.IMAGE_URL)
    categories: list[str] | None = Field(None, description=items.CATEGORIES)
    tags: list[str] | None = Field(None, description=items.TAGS)
    price: float | None = Field(None, description=items.PRICE)
    attributes: dict[str, Any] | None = Field(None, description=items.ATTRIBUTES)
    hidden: bool | None = Field(None, description=items.HIDDEN)
    available_from: datetime | None = Field(None, description=items.AVAILABLE_FROM)
    available_until: datetime | None = Field(None, description=items.AVAILABLE_UNTIL)


class RecommendedItem(IncludedFields):
    """One item of the list, with the fields that the request includes."""

    model_config = ConfigDict(extra="forbid")

    item_id: ItemId
    score: float = Field(description="comparable within one response only")
    rank: int = Field(description="1 for the best; continues across the pages of a list")
    explanation: str | None = Field(
        None, description="with `explain` only: the words of the strongest reason that has some, to show to the user"
    )
    reasons: list[Reason] | None = Field(None, description="with `explain` only")


Ranked = Annotated[list[RecommendedItem], Field(description="the items, the best first")]


class Recommendation(BaseModel):
    """A ranked list for a user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_RECOMMENDATION]})

    user_id: str | None = Field(description="null for an anonymous session")
    items: Ranked
    strategy: Strategy = Field(description="what the list is based on; `none` when there is nothing to recommend")
    bundle_version: str | None = Field(description="the bundle that ranked the list; null if none did")
    next_cursor: str | None = Field(description=NEXT_CURSOR)
    reason: str | None = Field(description="why the list is empty; null if it is not")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)


class RecommendationBatch(BaseModel):
    """A ranked list for each of several users."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_RECOMMENDATION]}]})

    items: list[Recommendation] = Field(description="in the order of `user_ids`")
