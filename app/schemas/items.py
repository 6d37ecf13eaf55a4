"""An item of the catalogue on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.schemas.types import Id, JsonObject, Moment, Text

Label = Annotated[Text, StringConstraints(min_length=1, max_length=256)]
_EXAMPLE: dict[str, JsonValue] = {
    "title": "Trail running shoe",
    "categories": ["shoes"],
    "tags": ["outdoor", "2026"],
    "price": 89.9,
    "attributes": {"brand": "Fell", "waterproof": True},
}


class ItemIn(BaseModel):
    """Everything about an item but its id; what is absent is empty."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [_EXAMPLE]})

    title: Annotated[Text, StringConstraints(max_length=1000)] | None = None
    description: Annotated[Text, StringConstraints(max_length=20_000)] | None = None
    categories: list[Label] = Field([], max_length=1000)
    tags: list[Label] = Field([], max_length=1000)
    price: float | None = Field(None, ge=0, allow_inf_nan=False)
    attributes: JsonObject = Field({}, description="anything else, as a JSON object")
    hidden: bool = Field(False, description="a hidden item is never recommended")
    available_from: Moment | None = Field(None, description="not recommended before")
    available_until: Moment | None = Field(None, description="not recommended from then on")


class Item(ItemIn):
    """An item as it is stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": "sku-7", **_EXAMPLE, "hidden": False}]}
    )

    item_id: Id
