"""The parameters of lists of items in a body."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.ids import Id
from app.schemas.interactions import EventType
from app.schemas.list_fields import (
    DIVERSITY,
    GOAL,
    Diversity,
    Excluded,
    GoalText,
    Include,
    Language,
    Limit,
    MinScore,
    Rotation,
)
from app.schemas.options import DEFAULT_LIMIT, MAX_LIMIT, Boost, Options, Pin
from app.schemas.shared_fields import GivenItemId
from app.schemas.types import Context
from models.filters.preferences import Preferences
from models.filters.requirements import Requirements

MAX_CANDIDATES = 10_000
MAX_BOOSTS = 20


class BoostIn(BaseModel):
    """Items whose scores are raised or lowered."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"filter": {"field": "categories", "eq": "Comedy"}, "weight": 0.5}]},
    )

    filter: Requirements = Field(description="the items to raise or lower")
    weight: Annotated[FiniteFloat, Field(gt=0, le=100)] = Field(
        1.0, description="in standard deviations of the scores in the list"
    )


class PinIn(BaseModel):
    """An item at a fixed position."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"item_id": "50", "position": 1}]}
    )

    item_id: GivenItemId
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
    diversity: Diversity = Field(0.0, description=DIVERSITY)
    rotation: Rotation = None
    explain: bool = Field(False, description="give the reasons why each item is in the list")
    language: Language = None
    goal: GoalText | None = Field(None, description=GOAL)
    include: Include = ()
    min_score: MinScore = None
    context: Context | None = Field(
        None,
        description="a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts"
        " of interactions are, and stored"
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
            language=self.language,
            goal=self.goal,
            context=self.context,
            include=self.include,
            min_score=self.min_score,
            **more,
        )
