"""Whom an item fits, on the wire."""

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.list_fields import Limit
from app.schemas.options import DEFAULT_LIMIT
from app.schemas.shared_fields import ItemId, UserId


class ItemUsersQuery(BaseModel):
    """The parameters of the users whom an item fits."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    exclude_seen: bool | None = Field(
        None,
        description="leave out users who have interacted with the item: all (true) or none (false); by default those"
        " who reached the bundle's goal with it",
    )


class ItemUser(BaseModel):
    """One user of the list."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_id": "196", "score": 0.81, "rank": 1}]}
    )

    user_id: UserId
    score: float = Field(description="how well the item fits the user; comparable within one response only")
    rank: int = Field(description="1 for the best")


class ItemUsers(BaseModel):
    """Users whom an item fits."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "item_id": "50",
                    "items": [{"user_id": "196", "score": 0.81, "rank": 1}],
                    "bundle_version": "20260301T120000000000Z",
                    "next_cursor": None,
                    "reason": None,
                }
            ]
        },
    )

    item_id: ItemId
    items: list[ItemUser] = Field(description="users of the bundle, the best first")
    bundle_version: str | None = Field(description="the bundle that was used; null if there is none yet")
    next_cursor: str | None = Field(description="always null: there is one page")
    reason: str | None = Field(description="why the list is empty; null if it is not")
