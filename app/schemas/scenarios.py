"""Scenarios on the wire: what is stored, what is asked, what is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator, model_validator

from app.schemas.ids import Id
from app.schemas.interactions import EventType
from app.schemas.list_fields import CURSOR, INCLUDE, Cursor, Excluded, GoalText, Include, Language, MinScore
from app.schemas.list_rules import MAX_BOOSTS, BoostIn
from app.schemas.options import MAX_LIMIT
from app.schemas.recommend_requests import MAX_SESSION_ITEMS
from app.schemas.recommendations import DEGRADED, NEXT_CURSOR, REQUEST_ID, Degradation, ListStrategy, Ranked
from app.schemas.scenario_definitions import Name, ScenarioIn, VariantName
from app.schemas.search import SearchText
from app.schemas.shared_fields import ForItem, ForUser
from app.schemas.types import Context, JsonObject
from models.filters.requirements import Requirements

_VERSION = "20260301T120000000000Z"
_READ_ONLY = frozenset({"name", "version", "source", "changed_at"})
_ANSWER: dict[str, JsonValue] = {
    "scenario": "home",
    "variant": "plain",
    "user_id": "196",
    "item_id": None,
    "query": None,
    "items": [{"item_id": "50", "score": 0.41, "rank": 1, "title": "Star Wars"}],
    "strategy": "personalized",
    "bundle_version": _VERSION,
    "next_cursor": None,
    "reason": None,
    "degraded": None,
    "request_id": f"{_VERSION}~personalized~home~plain~1772366400000000~9f2c4e1a",
}


class Scenario(ScenarioIn):
    """A scenario as it is in force."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "home", "version": 1, "source": "api", "changed_at": "2026-03-01T12:00:00Z", "kind": "user"}
            ]
        },
    )

    name: Name = Field(description="its name, as in the path")
    version: int = Field(description="counts the changes of a stored scenario, from 1; 0 for others")
    source: Literal["api", "file", "default"] = Field(description="where its definition is from")
    changed_at: datetime | None = Field(None, description="when it was stored; absent if it is not in the database")


class ScenarioPut(ScenarioIn):
    """A scenario to store; what `GET` adds to it is left out."""

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_read_only(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if name not in _READ_ONLY}


class ScenarioList(BaseModel):
    """All scenarios."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"name": "home", "version": 0, "source": "default", "changed_at": None}]}]
        }
    )

    items: list[Scenario] = Field(description="ordered by name")


class AskedQuery(BaseModel):
    """What a scenario is asked with, in the query string; the rest is in its definition."""

    model_config = ConfigDict(extra="forbid")

    user_id: Id | None = Field(None, description="whom the list is for; absent for an anonymous session")
    item_id: Id | None = Field(None, description="the item of the page, for the kind `item`")
    q: SearchText | None = Field(
        None, description="the words to search for, for the kind `search`, as in `GET /search`"
    )
    session_items: Annotated[list[Id], Field(max_length=MAX_SESSION_ITEMS)] = Field(
        [], description="items of the session or the cart, oldest first; repeat the parameter for several"
    )
    variant: VariantName | None = Field(None, description="a variant of the scenario; by default the user's own")
    limit: int | None = Field(None, ge=1, le=MAX_LIMIT, description="replaces the scenario's value")
    include: Include | None = Field(None, description=INCLUDE)
    exclude: Excluded = Field([], description="items to leave out, besides those of the scenario")
    explain: bool | None = Field(None, description="replaces the scenario's value")
    language: Language = None
    cursor: Cursor | None = Field(None, description=CURSOR)


class Asked(AskedQuery):
    """What a scenario is asked with, in a body."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"user_id": "196", "item_id": "181", "context": {"device": "mobile"}}]},
    )

    filter: Requirements | None = Field(None, description="only items that match, besides the filter of the scenario")
    boosts: Annotated[list[BoostIn], Field(max_length=MAX_BOOSTS)] = Field([], description="besides the scenario's")
    diversity: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="replaces the scenario's value")
    goal: GoalText | None = Field(None, description="replaces the scenario's value")
    exclude_seen: bool | Annotated[list[EventType], Field(max_length=10)] | None = Field(
        None, description="replaces the scenario's value"
    )
    min_score: MinScore = None
    attributes: JsonObject | None = Field(None, description="attributes of the user, as in `POST /recommend`")
    context: Context | None = Field(
        None, description="a JSON object of at most 50 names and 4 KiB, stored with the request and read by models"
    )


