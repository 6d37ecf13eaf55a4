"""An interaction on the wire."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationInfo,
    field_validator,
)

from app.schemas.ids import Id
from app.schemas.shared_fields import Errors, EventId, GivenItemId, GivenUserId, RefusedRows
from app.schemas.types import Context, PastMoment
from models.data.events import EVENT_TYPE_PATTERN

EventType = Annotated[
    str, Field(pattern=EVENT_TYPE_PATTERN, description="one of the configured event types", examples=["view"])
]
Position = Annotated[int, Field(ge=0, lt=2**31)]


def _not_zero(quantity: float) -> float:
    if not quantity:
        raise ValueError("must not be 0: leave it out where it is not known")
    return quantity


Quantity = Annotated[FiniteFloat, AfterValidator(_not_zero), Field(json_schema_extra={"not": {"const": 0}})]


EXAMPLE: dict[str, JsonValue] = {
    "user_id": "196",
    "item_id": "50",
    "event_type": "purchase",
    "timestamp": "2026-03-01T12:00:00Z",
    "event_id": "order-1001-1",
    "quantity": 2,
    "revenue": 39.8,
}


class InteractionIn(BaseModel):
    """What a user did with an item."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [EXAMPLE]},
    )

    user_id: GivenUserId
    item_id: GivenItemId
    event_type: EventType
    value: FiniteFloat | None = Field(None, description="for example the stars of a rating")
    timestamp: PastMoment | None = Field(None, description="RFC 3339; the server's time if absent")
    event_id: Id | None = Field(None, description="the idempotency key: a repeat is not counted twice")
    request_id: Id | None = Field(None, description="`request_id` of the recommendation that led to this interaction")
    position: Position | None = Field(None, description="position in the list that was shown")
    context: Context | None = Field(None, description="a JSON object of at most 4 KiB and 50 names, such as the device")
    quantity: Quantity | None = Field(
        None, description="pieces; a negative number is a return: the interaction then counts as a `return`"
    )
    revenue: FiniteFloat | None = Field(
        None,
        description="the price paid in total, quantity times unit price, always in one currency; negative only with a"
        " negative quantity",
    )

    @field_validator("revenue")
    @classmethod
    def _negative_for_returns(cls, revenue: float | None, info: ValidationInfo) -> float | None:
        # A quantity that is refused itself is not in the data.
        quantity = info.data.get("quantity", -1)
        if revenue is not None and revenue < 0 and (quantity is None or quantity > 0):
            raise ValueError("must not be negative without a negative quantity, which is that of a return")
        return revenue


class InteractionStored(BaseModel):
    """The acknowledgement: the interaction is committed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": 1001, "event_id": "order-1001-1", "status": "stored"}]}
    )

    id: int = Field(description="number of the interaction in the log")
    event_id: EventId
    status: Literal["stored", "repeat"] = Field(description="`repeat` if it was stored before")


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
    refused: int = Field(description="rows that were not stored; `errors` has one entry for each of the first 100")
    errors: Errors
    refused_rows: RefusedRows = []
