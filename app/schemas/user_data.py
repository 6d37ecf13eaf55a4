"""The data stored about a user, on the wire."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.schemas.ids import Id
from app.schemas.shared_fields import EventId, ItemId, UserId
from app.schemas.users import USER_EXAMPLE

_INTERACTION: dict[str, JsonValue] = {
    "id": 1001,
    "user_id": "196",
    "item_id": "50",
    "event_type": "purchase",
    "value": None,
    "timestamp": "2026-03-01T12:00:00Z",
    "event_id": "order-1001-1",
    "request_id": None,
    "position": None,
    "context": None,
    "quantity": 2.0,
    "revenue": 39.8,
}
_MERGE: dict[str, JsonValue] = {
    "user_id": "anonymous-7",
    "into": "196",
    "moved": 12,
    "merged_at": "2026-03-01T12:00:00Z",
}
_REQUEST: dict[str, JsonValue] = {
    "request_id": "20260301T120000Z-1~personalized~1772366400000000~0a1b2c3d",
    "timestamp": "2026-03-01T12:00:00Z",
    "context": {"page": "home"},
}


class Interaction(BaseModel):
    """An interaction as stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INTERACTION]})

    id: int = Field(description="its number in the log")
    user_id: UserId
    item_id: ItemId
    event_type: str = Field(description="what the user did")
    value: float | None = Field(description="for example the stars of a rating")
    timestamp: datetime | None = Field(description="null if it was imported from a data set without times")
    event_id: EventId
    request_id: str | None = Field(description="`request_id` of the list that led to it")
    position: int | None = Field(description="position in that list")
    context: dict[str, Any] | None = Field(description="what was sent as `context`")
    quantity: float | None = Field(description="pieces; negative for a return")
    revenue: float | None = Field(description="the price paid in total")
    sequence: float | None = Field(
        None,
        description="only if it was imported with `timestamps` `order`: its place among those without a time,"
        " which are older than all others",
    )


class LogQuery(BaseModel):
    """Which part of a log to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="interactions per page")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before")


class LogPage(BaseModel):
    """A user's interactions, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_INTERACTION], "next_cursor": None}]})

    items: list[Interaction] = Field(description="the interactions of the page")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null at the end of the list")


class MergeIn(BaseModel):
    """The user to merge into."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"into": "196"}]})

    into: Id = Field(description="id of the known user")


class _Merge(BaseModel):
    user_id: str = Field(description="id of the anonymous user")
    into: str = Field(description="id of the known user")
    moved: int = Field(description="interactions moved by all calls of this merge")


class Merged(_Merge):
    """A committed merge; where `into` was merged into another user before, `into` is that user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**{name: _MERGE[name] for name in ("user_id", "into", "moved")}, "created": False}]
        }
    )

    created: bool = Field(description="whether nothing was stored about `into` before: it may be misspelt")


class Unmerged(BaseModel):
    """A merge that was undone."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{name: _MERGE[name] for name in ("user_id", "into", "moved")}]}
    )

    user_id: str = Field(description="id of the user who was merged")
    into: str = Field(description="id of the user that it was merged into")
    moved: int = Field(description="interactions that moved back")


class MergeRecord(_Merge):
    """A merge that was made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MERGE]})

    merged_at: datetime = Field(description="when it was first made")


class RequestRecord(BaseModel):
    """The context that was recorded with a request."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST]})

    request_id: str = Field(description="`request_id` of the answer")
    timestamp: datetime = Field(description="when it was made")
    context: dict[str, Any] = Field(description="what was sent as `context`")


class UserExport(BaseModel):
    """All data stored about a user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "196",
                    **USER_EXAMPLE,
                    "merges": [_MERGE],
                    "requests": [_REQUEST],
                    "interactions": [_INTERACTION],
                }
            ]
        }
    )

    user_id: UserId
    attributes: dict[str, Any] | None = Field(description="the profile; null if there is none")
    merges: list[MergeRecord] = Field(description="users that were merged into this one")
    requests: list[RequestRecord] = Field(description="requests whose context was recorded")
    interactions: list[Interaction] = Field(description="the user's interactions")
