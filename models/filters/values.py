"""Values in filters and preferences: the fields that can be compared, and what each can be compared with."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from models.data.catalogue import (
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    HIDDEN,
    IMAGE_URL,
    PREFIX,
    PRICE,
    TAGS,
    TITLE,
    URL,
    Scalar,
    moment_of,
)
from models.data.columns import ITEM

MAX_VALUES = 1000
"""Maximum number of values of one `in`."""
_MAX_TEXT = 1024
KINDS: Final[Mapping[str, type]] = {
    ITEM: str,
    TITLE: str,
    CATEGORIES: str,
    TAGS: str,
    PRICE: float,
    HIDDEN: bool,
    AVAILABLE_FROM: float,
    AVAILABLE_UNTIL: float,
    URL: bool,
    IMAGE_URL: bool,
}
"""The item fields of comparisons and their types; attributes may have any type. Of links only `exists` is known."""
MOMENTS = frozenset({AVAILABLE_FROM, AVAILABLE_UNTIL})
"""Fields that are compared with times as well as with seconds since 1970."""
LINKS = frozenset({URL, IMAGE_URL})
_NAMES: Final[Mapping[type, str]] = {str: "text", float: "a number", bool: "a boolean"}
_NOW = re.compile(r"now(?:([+-])(\d{1,6})([smhdw]))?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


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


FieldName = Annotated[str, Field(max_length=256)]


class Reference(BaseModel):
    """A value that is looked up when a request is made: of the user, or of the item that a list is for.

    Where the user has no such attribute, the comparison is left out.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, json_schema_extra={"examples": [{"item": "price", "times": 2}]}
    )

    user: FieldName | None = Field(None, min_length=1, description="an attribute of the user, a dot for each level")
    item: FieldName | None = Field(None, min_length=1, description="a field of the item that the list is for")
    times: float | None = Field(None, gt=0, allow_inf_nan=False, description="multiplies a number")

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.user is None) == (self.item is None):
            raise PydanticCustomError("reference", "must have either 'user' or 'item'")
        return self


def _operand(value: object) -> "Scalar | Reference":
    return _reference(value) if isinstance(value, Mapping | Reference) else _scalar(value)


def _operands(value: object) -> "tuple[Scalar, ...] | Reference":
    if isinstance(value, Mapping | Reference):
        return _reference(value)
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("value_type", "must be a list of values, or a reference")
    if not value:
        raise PydanticKnownError("too_short", {"field_type": "List", "min_length": 1, "actual_length": 0})
    if len(value) > MAX_VALUES:
        limits: dict[str, Any] = {"max_length": MAX_VALUES, "actual_length": len(value)}
        raise PydanticKnownError("too_long", {"field_type": "List", **limits})
    return tuple(_scalar(one) for one in value)


def _reference(value: object) -> Reference:
    try:
        return Reference.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = {"place": f"{place}: " if place else "", "reason": first["msg"]}
        raise PydanticCustomError("reference", "{place}{reason}", reason) from error


def _written(value: "Scalar | tuple[Scalar, ...] | Reference") -> Any:
    return value.model_dump(exclude_unset=True) if isinstance(value, Reference) else value


Value = Annotated[Scalar, PlainValidator(_scalar, json_schema_input_type=str | bool | float)]
Operand = Annotated[
    Scalar | Reference,
    PlainValidator(_operand, json_schema_input_type=Reference | str | bool | float),
    PlainSerializer(_written),
]
"""What a field is compared with: a value, or a reference to one."""
_Listed = Annotated[list[str | bool | float], Field(min_length=1, max_length=MAX_VALUES)]
Operands = Annotated[
    tuple[Scalar, ...] | Reference,
    PlainValidator(
        _operands,
        json_schema_input_type=Reference
        | Annotated[list[str | bool | float], Field(min_length=1, max_length=MAX_VALUES)],
    ),
    PlainSerializer(_written),
]
FIELD_DESCRIPTION = f"one of {', '.join(KINDS)}, or {PREFIX}… with a dot for each level below"


def is_relative(value: object) -> bool:
    """Return whether a value is a time relative to that of the request: `now`, `now-7d`."""
    return isinstance(value, str) and _NOW.fullmatch(value) is not None


def moment_from(value: str, now: float) -> float:
    """Return the moment of a relative time, in seconds since 1970."""
    found = _NOW.fullmatch(value)
    if found is None or found[1] is None:
        return now
    distance = int(found[2]) * _SECONDS[found[3]]
    return now + distance if found[1] == "+" else now - distance


def written_moment(value: Scalar) -> float | None:
    """Return the moment of a text that is an RFC 3339 date or time; None for other values."""
    return moment_of(value) if isinstance(value, str) and _DATE.match(value) else None


def seconds(value: Scalar) -> float:
    """Return a bound as a number; a text was validated as a time before."""
    moment = moment_of(value)
    return math.nan if moment is None else moment


def check(field: str, value: Scalar | None, *, ordered: bool) -> None:
    """Refuse an unknown field, and a value of a type that the field never has."""
    check_field(field)
    if value is None:
        raise PydanticCustomError("value_type", "must be text, a boolean or a finite number")
    kind = KINDS.get(field)
    if isinstance(value, str) and (field in MOMENTS or (ordered and kind is None)):
        if not (ordered and is_relative(value)) and moment_of(value) is None:
            said = "{field} takes an RFC 3339 time, or a time like now-7d"
            # An attribute may hold numbers as well.
            said = said if field in MOMENTS else "an order needs a number, an RFC 3339 time, or a time like now-7d"
            raise PydanticCustomError("value_type", said, {"field": field})
        return
    wanted = float if ordered and kind in {None, float} else kind
    if ordered and wanted is not float:
        raise PydanticCustomError("operator_type", "{field} has no order", {"field": field})
    if field in LINKS:
        raise PydanticCustomError("operator_type", "of {field} only 'exists' can be asked", {"field": field})
    if wanted is not None and type(value) is not wanted:
        raise PydanticCustomError("value_type", "{field} takes {kind}", {"field": field, "kind": _NAMES[wanted]})


def check_field(field: str) -> None:
    """Refuse a field that no item can have."""
    if field not in KINDS and not (field.startswith(PREFIX) and len(field) > len(PREFIX)):
        raise PydanticCustomError(
            "unknown_field",
            "there is no field {field}: there are {fields} and {prefix}…",
            {"field": repr(field), "fields": ", ".join(KINDS), "prefix": PREFIX},
        )


def check_text(field: str) -> None:
    """Refuse a field that never holds text, and the item's id."""
    check_field(field)
    if KINDS.get(field, str) is not str or field == ITEM:
        raise PydanticCustomError("operator_type", "{field} holds no text", {"field": field})


class Nearby(BaseModel):
    """A distance from a point on the earth."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        json_schema_extra={"examples": [{"lat": 52.52, "lon": 13.4, "km": 10}]},
    )

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="degrees north")
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="degrees east")
    km: float = Field(gt=0, le=20_100, allow_inf_nan=False, description="kilometres, along the great circle")
