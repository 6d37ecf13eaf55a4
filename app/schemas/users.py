"""A user's profile on the wire."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.schemas.ids import IdBeginning
from app.schemas.shared_fields import GivenUserId
from app.schemas.types import JsonObject

USER_EXAMPLE: dict[str, JsonValue] = {"attributes": {"country": "DE", "newsletter": True}}


class UserIn(BaseModel):
    """A user's profile; absent fields are empty."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [USER_EXAMPLE]})

    attributes: JsonObject = Field({}, description="properties of the user, as a JSON object")


class UserPatch(UserIn):
    """Changes to a user (JSON merge patch, RFC 7396): attributes are merged; null removes one."""

    attributes: JsonObject | None = Field(None, description="null removes all")  # type: ignore[assignment]


class User(UserIn):
    """A user as stored."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"user_id": "196", **USER_EXAMPLE}]}
    )

    user_id: GivenUserId


class UsersQuery(BaseModel):
    """Which users to list."""

    model_config = ConfigDict(extra="forbid")

    prefix: IdBeginning | None = Field(None, description="users whose id begins with this")
    limit: int = Field(100, ge=1, le=1000, description="users per page")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before")


class UsersPage(BaseModel):
    """A page of users, ordered by id."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"user_id": "196", **USER_EXAMPLE}], "next_cursor": None}]}
    )

    items: list[User] = Field(description="the users of the page")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null at the end of the list")
