"""An interaction on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue

from app.schemas.problems import FieldError
from app.schemas.types import Id, JsonObject, PastMoment
from models.data.events import EVENT_TYPE_PATTERN

EventType = Annotated[
    str, Field(pattern=EVENT_TYPE_PATTERN, description="one of the configured event types", examples=["view"])
]
Position = Annotated[int, Field(ge=0, lt=2**31)]


EXAMPLE: dict[str, JsonValue] = {
    "user_id": "u-42",
    "item_id": "sku-7",
    "event_type": "purchase",
    "timestamp": "2026-03-01T12:00:00Z",
    "event_id": "order-1001-1",
}


class InteractionIn(BaseModel):
    """What a user did with an item."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [EXAMPLE]},
    )

    user_id: Id
    item_id: Id
    event_type: EventType
    value: FiniteFloat | None = Field(None, description="for example the stars of a rating")
    timestamp: PastMoment | None = Field(None, description="RFC 3339; the server's time if absent")
    event_id: Id | None = Field(None, description="the idempotency key: a repeat is not counted twice")
    request_id: Id | None = Field(None, description="`request_id` of the recommendation that led to this interaction")
    position: Position | None = Field(None, description="position in the list that was shown")
    context: JsonObject | None = Field(None, description="any JSON object, for example with the device")


class InteractionStored(BaseModel):
    """The acknowledgement: the interaction is committed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": 1001, "event_id": "order-1001-1", "status": "stored"}]}
    )

    id: int
    event_id: str | None
    status: Literal["stored", "repeat"]


class InteractionsStored(BaseModel):
    """The result of a batch; stored rows are committed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stored": 997,
                    "repeated": 2,
                    "refused": 1,
                    "errors": [{"index": 41, "field": "item_id", "code": "missing", "detail": "is missing"}],
                }
            ]
        }
    )

    stored: int = Field(description="new rows")
    repeated: int = Field(description="rows that were stored before, or occur twice in the batch")
    refused: int = Field(description="rows that were not stored; `errors` has one entry for each")
    errors: list[FieldError]
