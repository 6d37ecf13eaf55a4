"""Hard requirements of a request as a filter tree, and weighted soft preferences."""

import math
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from models.data.catalogue import (
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    HIDDEN,
    PREFIX,
    PRICE,
    TAGS,
    Scalar,
    moment_of,
)
from models.data.columns import ITEM

MAX_DEPTH = 10
"""Maximum number of levels of a filter tree."""
MAX_NODES = 100
"""Maximum number of nodes of a filter tree."""
MAX_VALUES = 1000
"""Maximum number of values of one `in`."""
MAX_PREFERENCES = 50
_MAX_TEXT = 1024

KINDS: Final[Mapping[str, type]] = {
    ITEM: str,
    CATEGORIES: str,
    TAGS: str,
    PRICE: float,
    HIDDEN: bool,
    AVAILABLE_FROM: float,
    AVAILABLE_UNTIL: float,
}
"""The item fields of comparisons and their types; attributes may have any type."""
MOMENTS = frozenset({AVAILABLE_FROM, AVAILABLE_UNTIL})
"""Fields that are compared with RFC 3339 times as well as with seconds since 1970."""
_NAMES: Final[Mapping[type, str]] = {str: "text", float: "a number", bool: "a boolean"}
_OPERATORS = ("eq", "in_", "gte", "lte")


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > _MAX_TEXT:
            raise PydanticCustomError(
                "value_too_long", "must not be longer than {most} characters", {"most": _MAX_TEXT}
            )
        return value
    if isinstance(value, int | float) and math.isfinite(number := _float(value)):
        return number
    raise PydanticCustomError("value_type", "must be text, a boolean or a finite number")


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


Value = Annotated[Scalar, PlainValidator(_scalar, json_schema_input_type=str | bool | float)]
FieldName = Annotated[str, Field(max_length=256)]
_FIELD_DESCRIPTION = f"one of {', '.join(KINDS)}, or {PREFIX}… with a dot for each level below"


class Filter(BaseModel):
    """One node of a filter tree: `and`, `or`, `not`, or the comparison of a field.

    A comparison holds where the item has a value of that field (one of them, where it has several) that fits; an
    item without one never meets it. Text is compared exactly, and never equals a number or a boolean.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"field": "price", "gte": 20, "lte": 120}]}
    )

    and_: tuple["Filter", ...] | None = Field(None, alias="and", min_length=1, description="all of these hold")
    or_: tuple["Filter", ...] | None = Field(None, alias="or", min_length=1, description="one of these holds")
    not_: "Filter | None" = Field(None, alias="not", description="this does not hold")
    field: FieldName | None = Field(None, description=_FIELD_DESCRIPTION, examples=[PRICE, f"{PREFIX}brand"])
    eq: Value | None = Field(None, description="the field has this value")
    in_: tuple[Value, ...] | None = Field(
        None, alias="in", min_length=1, max_length=MAX_VALUES, description="the field has one of these values"
    )
    gte: Value | None = Field(None, description="the number or time is this or more; may stand with `lte`")
    lte: Value | None = Field(None, description="the number or time is this or less; may stand with `gte`")

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        given = self.model_fields_set
        nodes = given & {"and_", "or_", "not_", "field"}
        if len(nodes) != 1 or any(getattr(self, name) is None for name in nodes):
            raise PydanticCustomError("filter_kind", "must have one of the keys 'and', 'or', 'not' and 'field'")
        operators = given & set(_OPERATORS)
        if self.field is None:
            if operators:
                raise PydanticCustomError("filter_kind", "a comparison needs the key 'field'")
            return self
        if not operators or (len(operators) > 1 and operators != {"gte", "lte"}):
            raise PydanticCustomError("filter_operator", "must have 'eq', 'in', or one or both of 'gte' and 'lte'")
        for name in sorted(operators):
            value = getattr(self, name)
            for single in value if name == "in_" else (value,):
                _check(self.field, single, ordered=name in {"gte", "lte"})
        return self


class Preference(BaseModel):
    """A value that an item should have, or a number that it should come close to.

    A value is met wholly or not at all. A target is met wholly by the same number, by half at the distance of the
    tolerance, and less and less beyond; of several numbers of an item the closest counts. An item without the field
    does not meet the preference.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"field": "price", "target": 80, "weight": 2}]}
    )

    field: FieldName = Field(description=_FIELD_DESCRIPTION, examples=[TAGS])
    value: Value | None = Field(None, description="the value that an item should have")
    target: float | None = Field(
        None, strict=True, allow_inf_nan=False, description="the number that an item should come close to"
    )
    tolerance: float | None = Field(
        None, strict=True, gt=0, allow_inf_nan=False, description="distance from the target that is still acceptable"
    )
    weight: float = Field(1.0, strict=True, gt=0, le=1000, description="its weight relative to the other preferences")

    @model_validator(mode="after")
    def _is_one_preference(self) -> Self:
        if (self.value is None) == (self.target is None):
            raise PydanticCustomError("preference_kind", "must have either 'value' or 'target'")
        if self.tolerance is not None and self.target is None:
            raise PydanticCustomError("preference_kind", "'tolerance' needs a 'target'")
        if self.target == 0 and self.tolerance is None:
            raise PydanticCustomError("preference_tolerance", "a target of 0 needs a 'tolerance'")
        preference = self.target if self.value is None else self.value
        _check(self.field, 0.0 if preference is None else preference, ordered=self.value is None)
        return self


