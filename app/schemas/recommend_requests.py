"""Requests for recommendations, on the wire."""

from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.schemas.interactions import EventType
from app.schemas.options import DEFAULT_LIMIT, MAX_LIMIT, Boost, Options, Pin, all_of
from app.schemas.types import Id, JsonObject
from models.data.goal import DeclaredGoal
from models.filters.preferences import Preferences
from models.filters.requirements import Filter, Requirements

MAX_CANDIDATES = 10_000
MAX_SESSION_ITEMS = 500
MAX_EXCLUDED = 1000
MAX_BOOSTS = 20
MAX_USERS = 100
_MAX_CURSOR = 16_384
_MAX_LABELS = 100

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="maximum length of the list")]
Labels = Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=_MAX_LABELS)]
Excluded = Annotated[list[Id], Field(max_length=MAX_EXCLUDED)]
Diversity = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
GoalText = Annotated[DeclaredGoal, Field(min_length=1, max_length=256)]
Rotation = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="how far items sink that the user was shown several times and passed over; 0 for none, by default"
        " `BRAID_ROTATION`",
    ),
]
Cursor = Annotated[str, Field(min_length=1, max_length=_MAX_CURSOR)]
_SEEN = dict.fromkeys(("true", "1", "yes", "y", "on", "t"), True) | dict.fromkeys(
    ("false", "0", "no", "n", "off", "f"), False
)
"""Words for all and for none, of any case, as a parameter that is true or false takes them."""
_GOAL = "what counts as success, for bundles that are trained for several goals: one of them; the first by default"
_DIVERSITY = "0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"
_EXAMPLE: dict[str, JsonValue] = {
    "user_id": "u-42",
    "limit": 5,
    "session_items": ["sku-3"],
    "filter": {"and": [{"field": "categories", "eq": "shoes"}, {"field": "price", "lte": 120}]},
    "boosts": [{"filter": {"field": "attributes.brand", "eq": "Fell"}, "weight": 0.5}],
    "pins": [{"item_id": "sku-7", "position": 1}],
    "exclude_seen": ["purchase"],
    "diversity": 0.3,
    "explain": True,
}


class RecommendQuery(BaseModel):
    """The parameters of a recommendation in the query string."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = DEFAULT_LIMIT
    exclude_seen: Annotated[list[EventType], Field(max_length=10)] | None = Field(
        None,
        description="leave out items of the user's history: all (`true`), none (`false`), or those with events of this"
        " type (repeat the parameter for several); by default those that reached the bundle's goal",
    )
    category: Labels = Field([], description="only items of one of these categories; repeat the parameter for several")
    tag: Labels = Field([], description="only items with one of these tags; repeat the parameter for several")
    exclude: Excluded = Field([], description="items to leave out; repeat the parameter for several")
    diversity: Diversity = Field(0.0, description=_DIVERSITY)
    rotation: Rotation = None
    explain: bool = Field(False, description="give the reasons why each item is in the list")
    goal: GoalText | None = Field(None, description=_GOAL)
    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before")

    @field_validator("exclude_seen")
    @classmethod
    def _all_none_or_types(cls, given: list[str] | None) -> list[str] | None:
        if given is not None and len(given) > 1 and any(word.lower() in _SEEN for word in given):
            raise PydanticCustomError("seen_mixed", "give true, false or event types, not several of these")
        return given

    def options(self) -> Options:
        """Return the options of the recommendation."""
        seen = self.exclude_seen or None
        return Options(
            limit=self.limit,
            exclude_seen=None if seen is None else _SEEN.get(seen[0].lower(), tuple(seen)),
            exclude=tuple(self.exclude),
            filter=labelled(self.category, self.tag),
            diversity=self.diversity,
            rotation=self.rotation,
            explain=self.explain,
            goal=self.goal,
            cursor=self.cursor,
        )


class BoostIn(BaseModel):
    """Items whose scores are raised or lowered."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"filter": {"field": "attributes.brand", "eq": "Fell"}, "weight": 0.5}]},
    )

    filter: Requirements = Field(description="the items to raise or lower")
    weight: Annotated[FiniteFloat, Field(gt=0, le=100)] = Field(
        1.0, description="in standard deviations of the scores in the list"
    )


