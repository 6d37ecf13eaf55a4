"""Definitions of scenarios: what is asked at a named place of a shop."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.interactions import EventType
from app.schemas.list_fields import DIVERSITY, GOAL, Excluded, GoalText, Include, Language, MinScore, Rotation
from app.schemas.list_rules import MAX_BOOSTS, BoostIn, PinIn
from app.schemas.options import DEFAULT_LIMIT, MAX_LIMIT
from app.schemas.popular import AnyWindow
from app.schemas.similar import Method
from models.filters.requirements import Requirements

Kind = Literal["user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"]
Override = Literal[
    "limit", "include", "exclude", "filter", "boosts", "diversity", "goal", "exclude_seen", "min_score", "explain"
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
VariantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,15}$")]
MAX_VARIANTS = 10
_ALIKE = frozenset({"item", "cart"})
_CHARTS = frozenset({"popular", "trending"})
_SHARES = 1e-6
_KINDS = (
    "`user`: recommendations for the user or session; `item`: items similar to `item_id`; `cart`: items similar to"
    " `session_items`, what completes a cart; `popular`, `trending`; `again`: what the user reached the goal with"
    " before; `continue`: what the user began and did not finish; `newest`: items by the time they came; `categories`:"
    " the best item of each category; `search`: items that match `q`, not as a fallback"
)


class Definition(BaseModel):
    """What is asked at a place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Field("user", description=_KINDS)
    fallback: tuple[Kind, ...] = Field(
        (),
        max_length=len(get_args(Kind)),
        description="kinds that fill a short list, in turn",
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="length of the list, at most")
    method: Method | None = Field(
        None,
        description="of `item` and `cart`, as for similar items: by default `blend`, of a cart `bought_together`",
    )
    window: AnyWindow | None = Field(None, description="of `popular` and `trending`, as in the calls of these names")
    goal: GoalText | None = Field(None, description=GOAL)
    filter: Requirements | None = Field(None, description="only items that match; may refer to the user and the item")
    boosts: tuple[BoostIn, ...] = Field((), max_length=MAX_BOOSTS, description="items whose scores are raised")
    buries: tuple[BoostIn, ...] = Field((), max_length=MAX_BOOSTS, description="items whose scores are lowered")
    pins: tuple[PinIn, ...] = Field((), max_length=MAX_LIMIT, description="items at fixed positions")
    exclude: Excluded = Field([], description="items to leave out")
    exclude_seen: bool | Annotated[list[EventType], Field(max_length=10)] | None = Field(
        None, description="leave out items of the user's history: all, none, or those with events of these types"
    )
    diversity: float = Field(0.0, ge=0, le=1, allow_inf_nan=False, description=DIVERSITY)
    rotation: Rotation = None
    new_item_share: float | None = Field(
        None,
        ge=0,
        le=0.5,
        description="share of a `user` list kept for new items; `BRAID_NEW_ITEM_SHARE` if null",
    )
    min_score: MinScore = None
    include: Include = ()
    explain: bool = Field(False, description="give the reasons why each item is in the list")
    language: Language = None
    deadline_ms: int | None = Field(
        None,
        ge=1,
        description="milliseconds after which the network of a `user` list is skipped; `BRAID_DEADLINE_MS` if null",
    )

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        kinds = (self.kind, *self.fallback)
        if len(set(kinds)) < len(kinds):
            raise PydanticCustomError("fallback", "fallback: a kind is named twice, or is the kind of the list itself")
        if "search" in self.fallback:
            raise PydanticCustomError("fallback", "fallback: the kind search needs a query, and cannot follow another")
        for name, possible in (("method", _ALIKE), ("window", _CHARTS)):
            if getattr(self, name) is not None and not possible & set(kinds):
                raise PydanticCustomError(
                    "contradiction",
                    "{name}: belongs to the kinds {kinds}",
                    {"name": name, "kinds": " and ".join(sorted(possible))},
                )
        if self.window == "all" and "trending" in kinds:
            raise PydanticCustomError("contradiction", "window: trending items need a window of days")
        if self.new_item_share is not None and "user" not in kinds:
            raise PydanticCustomError("contradiction", "new_item_share: belongs to the kind user")
        positions, items = [pin.position for pin in self.pins], [pin.item_id for pin in self.pins]
        if any(position > self.limit for position in positions):
            raise PydanticCustomError("pin_beyond_list", "pins: one is beyond the list's {n} items", {"n": self.limit})
        if len(set(positions)) < len(positions) or len(set(items)) < len(items):
            raise PydanticCustomError("pin_twice", "pins: two have the same position or the same item")
        if set(items) & set(self.exclude):
            raise PydanticCustomError("pin_excluded", "pins: an item is both pinned and excluded")
        return self