def default_tolerance(target: float, share: float) -> float:
    """Return the default tolerance of a target; it is never 0."""
    return max(abs(target) * share, sys.float_info.min)


def _check(field: str, value: Scalar | None, *, ordered: bool) -> None:
    """Refuse an unknown field, and a value of a type that the field never has."""
    kind = KINDS.get(field)
    if kind is None and not (field.startswith(PREFIX) and len(field) > len(PREFIX)):
        raise PydanticCustomError(
            "unknown_field",
            "there is no field {field}: there are {fields} and {prefix}…",
            {"field": repr(field), "fields": ", ".join(KINDS), "prefix": PREFIX},
        )
    if value is None:
        raise PydanticCustomError("value_type", "must be text, a boolean or a finite number")
    if field in MOMENTS and isinstance(value, str):
        if moment_of(value) is None:
            raise PydanticCustomError("value_type", "{field} takes an RFC 3339 time", {"field": field})
        return
    wanted = float if ordered and kind in {None, float} else kind
    if ordered and wanted is not float:
        raise PydanticCustomError("operator_type", "{field} has no order", {"field": field})
    if wanted is not None and type(value) is not wanted:
        raise PydanticCustomError("value_type", "{field} takes {kind}", {"field": field, "kind": _NAMES[wanted]})


def _within_limits(value: Any) -> Any:
    """Refuse a tree that is too large, before it is read recursively."""
    nodes, level = 0, [value]
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if nodes > MAX_NODES or not level:
            break
        level = [child for node in level for child in _children(node)]
    if nodes > MAX_NODES:
        raise PydanticCustomError("filter_too_large", "must not have more than {most} nodes", {"most": MAX_NODES})
    if level:
        raise PydanticCustomError("filter_too_deep", "must not have more than {most} levels", {"most": MAX_DEPTH})
    return value


def _children(node: object) -> list[object]:
    if isinstance(node, Filter):
        return [*(node.and_ or ()), *(node.or_ or ()), *([node.not_] if node.not_ else [])]
    if not isinstance(node, Mapping):
        return []
    children = [child for key in ("and", "or") if isinstance(node.get(key), list | tuple) for child in node[key]]
    return [*children, *([node["not"]] if "not" in node else [])]


Requirements = Annotated[Filter, BeforeValidator(_within_limits)]
"""A whole filter tree, of limited size."""
Preferences = Annotated[tuple[Preference, ...], Field(max_length=MAX_PREFERENCES)]
