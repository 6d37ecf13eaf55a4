"""API keys and the audit log on the wire."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.scenario_definitions import Name
from app.schemas.types import Moment

Scope = Literal["read", "write", "personal", "admin", "publish"]
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
SCOPES = (
    "`read`: recommendations and the catalogue; `write`: interactions, items and users; `personal`: logs, exports and"
    " similar users; `admin`: all of these, bundles, jobs, imports, scenarios and keys; `publish`, alone: a key for"
    " pages, for the interactions and recommendations of their own user"
)
_EXAMPLE: dict[str, JsonValue] = {
    "key_id": "4f1c2ab09d3e",
    "name": "shop back end",
    "scopes": ["read", "write"],
    "scenarios": None,
    "origins": None,
    "created_at": "2026-03-01T12:00:00Z",
    "expires_at": None,
    "revoked_at": None,
}
_ACT: dict[str, JsonValue] = {
    "id": 7,
    "at": "2026-03-01T12:00:00Z",
    "actor": "4f1c2ab09d3e",
    "action": "PUT",
    "subject": "/scenarios/home",
    "address": "192.0.2.1",
}


def _each_an_origin(given: list[str] | None) -> list[str] | None:
    for one in given or ():
        if ORIGIN.fullmatch(one) is None:
            raise PydanticCustomError(
                "origin", "{given} is no origin: write scheme and host, as https://shop.example", {"given": repr(one)}
            )
    return given


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "shop back end", "scopes": ["read", "write"]}]}
    )

    name: str = Field(min_length=1, max_length=64, description="what it is for")
    scopes: list[Scope] = Field(min_length=1, max_length=5, description=SCOPES)
    scenarios: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, description="the only scenarios that it may ask"
    )
    origins: Annotated[list[str], Field(min_length=1, max_length=50)] | None = Field(
        None, description="the origins of the pages that may use it; a key with the scope `publish` needs them"
    )
    expires_at: Moment | None = Field(None, description="when it ends; by default never")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _each_an_origin(self.origins)
        if "publish" in self.scopes and (len(set(self.scopes)) > 1 or not self.origins):
            raise PydanticCustomError(
                "publish_scope", "scopes: `publish` stands alone, and a key with it needs `origins`"
            )
        return self


class ApiKey(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key_id: str = Field(description="the part of the key that is no secret")
    name: str = Field(description="what it is for")
    scopes: list[Scope] = Field(description=SCOPES)
    scenarios: list[str] | None = Field(description="the only scenarios that it may ask; null for all")
    origins: list[str] | None = Field(description="the origins of the pages that may use it; null for servers")
    created_at: datetime = Field(description="when it was made")
    expires_at: datetime | None = Field(description="when it ends; null for never")
    revoked_at: datetime | None = Field(description="when it was revoked; null if it was not")


class NewKey(ApiKey):
    """A key that was made: its secret is shown this once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "key": "braid_sk_4f1c2ab09d3e_q0y1o3lW2bD3v8uX1sQ6rT5zN7mK4jH9gF0eC2aB8dE",
                    "signing_secret": None,
                }
            ]
        }
    )

    key: str = Field(description="the key; it is stored nowhere")
    signing_secret: str | None = Field(description="of a key with the scope `publish`: what user ids are signed with")


class KeysPage(BaseModel):
    """All keys."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: list[ApiKey] = Field(description="the keys, the oldest first")


class RotateIn(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"grace_hours": 24}]})

    grace_hours: float = Field(24, ge=0, le=720, description="hours for which the old key still holds")


class Act(BaseModel):
    """An administrative act."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ACT]})

    id: int = Field(description="its number in the log")
    at: datetime = Field(description="when it was done")
    actor: str = Field(description="id of the key, `command` for the command line, `local` where there is no key")
    action: str = Field(description="the method of the call, or the command")
    subject: str = Field(description="its path, or the key")
    address: str | None = Field(description="where the request came from")


class AuditQuery(BaseModel):
    """Which part of the audit log to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="acts per page")
    before: int | None = Field(None, ge=1, lt=2**63, description="list acts before this `id`")


class AuditPage(BaseModel):
    """Administrative acts, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_ACT]}]})

    items: list[Act] = Field(description="the acts of the page; for the next one send the last `id` as `before`")
