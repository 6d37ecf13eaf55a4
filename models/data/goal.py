"""The goal: which event types count as success, and what the others are on the way to it."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from models.arrays.types import Float32, Int8, Mask
from models.data.columns import EVENT_TYPE, USER, VALUE
from models.data.errors import DataSetError
from models.data.events import EVENT_TYPE_PATTERN, EVENT_WEIGHTS, positive_types
from models.data.strengths import RATING, VIEW, is_rating

ACTS = ("goal", "cart", "click", "view", "like", "other")
"""The kinds of acts, by code: what reaches the goal, and what else users do."""
REACHED = 0
_OTHER = ACTS.index("other")
_LIKE = ACTS.index("like")
BETWEEN_GOALS = ";"
MIN_ROWS, MIN_USERS = 1000, 200
"""The fewest interactions and users of an event type that is chosen as the goal."""
Weighing = Literal["value", "quantity", "revenue"]
_TERM = re.compile(r"\s*(?P<kind>[^\s=<>:,]+)\s*(?:>=\s*(?P<least>[^\s=<>:,]+)|=\s*(?P<value>[^\s=<>:,]+))?\s*")
_EXAMPLES = "such as 'purchase', 'purchase=1,cart=0.2', 'rating>=4' or 'purchase:revenue'"


class Goal(BaseModel):
    """The event types that count as success.

    Targets of validation, test and label lists are interactions that reach the goal. Items with an interaction of one
    of its event types are left out of lists by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, FiniteFloat] = Field(min_length=1, description="what one interaction of each type counts")
    at_least: dict[str, FiniteFloat] = Field({}, description="least value of an interaction of a type, ratings mostly")
    weighed_by: Weighing | None = Field(None, description="field that multiplies what an interaction counts")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a goal: event types with commas between them, each with a value or a least value of its own.

        Raises
        ------
        ValueError
            It is no goal; the message says why.
        """
        terms, _, weighed_by = text.partition(":")
        values: dict[str, float] = {}
        at_least: dict[str, float] = {}
        for term in terms.split(","):
            found = _TERM.fullmatch(term)
            if found is None or re.fullmatch(EVENT_TYPE_PATTERN, found["kind"]) is None:
                raise ValueError(f"{term.strip()!r} is not an event type: name event types {_EXAMPLES}")
            kind = found["kind"]
            if kind in values:
                raise ValueError(f"{kind!r} is named twice")
            values[kind] = 1.0 if found["value"] is None else _number(found["value"], term)
            if values[kind] <= 0:
                raise ValueError(f"{term.strip()!r}: the value must be above 0")
            if found["least"] is not None:
                at_least[kind] = _number(found["least"], term)
        if weighed_by and weighed_by.strip() not in {"value", "quantity", "revenue"}:
            raise ValueError(f"{weighed_by.strip()!r} is not a field that weighs: value, quantity or revenue")
        return cls(values=values, at_least=at_least, weighed_by=weighed_by.strip() or None)

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        terms = [
            f"{kind}>={self.at_least[kind]:g}" if kind in self.at_least else kind if value == 1 else f"{kind}={value:g}"
            for kind, value in self.values.items()
        ]
        return ",".join(terms) + (f":{self.weighed_by}" if self.weighed_by else "")

    def act_of(self, kind: str) -> int:
        """Return the code in `ACTS` of an event type."""
        if kind in self.values:
            return REACHED
        if kind == RATING:
            return _LIKE
        return ACTS.index(kind) if kind in ACTS[1:] else _OTHER

    def acts(self, kinds: Sequence[str]) -> Int8:
        """Return the code in `ACTS` of each of some event types, int8."""
        return np.array([self.act_of(kind) for kind in kinds], dtype=np.int8)

    def is_reached(self, table: pa.Table) -> Mask:
        """Mark the rows that reach the goal: of its event types, and with at least the value that it asks for.

        Raises
        ------
        DataSetError
            It weighs by a field that the table lacks.
        """
        if self.weighed_by is not None and self.weighed_by not in table.column_names:
            raise DataSetError(
                f"interactions: the goal {str(self)!r} needs the column {self.weighed_by!r}, which is missing"
            )
        kinds = row_kinds(table)
        reached = pc.is_in(kinds, value_set=pa.array(list(self.values))).to_numpy(zero_copy_only=False)
        if self.at_least:
            given = pc.fill_null(table[VALUE], np.nan).to_numpy() if VALUE in table.column_names else np.nan
            for kind, least in self.at_least.items():
                of_kind = pc.equal(kinds, kind).to_numpy(zero_copy_only=False)
                reached = reached & ~(of_kind & ~(given >= least))
        return np.asarray(reached, dtype=np.bool_)

    @property
    def has_worth(self) -> bool:
        """Return whether some interactions that reach it count more than others."""
        return self.weighed_by is not None or len(set(self.values.values())) > 1

    def worth(self, table: pa.Table) -> Float32:
        """Return what each row counts as a label, float32; 0 for rows of other event types.

        Where the field that weighs is missing, or no number, the event type alone counts; below 0 it counts nothing.
        """
        kinds = row_kinds(table).dictionary_encode()
        of_kind = np.array([self.values.get(kind, 0.0) for kind in kinds.dictionary.to_pylist()])
        found = of_kind[kinds.indices.to_numpy()]
        if self.weighed_by is None:
            return np.asarray(found, dtype=np.float32)
        factor = pc.fill_null(table[self.weighed_by].cast(pa.float64()), 1.0).to_numpy()
        return np.asarray(found * np.maximum(np.where(np.isfinite(factor), factor, 1.0), 0.0), dtype=np.float32)


def _normal(text: str) -> str:
    return str(Goal.parse(text))


def _all_normal(text: str) -> str:
    goals = [_normal(one) for one in text.split(BETWEEN_GOALS)]
    if len(set(goals)) < len(goals):
        raise ValueError("a goal is named twice")
    return BETWEEN_GOALS.join(goals)


DeclaredGoal = Annotated[str, AfterValidator(_normal)]
"""A goal in words, see `Goal.parse`."""
DeclaredGoals = Annotated[str, AfterValidator(_all_normal)]
"""Several goals in words, with semicolons between them."""


def row_kinds(table: pa.Table) -> pa.StringArray:
    """Return the event type of each row; one without a type is a rating where it has a value, else a view."""
    missing = pa.array(np.where(is_rating(table), RATING, VIEW))
    if EVENT_TYPE not in table.column_names:
        return missing
    return pc.if_else(pc.is_null(table[EVENT_TYPE]), missing, table[EVENT_TYPE]).combine_chunks().cast(pa.string())


def choose_goal(table: pa.Table, weights: Mapping[str, float]) -> Goal | None:
    """Choose the strongest event type that enough users show; None where all interactions are of one type.

    Of equal weights that of the default types comes first, in their order. Stronger types that are too rare to be a
    goal by themselves belong to it. None too where no type has enough interactions: then all count as success.
    """
    kinds = row_kinds(table)
    counts = {one["values"]: one["counts"] for one in pc.value_counts(kinds).to_pylist()}
    present = [kind for kind in positive_types(weights) if kind in counts]
    known = list(EVENT_WEIGHTS)
    present.sort(key=lambda kind: (-weights[kind], known.index(kind) if kind in known else len(known), kind))
    for place, kind in enumerate(present):
        if counts[kind] < MIN_ROWS:
            continue
        if len(pc.unique(table[USER].filter(pc.equal(kinds, kind)))) < MIN_USERS:
            continue
        rarer = [other for other in present[:place] if weights[other] > weights[kind]]
        return None if len(rarer) + 1 == len(present) else Goal(values=dict.fromkeys([*rarer, kind], 1.0))
    return None


def required(goal: Goal, table: pa.Table) -> None:
    """Refuse a goal that no row reaches.

    Raises
    ------
    DataSetError
        The message names the event types that there are.
    """
    if not goal.is_reached(table).any():
        there = ", ".join(sorted(pc.unique(row_kinds(table)).to_pylist())) or "none"
        raise DataSetError(f"interactions: no row reaches the goal {str(goal)!r}: the event types are {there}")


def _number(text: str, term: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{term.strip()!r}: {text!r} is not a number") from None
