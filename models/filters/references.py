"""References in filters: values of the user, of the item that a list is for, or of the clock, put in their place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.data.catalogue import PREFIX, Scalar, attributes_of, number_of
from models.filters.requirements import ORDERED, Filter
from models.filters.values import Reference, is_relative, moment_from

MINUTE = 60.0
"""Seconds for which `now` stands still, so that requests share what a filter leaves."""
Lookup = Callable[[str], Sequence[Scalar] | None]
"""Gives the values of a field of the item that a list is for; None where there is no item to look at."""


class FilterReferenceError(ValueError):
    """A filter refers to a field that the item does not have, or to an item where there is none."""


def resolved(node: Filter, user: Mapping[str, Any], item: Lookup | None, now: float) -> Filter | None:
    """Return a filter with values in the place of its references; None where nothing of it is left.

    A comparison with an attribute that the user does not have is left out.

    Parameters
    ----------
    user
        The attributes of the user; empty for a stranger.
    item
        Gives the values of a field of the item that the list is for; None where there is no such item.
    now
        The moment of the request, in seconds since 1970.

    Raises
    ------
    FilterReferenceError
        The item does not have a field that is referred to.
    """
    if not node.depends_on_request:
        return node
    known: dict[str, list[Scalar]] = {}
    for name, value in attributes_of(user):
        known.setdefault(name.partition(".")[2], []).append(value)
    return _resolved(node, known, item, now // MINUTE * MINUTE)


def _resolved(node: Filter, user: Mapping[str, Sequence[Scalar]], item: Lookup | None, now: float) -> Filter | None:
    if not node.depends_on_request:
        return node
    if node.not_ is not None:
        part = _resolved(node.not_, user, item, now)
        return None if part is None else Filter.model_construct(not_=part)
    for name in ("and_", "or_"):
        parts = getattr(node, name)
        if parts is not None:
            left: Any = tuple(part for one in parts if (part := _resolved(one, user, item, now)) is not None)
            return Filter.model_construct(**{name: left}) if left else None
    return _compared(node, user, item, now)


def _compared(node: Filter, user: Mapping[str, Sequence[Scalar]], item: Lookup | None, now: float) -> Filter | None:
    given: dict[str, Any] = {}
    for name in node.model_fields_set - {"field"}:
        operand = getattr(node, name)
        if not isinstance(operand, Reference):
            given[name] = _at(operand, now) if name in ORDERED else operand
            continue
        values = _looked_up(operand, user, item)
        if values is None:
            continue
        if name in ORDERED:
            # A profile from a CSV file has numbers as text.
            numbers = [number for value in values if (number := _number(value)) is not None]
            if not numbers and operand.item is not None:
                raise FilterReferenceError(f"the item has no number in the field {operand.item!r}")
            if numbers:
                # Of several numbers those that let in the most.
                bound = min(numbers) if name in {"gt", "gte"} else max(numbers)
                given[name] = bound * (operand.times or 1.0)
        elif values and name == "ne":
            return Filter.model_construct(not_=Filter.model_construct(field=node.field, in_=values))
        elif values:
            given["in_"] = values
    return Filter.model_construct(field=node.field, **given) if given else None


def _number(value: Scalar) -> float | None:
    return None if isinstance(value, bool) else number_of(value)


def _at(operand: Scalar, now: float) -> Scalar:
    return moment_from(operand, now) if isinstance(operand, str) and is_relative(operand) else operand


def _looked_up(
    reference: Reference, user: Mapping[str, Sequence[Scalar]], item: Lookup | None
) -> tuple[Scalar, ...] | None:
    if reference.user is not None:
        return tuple(user.get(reference.user.removeprefix(PREFIX), ()))
    field = str(reference.item)
    if item is None:
        raise FilterReferenceError(f"refers to the field {field!r} of an item, and this list is for none")
    found = item(field)
    if found is not None and not found:
        raise FilterReferenceError(f"the item has no field {field!r}")
    return None if found is None else tuple(found)
