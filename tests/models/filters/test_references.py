from typing import Any

import pytest

from models.filters.references import FilterReferenceError, resolved
from models.filters.requirements import Filter

USER: dict[str, Any] = {
    "sizes": ["M", "L"],
    "budget": 50,
    "limit_as_text": " 40 ",
    "home": {"country": "NL"},
    "name": "Ada",
}
ITEM: dict[str, list[Any]] = {"price": [40.0], "categories": ["shoes", "trail"]}
NOW = 1_700_000_000.0


def read(tree: dict[str, Any]) -> Filter:
    return Filter.model_validate(tree)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"field": "attributes.size", "in": {"user": "sizes"}}, {"field": "attributes.size", "in": ["M", "L"]}),
        ({"field": "attributes.size", "eq": {"user": "sizes"}}, {"field": "attributes.size", "in": ["M", "L"]}),
        (
            {"field": "attributes.size", "ne": {"user": "sizes"}},
            {"not": {"field": "attributes.size", "in": ["M", "L"]}},
        ),
        ({"field": "attributes.land", "eq": {"user": "home.country"}}, {"field": "attributes.land", "in": ["NL"]}),
        ({"field": "price", "lte": {"user": "budget"}}, {"field": "price", "lte": 50}),
        ({"field": "price", "lte": {"user": "attributes.budget"}}, {"field": "price", "lte": 50}),
        ({"field": "price", "lte": {"user": "limit_as_text"}}, {"field": "price", "lte": 40}),
        (
            {"field": "price", "gte": {"item": "price", "times": 0.5}, "lte": {"item": "price", "times": 2}},
            {"field": "price", "gte": 20, "lte": 80},
        ),
        ({"field": "categories", "in": {"item": "categories"}}, {"field": "categories", "in": ["shoes", "trail"]}),
        (
            {"field": "attributes.made", "gte": "now-7d"},
            {"field": "attributes.made", "gte": NOW // 60 * 60 - 7 * 86_400},
        ),
        ({"field": "available_from", "lt": "now"}, {"field": "available_from", "lt": NOW // 60 * 60}),
    ],
)
def test_values_take_the_place_of_references(tree: dict[str, Any], expected: dict[str, Any]) -> None:
    found = resolved(read(tree), USER, lambda field: ITEM.get(field, []), NOW)
    assert found == read(expected)
    assert not read(expected).depends_on_request


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"field": "attributes.size", "in": {"user": "shoe_sizes"}}, None),
        ({"field": "price", "lte": {"user": "name"}}, None),
        ({"not": {"field": "attributes.size", "eq": {"user": "shoe_size"}}}, None),
        (
            {"and": [{"field": "tags", "eq": "new"}, {"field": "price", "lte": {"user": "limit"}}]},
            {"and": [{"field": "tags", "eq": "new"}]},
        ),
        ({"field": "price", "gt": 5, "lte": {"user": "limit"}}, {"field": "price", "gt": 5}),
    ],
)
def test_what_is_not_known_of_a_user_is_left_out(tree: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert resolved(read(tree), USER, None, NOW) == (None if expected is None else read(expected))


def test_a_filter_without_references_stays_as_it_is() -> None:
    tree = read({"and": [{"field": "tags", "eq": "now"}, {"field": "price", "lte": 3}]})
    assert not tree.depends_on_request
    assert resolved(tree, USER, None, NOW) is tree


def test_a_field_that_the_item_lacks_is_named() -> None:
    tree = read({"field": "attributes.brand", "eq": {"item": "attributes.brand"}})
    with pytest.raises(FilterReferenceError, match=r"the item has no field 'attributes\.brand'"):
        resolved(tree, {}, lambda field: ITEM.get(field, []), NOW)
    with pytest.raises(FilterReferenceError, match="this list is for none"):
        resolved(tree, {}, None, NOW)
    with pytest.raises(FilterReferenceError, match="no number in the field 'categories'"):
        resolved(read({"field": "price", "lt": {"item": "categories"}}), {}, lambda field: ITEM.get(field, []), NOW)
