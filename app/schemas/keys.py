"""API keys and the audit log on the wire."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.scenario_definitions import Name
from app.schemas.types import Moment
from app.setting_values import rate_limit

Scope = Literal["read", "write", "personal", "metrics", "admin", "publish"]
_USUAL_PORTS = {"http": ":80", "https": ":443"}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.IGNORECASE)
MEANINGS: dict[Scope, str] = {
    "read": "recommendations and the catalogue",
    "write": "interactions, items and users",
    "personal": "logs, exports and similar users",
    "metrics": "`/metrics`",
    "admin": "all of these, bundles, jobs, imports, scenarios and keys",
    "publish": "alone, for pages: the interactions and recommendations of their own user",
}
SCOPES = "; ".join(f"`{scope}`: {meaning}" for scope, meaning in MEANINGS.items())
_EXAMPLE: dict[str, JsonValue] = {
    "key_id": "4f1c2ab09d3e",
    "name": "shop back end",
    "scopes": ["read", "write"],
    "scenarios": None,
    "origins": None,
    "rate_limit": None,
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


def _origin(given: str) -> str:
    """Return an origin as browsers send it: in lower case, without the usual port."""
    if _ORIGIN.fullmatch(given) is None:
        raise PydanticCustomError(
            "origin", "{given} is no origin: write scheme and host, as https://shop.example", {"given": repr(given)}
        )
    scheme, _, host = given.lower().partition("://")
    return f"{scheme}://{host.removesuffix(_USUAL_PORTS[scheme])}"


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "shop back end", "scopes": ["read", "write"]}]}
    )

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$", description="what it is for")
    scopes: list[Scope] = Field(min_length=1, max_length=6, description=SCOPES)
    scenarios: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, description="the only scenarios that it may ask; with the scope `read` or `publish` alone"
    )
    origins: Annotated[list[str], Field(min_length=1, max_length=50)] | None = Field(
        None, description="the pages whose browsers may use it; needed with the scope `publish`, and only there"
    )
    expires_at: Moment | None = Field(None, description="when it ends; by default never")
    rate_limit: Annotated[str, Field(max_length=64)] | None = Field(
        None,
        description="how many requests it may send, such as `600/minute`, in place of `BRAID_RATE_LIMIT`; not with the"
        " scope `publish`, whose requests are limited by address",
        examples=["600/minute"],
    )

    @field_validator("origins")
    @classmethod
    def _as_browsers_send_them(cls, given: list[str] | None) -> list[str] | None:
        return None if given is None else [_origin(one) for one in given]

    @field_validator("rate_limit")
    @classmethod
    def _readable_limit(cls, given: str | None) -> str | None:
        if given is not None:
            try:
                return rate_limit(given)
            except ValueError as error:
                raise PydanticCustomError("rate_limit", "{why}", {"why": str(error)}) from None
        return given

    @field_validator("expires_at")
    @classmethod
    def _in_the_future(cls, given: datetime | None) -> datetime | None:
        if given is not None and given <= datetime.now(UTC):
            raise PydanticCustomError("past", "must be in the future")
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        scopes = set(self.scopes)
        if ("publish" in scopes) != bool(self.origins) or ("publish" in scopes and len(scopes) > 1):
            raise PydanticCustomError(
                "publish_scope",
                "`publish` stands alone and needs origins; keys with other scopes have none",
            )
        if "publish" in scopes and self.rate_limit is not None:
            raise PydanticCustomError(
                "publish_limit", "a key with the scope `publish` has no `rate_limit`: each address that uses it has one"
            )
        if self.scenarios is not None and scopes not in ({"read"}, {"publish"}):
            raise PydanticCustomError(
                "scenario_scope", "`scenarios` are for a key with the scope `read` or `publish` alone"
            )
        return self


class ApiKey(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key_id: str = Field(description="the part of the key that is no secret")
    name: str = Field(description="what it is for")
    scopes: list[Scope] = Field(description=SCOPES)
    scenarios: list[str] | None = Field(description="the only scenarios that it may ask; null for all")
    origins: list[str] | None = Field(description="the pages whose browsers may use it; null for servers")
    rate_limit: str | None = Field(description="how many requests it may send; null for what the settings allow")
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

    key: str = Field(description="the key; only its SHA-256 is stored")
    signing_secret: str | None = Field(description="of a key with the scope `publish`: what user ids are signed with")


class KeysPage(BaseModel):
    """All keys."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: list[ApiKey] = Field(description="the keys, the oldest first")


class RotateIn(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"grace_hours": 24}]})

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
