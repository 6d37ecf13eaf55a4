"""Hard requirements of a request, as a filter tree."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models.data.catalogue import PREFIX, PRICE
from models.filters.values import (
    FIELD_DESCRIPTION,
    KINDS,
    FieldName,
    Nearby,
    Operand,
    Operands,
    Reference,
    check,
    check_field,
    check_text,
    is_relative,
)

MAX_DEPTH = 10
"""Maximum number of levels of a filter tree."""
MAX_NODES = 100
"""Maximum number of nodes of a filter tree."""
ORDERED = ("gt", "gte", "lt", "lte")
"""Operators that compare numbers and times."""
_OPERATORS = ("eq", "ne", "in_", *ORDERED, "exists", "contains", "prefix", "within")
_TOGETHER = ({"gt", "gte"}, {"lt", "lte"})
"""Operators of which one may stand with one of the others."""


class Filter(BaseModel):
    """One node of a filter tree: `and`, `or`, `not`, or the comparison of a field.

    A comparison holds where the item has a value of that field (one of them, where it has several) that fits; an
    item without one never meets it, but for `ne` and `exists`. Text is compared exactly, and never equals a number or
    a boolean.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"field": "price", "gte": 20, "lte": 120}]}
    )

    and_: tuple["Filter", ...] | None = Field(None, alias="and", min_length=1, description="all of these hold")
    or_: tuple["Filter", ...] | None = Field(None, alias="or", min_length=1, description="one of these holds")
    not_: "Filter | None" = Field(None, alias="not", description="this does not hold")
    field: FieldName | None = Field(None, description=FIELD_DESCRIPTION, examples=[PRICE, f"{PREFIX}brand"])
    eq: Operand | None = Field(None, description="the field has this value")
    ne: Operand | None = Field(None, description="the field does not have this value, or has none at all")
    in_: Operands | None = Field(None, alias="in", description="the field has one of these values")
    gt: Operand | None = Field(None, description="the number or time is more than this")
    gte: Operand | None = Field(None, description="the number or time is this or more")
    lt: Operand | None = Field(None, description="the number or time is less than this")
    lte: Operand | None = Field(None, description="the number or time is this or less")
    exists: bool | None = Field(None, strict=True, description="whether the item has any value of the field")
    contains: str | None = Field(
        None, strict=True, min_length=1, max_length=256, description="the text has this within it, in the same case"
    )
    prefix: str | None = Field(
        None, strict=True, min_length=1, max_length=256, description="the text begins with this, in the same case"
    )
    within: Nearby | None = Field(None, description="the place, an object with `lat` and `lon`, is not farther away")

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
        if not _are_possible(operators):
            raise PydanticCustomError(
                "filter_operator",
                "must have one of {operators}; one of 'gt' and 'gte' may stand with one of 'lt' and 'lte'",
                {"operators": ", ".join(repr(name.rstrip("_")) for name in _OPERATORS)},
            )
        for name in sorted(operators):
            self._check_operator(self.field, name)
        return self

    def _check_operator(self, field: str, name: str) -> None:
        value = getattr(self, name)
        if value is None:
            check(field, None, ordered=False)
        elif isinstance(value, Reference):
            check_field(field)
            if value.times is not None and name not in ORDERED:
                raise PydanticCustomError("reference", "'times' belongs to 'gt', 'gte', 'lt' and 'lte'")
            if name in ORDERED and KINDS.get(field, float) is not float:
                raise PydanticCustomError("operator_type", "{field} has no order", {"field": field})
        elif name == "exists":
            check_field(field)
        elif name in {"contains", "prefix"}:
            check_text(field)
        elif name == "within":
            if not field.startswith(PREFIX):
                raise PydanticCustomError("operator_type", "{field} is no place", {"field": field})
            check_field(field)
        else:
            for single in value if name == "in_" else (value,):
                check(field, single, ordered=name in ORDERED)

    @cached_property
    def depends_on_request(self) -> bool:
        """Whether it depends on the user, the item or the time of a request."""
        if self.field is None:
            return any(part.depends_on_request for part in (*(self.and_ or ()), *(self.or_ or ()), self.not_) if part)
        given = {name: getattr(self, name) for name in self.model_fields_set & set(_OPERATORS)}
        return any(
            isinstance(value, Reference) or (is_relative(value) and name in ORDERED) for name, value in given.items()
        )


def _are_possible(operators: set[str]) -> bool:
    """Return whether one operator is given, or a lower and an upper bound."""
    if len(operators) <= 1:
        return bool(operators)
    return len(operators) == len(_TOGETHER) and all(len(operators & either) == 1 for either in _TOGETHER)


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