class PinIn(BaseModel):
    """An item at a fixed position."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"item_id": "sku-7", "position": 1}]}
    )

    item_id: Id
    position: int = Field(ge=1, le=MAX_LIMIT, description="from 1, the top, to `limit`")


class Rules(BaseModel):
    """The parameters of a list that do not depend on the user."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit | None = Field(None, description="default 10; with `candidates` their number, at most 100")
    exclude_seen: bool | Annotated[list[EventType], Field(max_length=10)] | None = Field(
        None,
        description="leave out items of the user's history: all (true), none (false), or those with events of these"
        " types; by default those that reached the bundle's goal, and none with `candidates`",
    )
    exclude: Excluded = Field([], description="items to leave out")
    filter: Requirements | None = Field(None, description="only items that match")
    boosts: Annotated[list[BoostIn], Field(max_length=MAX_BOOSTS)] = Field(
        [], description="items whose scores are raised"
    )
    buries: Annotated[list[BoostIn], Field(max_length=MAX_BOOSTS)] = Field(
        [], description="items whose scores are lowered"
    )
    pins: Annotated[list[PinIn], Field(max_length=MAX_LIMIT)] = Field([], description="items at fixed positions")
    candidates: Annotated[list[Id], Field(min_length=1, max_length=MAX_CANDIDATES)] | None = Field(
        None, description="rank these items and no others"
    )
    preferences: Preferences = Field((), description="weighted preferences, for example a target price")
    diversity: Diversity = Field(0.0, description=_DIVERSITY)
    rotation: Rotation = None
    explain: bool = Field(False, description="give the reasons why each item is in the list")
    goal: GoalText | None = Field(None, description=_GOAL)
    context: JsonObject | None = Field(
        None,
        description="any JSON object, for example with the device: read as the contexts of interactions are, and stored"
        " with the request, except in a batch",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        length = self.length
        positions = [pin.position for pin in self.pins]
        items = [pin.item_id for pin in self.pins]
        if any(position > length for position in positions):
            raise PydanticCustomError(
                "pin_beyond_list", "a pin is beyond the list's {length} items", {"length": length}
            )
        if len(set(positions)) < len(positions) or len(set(items)) < len(items):
            raise PydanticCustomError("pin_twice", "two pins have the same position or the same item")
        if set(items) & set(self.exclude):
            raise PydanticCustomError("pin_excluded", "an item is both pinned and excluded")
        return self

    @property
    def length(self) -> int:
        """The length of the list, at most."""
        if self.limit is not None:
            return self.limit
        return DEFAULT_LIMIT if self.candidates is None else min(len(self.candidates), MAX_LIMIT)

    def shaped(self, **more: Any) -> Options:
        """Return the options, with those that the call adds."""
        seen = False if self.exclude_seen is None and self.candidates is not None else self.exclude_seen
        return Options(
            limit=self.length,
            exclude_seen=tuple(seen) if isinstance(seen, list) else seen,
            exclude=tuple(self.exclude),
            filter=self.filter,
            boosts=(
                *(Boost(one.filter, one.weight) for one in self.boosts),
                *(Boost(one.filter, -one.weight) for one in self.buries),
            ),
            pins=tuple(Pin(one.item_id, one.position) for one in self.pins),
            candidates=None if self.candidates is None else tuple(self.candidates),
            preferences=self.preferences,
            diversity=self.diversity,
            rotation=self.rotation,
            explain=self.explain,
            goal=self.goal,
            context=self.context,
            **more,
        )


class RecommendIn(Rules):
    """A request for a recommendation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    user_id: Id | None = Field(None, description="absent for an anonymous session")
    session_items: Annotated[list[Id], Field(max_length=MAX_SESSION_ITEMS)] = Field(
        [], description="items viewed in this session, oldest first; they count as views and are not stored"
    )
    attributes: JsonObject | None = Field(
        None,
        description="attributes of the user, for example of an anonymous one: read with those of the profile, before"
        " them where both have a name, and not stored",
    )
    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before")

    def options(self) -> Options:
        """Return the options of the recommendation."""
        return self.shaped(
            session_items=tuple(self.session_items), attributes=self.attributes or None, cursor=self.cursor
        )


class RecommendBatchIn(Rules):
    """A request for recommendations for several users at once."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"user_ids": ["u-42", "u-43"], "limit": 5}]}
    )

    user_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_USERS)]
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
        return self.shaped()


def labelled(categories: list[str], tags: list[str]) -> Filter | None:
    """Return the filter of items that have one of some categories and one of some tags; None where none is given."""
    return all_of(
        [
            Filter.model_validate({"field": name, "in": labels}) if labels else None
            for name, labels in (("categories", categories), ("tags", tags))
        ]
    )
