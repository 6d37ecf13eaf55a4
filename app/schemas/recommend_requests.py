"""Requests for recommendations, on the wire."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.schemas.ids import Id
from app.schemas.list_fields import CURSOR, NO_CURSOR, Cursor
from app.schemas.list_queries import ListQuery
from app.schemas.list_rules import Rules
from app.schemas.options import Options
from app.schemas.types import JsonObject

MAX_SESSION_ITEMS = 500
MAX_USERS = 100
_EXAMPLE: dict[str, JsonValue] = {
    "user_id": "196",
    "limit": 5,
    "session_items": ["181"],
    "filter": {"and": [{"field": "categories", "eq": "Sci-Fi"}, {"not": {"field": "categories", "eq": "Horror"}}]},
    "boosts": [{"filter": {"field": "categories", "eq": "Comedy"}, "weight": 0.5}],
    "pins": [{"item_id": "50", "position": 1}],
    "exclude_seen": ["rating"],
    "diversity": 0.3,
    "explain": True,
}


class RecommendQuery(ListQuery):
    """The parameters of a recommendation in the query string."""


class ListIn(Rules):
    """A request for a list of items, for a user or an anonymous session."""

    user_id: Id | None = Field(None, description="absent for an anonymous session")
    session_items: Annotated[list[Id], Field(max_length=MAX_SESSION_ITEMS)] = Field(
        [], description="items viewed in this session, oldest first; they count as views and are not stored"
    )
    attributes: JsonObject | None = Field(
        None,
        description="attributes of the user, for example of an anonymous one: read with those of the profile, before"
        " them where both have a name, and not stored",
    )
    cursor: Cursor | None = Field(None, description=CURSOR)

    def options(self) -> Options:
        """Return the options of the recommendation."""
        return self.shaped(
            session_items=tuple(self.session_items),
            attributes=self.attributes or None,
            cursor=None if self.cursor == NO_CURSOR else self.cursor,
            pages=self.cursor != NO_CURSOR,
        )


class RecommendIn(ListIn):
    """A request for a recommendation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})


class RecommendBatchIn(Rules):
    """A request for recommendations for several users at once."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_ids": ["196", "186"], "limit": 5}]}
    )

    user_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_USERS)] = Field(
        description="the users to recommend to"
    )
    cursor: Literal["none"] | None = Field(None, description="`none`: the lists have one page, and no cursor")
    attributes: dict[Id, JsonObject] = Field(
        {}, description="attributes of some of these users, by user: read as those of a single request"
    )

    @field_validator("attributes")
    @classmethod
    def _of_these_users(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        others = sorted(given.keys() - set(info.data.get("user_ids", given)))
        if others:
            raise PydanticCustomError(
                "attributes_of_others", "{user} is not among the user_ids", {"user": repr(others[0])}
            )
        return given

    def options(self) -> Options:
        """Return the options of the recommendation."""
        return self.shaped(pages=self.cursor is None)
