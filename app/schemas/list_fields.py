"""Parameters that all lists of items have in common, in query strings and bodies alike."""

from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from app.schemas.ids import Id
from app.schemas.options import MAX_LIMIT, all_of
from models.data.catalogue import FIELDS
from models.data.goal import DeclaredGoal
from models.filters.requirements import Filter

MAX_EXCLUDED = 1000
NO_CURSOR = "none"
"""In place of a cursor: the list has no further pages, and the answer no cursor."""
_MAX_CURSOR = 16_384
_MAX_LABELS = 100
_ALL = "*"
INCLUDE = (
    "fields of the catalogue to return with each item: their names, in one text with commas or in several, or `*` for"
    " all; vectors are never among the attributes"
)

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


def _include(given: object) -> tuple[str, ...]:
    """Read names of fields: a list of them, each of which may be several with commas between."""
    texts = given if isinstance(given, list | tuple) else [given]
    names = [name.strip() for text in texts for name in str(text).split(",")]
    wrong = next((name for name in names if name not in {_ALL, *FIELDS}), None)
    if wrong is not None:
        raise PydanticCustomError(
            "unknown_field",
            "there is no field {name}: there are {fields}, or * for all of them",
            {"name": repr(wrong[:64]), "fields": ", ".join(FIELDS)},
        )
    return tuple(name for name in FIELDS if _ALL in names or name in names)


Include = Annotated[
    tuple[str, ...],
    PlainValidator(_include, json_schema_input_type=list[str]),
    PlainSerializer(list, return_type=list[str]),
    Field(description=INCLUDE, examples=[["title,price"]]),
]
MinScore = Annotated[
    float | None, Field(allow_inf_nan=False, description="leave out items with a score below this, but not pinned ones")
]
Language = Annotated[
    str | None,
    Field(
        max_length=35,
        pattern="^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$",
        description="language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known",
        examples=["de"],
    ),
]
GOAL = "what counts as success, for bundles that are trained for several goals: one of them; the first by default"
DIVERSITY = "0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"
CURSOR = "`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"


def labelled(categories: list[str], tags: list[str]) -> Filter | None:
    """Return the filter of items that have one of some categories and one of some tags; None where none is given."""
    return all_of(
        [
            Filter.model_validate({"field": name, "in": labels}) if labels else None
            for name, labels in (("categories", categories), ("tags", tags))
        ]
    )
