"""Filters that refer to the user, the item or the time of a request."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.errors import InvalidFieldsError
from app.schemas.options import Boost, Options
from app.schemas.problems import FieldError
from app.times import clock
from models.filters.references import FilterReferenceError, Lookup, resolved
from models.filters.requirements import Filter


def with_values(options: Options, attributes: Mapping[str, Any], item: Lookup | None = None) -> Options:
    """Put values in the place of the references in the filter and the boosts of a request.

    Parameters
    ----------
    attributes
        Of the user.
    item
        Gives the values of a field of the item that the list is for.

    Raises
    ------
    InvalidFieldsError
        A filter refers to an item that has no such field, or there is no item.
    """
    if not options.depends_on_request:
        return options
    boosts = [(boost, filled(boost.filter, "boosts", attributes, item)) for boost in options.boosts]
    return replace(
        options,
        filter=None if options.filter is None else filled(options.filter, "filter", attributes, item),
        # A boost of which nothing is left would raise all items alike.
        boosts=tuple(Boost(found, boost.weight) for boost, found in boosts if found is not None),
    )


def filled(node: Filter, field: str, attributes: Mapping[str, Any], item: Lookup | None) -> Filter | None:
    """Put values in the place of the references of one filter; `field` is its name in the request."""
    try:
        return resolved(node, attributes, item, clock.seconds())
    except FilterReferenceError as error:
        wrong = FieldError(field=field, code="filter_reference", detail=str(error))
        raise InvalidFieldsError(f"{field}: {error}", [wrong]) from error
