"""The parameters of lists of items in the query string."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from app.schemas.ids import Id
from app.schemas.interactions import EventType
from app.schemas.list_fields import (
    CURSOR,
    DIVERSITY,
    GOAL,
    NO_CURSOR,
    Cursor,
    Diversity,
    Excluded,
    GoalText,
    Include,
    Labels,
    Language,
    Limit,
    MinScore,
    Rotation,
    labelled,
)
from app.schemas.options import DEFAULT_LIMIT, Options

_SEEN = dict.fromkeys(("true", "1", "yes", "y", "on", "t"), True) | dict.fromkeys(
    ("false", "0", "no", "n", "off", "f"), False
)
"""Words for all and for none, of any case, as a parameter that is true or false takes them."""


class SeenQuery(BaseModel):
    """What a call leaves out of the items of the user's history."""

    model_config = ConfigDict(extra="forbid")

    exclude_seen: Annotated[list[EventType], Field(max_length=10)] | None = Field(
        None,
        description="leave out items of the user's history: all (`true`), none (`false`), or those with events of this"
        " type (repeat the parameter for several); by default those that reached the bundle's goal",
    )

    @field_validator("exclude_seen")
    @classmethod
    def _all_none_or_types(cls, given: list[str] | None) -> list[str] | None:
        if given is not None and len(given) > 1 and any(word.lower() in _SEEN for word in given):
            raise PydanticCustomError("seen_mixed", "give true, false or event types, not several of these")
        return given

    @property
    def seen(self) -> bool | tuple[str, ...] | None:
        """What is left out, as options have it."""
        given = self.exclude_seen or None
        return None if given is None else _SEEN.get(given[0].lower(), tuple(given))


class ListQuery(SeenQuery):
    """The parameters that lists of items have in common."""

    limit: Limit = DEFAULT_LIMIT
    category: Labels = Field([], description="only items of one of these categories; repeat the parameter for several")
    tag: Labels = Field([], description="only items with one of these tags; repeat the parameter for several")
    exclude: Excluded = Field([], description="items to leave out; repeat the parameter for several")
    diversity: Diversity = Field(0.0, description=DIVERSITY)
    rotation: Rotation = None
    explain: bool = Field(False, description="give the reasons why each item is in the list")
    language: Language = None
    goal: GoalText | None = Field(None, description=GOAL)
    include: Include = ()
    min_score: MinScore = None
    cursor: Cursor | None = Field(None, description=CURSOR)

    def options(self, **more: Any) -> Options:
        """Return the options of the list, with those that the call adds."""
        return Options(
            limit=self.limit,
            exclude_seen=self.seen,
            exclude=tuple(self.exclude),
            filter=labelled(self.category, self.tag),
            diversity=self.diversity,
            rotation=self.rotation,
            explain=self.explain,
            language=self.language,
            goal=self.goal,
            include=self.include,
            min_score=self.min_score,
            cursor=None if self.cursor == NO_CURSOR else self.cursor,
            pages=self.cursor != NO_CURSOR,
            **more,
        )


class UserListQuery(ListQuery):
    """The parameters of lists that are for anybody, and may be for a user."""

    user_id: Id | None = Field(
        None,
        description="whom the list is for: seen items stay out as `exclude_seen` says, and the order fits the user",
    )