class PreviewIn(Asked):
    """A definition to try, and what it is asked with; nothing is stored."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"definition": {"kind": "trending"}, "user_id": "196"}]}
    )

    definition: ScenarioIn | None = Field(None, description="in place of the stored one")


class ScenarioAnswer(BaseModel):
    """The list of a scenario."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ANSWER]})

    scenario: str = Field(description="name of the scenario")
    variant: str | None = Field(description="the variant that was used; null for a scenario without variants")
    user_id: ForUser
    item_id: ForItem
    query: str | None = Field(description="the words that were searched for; null for other kinds than `search`")
    items: Ranked
    strategy: ListStrategy = Field(description="what the first items are based on; `none` when the list is empty")
    bundle_version: str | None = Field(description="the bundle in use; null if there is none")
    next_cursor: str | None = Field(description=NEXT_CURSOR)
    reason: str | None = Field(description="why the list is empty, or has other items than requested; null otherwise")
    degraded: Degradation | None = Field(description=DEGRADED)
    request_id: str = Field(description=REQUEST_ID)


class RowIn(BaseModel):
    """One row of a page."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"scenario": "home", "limit": 8}]})

    scenario: Name | None = Field(None, description="the scenario of the row; `home` for rows of categories or brands")
    each: Literal["category", "brand"] | None = Field(
        None, description="one row for each of the categories, or values of `attributes.brand`, that fit the user best"
    )
    rows: int = Field(1, ge=1, le=20, description="how many rows `each` gives, at most")
    limit: int | None = Field(None, ge=1, le=MAX_LIMIT, description="replaces the scenario's value")
    item_id: Id | None = Field(None, description="the item of the row, for the kind `item`")
    at_least: int = Field(1, ge=1, le=MAX_LIMIT, description="a row with fewer items is left out")

    @field_validator("rows")
    @classmethod
    def _needs_each(cls, rows: int, info: ValidationInfo) -> int:
        if rows > 1 and info.data.get("each") is None:
            raise ValueError("belongs to rows with 'each'")
        return rows


class PageIn(BaseModel):
    """A request for a page of rows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "user_id": "196",
                    "rows": [{"scenario": "home"}, {"each": "category", "rows": 2, "at_least": 4}],
                    "include": ["title", "image_url"],
                }
            ]
        },
    )

    user_id: Id | None = Field(None, description="whom the page is for; absent for an anonymous session")
    session_items: Annotated[list[Id], Field(max_length=MAX_SESSION_ITEMS)] = Field(
        [], description="items of the session, oldest first"
    )
    rows: Annotated[list[RowIn], Field(min_length=1, max_length=20)] = Field(
        description="in order of precedence: an item stands in the first row that has it. 20 rows at most, those of"
        " categories and brands counted"
    )
    include: Include | None = Field(None, description=INCLUDE)
    language: Language = None
    attributes: JsonObject | None = Field(None, description="attributes of the user, as in `POST /recommend`")
    context: Context | None = Field(None, description="a JSON object of at most 50 names and 4 KiB, read by models")


class Row(ScenarioAnswer):
    """One row of a page."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_ANSWER, "each": "category", "value": "Sci-Fi"}]})

    each: Literal["category", "brand"] | None = Field(description="what the row is one of; null for a scenario alone")
    value: str | None = Field(description="the category or brand of the row; null for a scenario alone")


class PageAnswer(BaseModel):
    """A page of rows, in which no item stands twice."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user_id": "196", "rows": [], "left_out": ["home"]}]})

    user_id: ForUser
    rows: list[Row] = Field(description="the rows, in the order of the request")
    left_out: list[str] = Field(
        description="rows with fewer than `at_least` items: their scenario, or their category or brand"
    )


def as_asked(query: AskedQuery) -> Asked:
    """Return what a query string asks, in the form of a body."""
    given: dict[str, Any] = {name: getattr(query, name) for name in AskedQuery.model_fields}
    return Asked.model_construct(**given)
