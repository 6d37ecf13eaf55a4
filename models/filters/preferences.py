"""Soft preferences of a request: what an item should have, each with a weight."""

import sys
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models.data.catalogue import TAGS
from models.filters.values import FIELD_DESCRIPTION, FieldName, Value, check

MAX_PREFERENCES = 50


class Preference(BaseModel):
    """A value that an item should have, or a number that it should come close to.

    A value is met wholly or not at all. A target is met wholly by the same number, by half at the distance of the
    tolerance, and less and less beyond; of several numbers of an item the closest counts. An item without the field
    does not meet the preference.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"field": "price", "target": 80, "weight": 2}]}
    )

    field: FieldName = Field(description=FIELD_DESCRIPTION, examples=[TAGS])
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
        check(self.field, 0.0 if preference is None else preference, ordered=self.value is None)
        return self


def default_tolerance(target: float, share: float) -> float:
    """Return the default tolerance of a target; it is never 0."""
    return max(abs(target) * share, sys.float_info.min)


Preferences = Annotated[tuple[Preference, ...], Field(max_length=MAX_PREFERENCES)]
