"""An item of the catalogue on the wire."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.schemas.ids import Id
from app.schemas.shared_fields import GivenItemId
from app.schemas.types import ItemAttributes, Moment, Text

TITLE = "its name, as people read it"
DESCRIPTION = "what it is, in words; its words are compared with those of other items"
URL = "link to its page"
IMAGE_URL = "link to its picture"
CATEGORIES = "kinds of items that it belongs to, such as the shelves of a shop"
TAGS = "labels besides the categories"
PRICE = "price, in the currency of the shop"
ATTRIBUTES = "other properties, as a JSON object"
HIDDEN = "a hidden item is never recommended"
AVAILABLE_FROM = "not recommended before this time"
AVAILABLE_UNTIL = "not recommended from this time on"
Title = Annotated[Annotated[Text, StringConstraints(max_length=1000)] | None, Field(description=TITLE)]
Description = Annotated[Annotated[Text, StringConstraints(max_length=20_000)] | None, Field(description=DESCRIPTION)]
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+-]*):")
_LINK = "an address with http or https, or without a scheme"


def _with_http(link: str) -> str:
    """Refuse links that a page would run rather than open."""
    scheme = _SCHEME.match(link)
    if scheme is not None and scheme[1].lower() not in {"http", "https"}:
        raise PydanticCustomError("link_scheme", "must be {link}", {"link": _LINK})
    return link


_MOST_LINK, _LINK_PATTERN = 2048, r"^[^\x00-\x20\x7f<>\"\\]+$"
Link = Annotated[
    Text,
    StringConstraints(max_length=_MOST_LINK, pattern=_LINK_PATTERN),
    AfterValidator(_with_http),
    # Behind a validator the pattern would be missing in the description.
    WithJsonSchema({"type": "string", "maxLength": _MOST_LINK, "pattern": _LINK_PATTERN}),
]
Price = Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, Field(description=PRICE)]
Label = Annotated[Text, StringConstraints(min_length=1, max_length=256)]
Labels = Annotated[list[Label], Field(max_length=1000)]
MAX_DELETED = 1000
"""Ids of items that one request can delete."""
ITEM_EXAMPLE: dict[str, JsonValue] = {
    "title": "Star Wars",
    "url": "https://films.example/50",
    "image_url": "https://films.example/50.jpg",
    "categories": ["Action", "Adventure", "Romance", "Sci-Fi", "War"],
    "tags": ["1977"],
    "price": 9.9,
    "attributes": {"director": "George Lucas", "restored": True},
}


class ItemIn(BaseModel):
    """An item without its id; absent fields are empty."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [ITEM_EXAMPLE]})

    title: Title = None
    description: Description = None
    url: Link | None = Field(None, description=f"{URL}: {_LINK}")
    image_url: Link | None = Field(None, description=f"{IMAGE_URL}: {_LINK}")
    categories: Labels = Field([], description=CATEGORIES)
    tags: Labels = Field([], description=TAGS)
    price: Price = None
    attributes: ItemAttributes = Field({}, description=ATTRIBUTES)
    hidden: bool = Field(False, description=HIDDEN)
    available_from: Moment | None = Field(None, description=AVAILABLE_FROM)
    available_until: Moment | None = Field(None, description=AVAILABLE_UNTIL)


class Item(ItemIn):
    """An item as it is stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item_id": "50", **ITEM_EXAMPLE, "hidden": False}]}
    )

    item_id: GivenItemId


class ItemPatch(BaseModel):
    """Changes to an item (JSON merge patch, RFC 7396): absent fields stay as they are, null clears a field."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"price": 7.9, "attributes": {"minutes": 121}}]},
    )

    title: Title = None
    description: Description = None
    url: Link | None = Field(None, description=URL)
    image_url: Link | None = Field(None, description=IMAGE_URL)
    categories: Labels | None = Field(None, description=CATEGORIES)
    tags: Labels | None = Field(None, description=TAGS)
    price: Price = None
    attributes: ItemAttributes | None = Field(None, description="merged: a name with null is removed")
    hidden: bool | None = Field(None, description=HIDDEN)
    available_from: Moment | None = Field(None, description=AVAILABLE_FROM)
    available_until: Moment | None = Field(None, description=AVAILABLE_UNTIL)


class WhichItems(BaseModel):
    """Conditions that items must meet, all of them."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Text, StringConstraints(min_length=1, max_length=1000)] | None = Field(
        None,
        description="items whose title has all these words, in upper or lower case, the last one as the beginning of a"
        " word",
    )
    category: Label | None = Field(None, description="items of this category")
    tag: Label | None = Field(None, description="items with this tag")
    hidden: bool | None = Field(None, description="true: only hidden items; false: only items that are not hidden")
    price_gte: float | None = Field(None, allow_inf_nan=False, description="items of this price or more")
    price_lte: float | None = Field(None, allow_inf_nan=False, description="items of this price or less")


class ItemsQuery(WhichItems):
    """Which items to list."""

    limit: int = Field(100, ge=1, le=1000, description="items per page")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before")


class DeleteItemsQuery(WhichItems):
    """Which items to delete: those that meet all parameters, of which there must be one."""

    item_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_DELETED)] | None = Field(
        None, description="items with one of these ids; repeat the parameter for several"
    )


class ItemsDeleted(BaseModel):
    """What a deletion of several items did."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": 3}]})

    deleted: int = Field(description="number of items that are deleted now and were not before")


class ItemsPage(BaseModel):
    """A page of items, ordered by id."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"item_id": "50", **ITEM_EXAMPLE}], "next_cursor": None}]}
    )

    items: list[Item] = Field(description="the items of the page")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null at the end of the list")