class Variant(BaseModel):
    """One of several definitions that are tried beside each other."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"name": "mixed", "share": 0.5, "changes": {"diversity": 0.3}}]},
    )

    name: VariantName = Field(description="its name, of its own within the scenario")
    share: float = Field(gt=0, le=1, description="share of the users that get it; the shares add up to 1")
    changes: dict[str, Any] = Field({}, description="fields of the definition that differ from those of the scenario")


_EXAMPLE: dict[str, JsonValue] = {
    "kind": "user",
    "fallback": ["popular"],
    "limit": 8,
    "filter": {"not": {"field": "categories", "eq": "Horror"}},
    "include": ["title", "image_url"],
    "variants": [{"name": "plain", "share": 0.5}, {"name": "mixed", "share": 0.5, "changes": {"diversity": 0.3}}],
}


class ScenarioIn(Definition):
    """A scenario without its name: a definition, and what a request or a test may change of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    description: str | None = Field(None, max_length=1000, description="for people; nothing reads it")
    overrides: tuple[Override, ...] = Field(
        get_args(Override), description="what a request may override; all of these by default"
    )
    variants: tuple[Variant, ...] = Field(
        (), max_length=MAX_VARIANTS, description="definitions to compare; users are assigned by a hash of their id"
    )
    salt: str | None = Field(
        None, max_length=64, description="a new salt assigns the users anew; by default the scenario's name"
    )

    @model_validator(mode="after")
    def _variants_add_up(self) -> Self:
        names = [variant.name for variant in self.variants]
        if len(names) == 1 or len(set(names)) < len(names):
            raise PydanticCustomError("variants", "variants: there must be two or more, each with a name of its own")
        total = sum(variant.share for variant in self.variants)
        if names and abs(total - 1) > _SHARES:
            raise PydanticCustomError("shares", "variants: the shares add up to {total}, not to 1", {"total": total})
        for variant in self.variants:
            try:
                self.definition_of(variant.name)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"])
                reason = {"variant": variant.name, "place": f"{place}: " if place else "", "reason": first["msg"]}
                raise PydanticCustomError("variant", "variants: {variant}: {place}{reason}", reason) from error
        # A client sends a query to all users of a scenario, or to none.
        if len({self.definition_of(name).kind == "search" for name in names}) > 1:
            raise PydanticCustomError("variants", "variants: all must be of the kind search, or none")
        return self

    def definition_of(self, variant: str | None) -> Definition:
        """Return the definition of a variant; that of the scenario, itself, for None."""
        if variant is None:
            return self
        own: dict[str, Any] = {name: getattr(self, name) for name in Definition.model_fields}
        for one in self.variants:
            if one.name == variant:
                unknown = sorted(one.changes.keys() - own.keys())
                if unknown:
                    raise PydanticCustomError(
                        "unknown_field", "variants: {name} is no field of a definition", {"name": repr(unknown[0])}
                    )
                own |= one.changes
        given = {name: own[name] for name in own if own[name] != Definition.model_fields[name].get_default()}
        return Definition.model_validate(given)
