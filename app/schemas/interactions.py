"""An interaction on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from app.schemas.types import Id, JsonObject, PastMoment

EventType = Literal["view", "click", "cart", "purchase", "like", "rating", "dislike", "return", "shown", "recommended"]
Position = Annotated[int, Field(ge=0, lt=2**31)]


class InteractionIn(BaseModel):
    """What a user did with an item."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "user_id": "u-42",
                    "item_id": "sku-7",
                    "event_type": "purchase",
                    "timestamp": "2026-03-01T12:00:00Z",
                    "event_id": "order-1001-1",
                }
            ]
        },
    )

    user_id: Id
    item_id: Id
    event_type: EventType
    value: FiniteFloat | None = Field(None, description="for example the stars of a rating")
    timestamp: PastMoment | None = Field(None, description="RFC 3339; the server's time if absent")
    event_id: Id | None = Field(None, description="the idempotency key: a repeat is not counted twice")
    request_id: Id | None = Field(None, description="the recommendation that this answers")
    position: Position | None = Field(None, description="place in the list shown")
    context: JsonObject | None = Field(None, description="anything worth recording, for example the device")


class InteractionStored(BaseModel):
    """The acknowledgement: the interaction is committed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": 1001, "event_id": "order-1001-1", "status": "stored"}]}
    )

    id: int
    event_id: str | None
    status: Literal["stored", "repeat"]
