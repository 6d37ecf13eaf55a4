"""Segments of a user on the wire: the categories, tags or brands that fit best."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.schemas.list_fields import GOAL, GoalText, Limit
from app.schemas.list_queries import SeenQuery
from app.schemas.options import DEFAULT_LIMIT
from app.schemas.recommendations import DEGRADED, REQUEST_ID, Degradation, ListStrategy
from models.data.catalogue import CATEGORIES, PREFIX, TAGS

ITEMS_OF_VALUE = 3
"""Items that stand for a value, at most."""
_LONGEST = 256


def _of_labels(field: str) -> str:
    """Refuse a field that has no values to choose among."""
    if field not in {CATEGORIES, TAGS} and not (field.startswith(PREFIX) and len(field) > len(PREFIX)):
        raise PydanticCustomError(
            "unknown_field",
            "there are no segments by {field}: there are those by {categories}, {tags} and {prefix}NAME",
            {"field": repr(field), "categories": CATEGORIES, "tags": TAGS, "prefix": PREFIX},
        )
    return field


class SegmentsQuery(SeenQuery):
    """The parameters of a user's segments."""

    field: Annotated[str, Field(max_length=_LONGEST), AfterValidator(_of_labels)] = Field(
        CATEGORIES,
        description=f"the field whose values are listed: {CATEGORIES}, {TAGS}, or {PREFIX}NAME for an attribute that"
        " holds text (a dot for each level)",
        examples=[f"{PREFIX}brand"],
    )
    limit: Limit = DEFAULT_LIMIT
    goal: GoalText | None = Field(None, description=GOAL)


class Segment(BaseModel):
    """One value of the field."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"value": "shoes", "score": 1.63, "rank": 1, "item_ids": ["sku-7", "sku-3"]}]},
    )

    value: str = Field(description="the category, tag or value of the attribute")
    score: float = Field(
        description="how much of the user's recommendations has it, the first ones most; comparable within one response"
        " only"
    )
    rank: int = Field(description="1 for the best")
    item_ids: list[str] = Field(description=f"up to {ITEMS_OF_VALUE} items that stand for it, the best first")


class Segments(BaseModel):
    """The values of a field that fit a user best."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-42",
                    "field": "categories",
                    "items": [{"value": "shoes", "score": 1.63, "rank": 1, "item_ids": ["sku-7", "sku-3"]}],
                    "strategy": "personalized",
                    "bundle_version": "20260301T120000000000Z",
                    "next_cursor": None,
                    "reason": None,
                    "degraded": None,
                    "request_id": "20260301T120000000000Z~personalized~1772366400000000~9f2c4e1a",
                }
            ]
        },
    )

    user_id: str = Field(description="the user of the request")
    field: str = Field(description="the field of the request")
    items: list[Segment] = Field(description="the values, the best first")
    strategy: ListStrategy = Field(
        description="what the recommendations are based on: `popular` without a history, `none` for an empty list"
    )
    bundle_version: str | None = Field(description="the bundle that ranked them; null if none did")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty; null if it is not")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)
