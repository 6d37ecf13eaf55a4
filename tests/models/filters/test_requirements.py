import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models.filters.preferences import MAX_PREFERENCES, Preferences
from models.filters.requirements import MAX_DEPTH, MAX_NODES, Filter, Requirements
from models.filters.values import MAX_VALUES

REQUIREMENTS: TypeAdapter[Filter] = TypeAdapter(Requirements)
PREFERENCES: TypeAdapter[Any] = TypeAdapter(Preferences)
CHEAP = {"field": "price", "lte": 50}
VEGAN = {"field": "tags", "eq": "vegan"}


def refusal(adapter: TypeAdapter[Any], value: object) -> tuple[str, str]:
    """Give where the first error is, and what it says."""
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    (error, *_) = caught.value.errors()
    return ".".join(str(part) for part in error["loc"]), error["msg"]


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = dict(CHEAP)
    for _ in range(levels - 1):
        node = {"not": node}
    return node


@pytest.mark.parametrize(
    "tree",
    [
        CHEAP,
        {"field": "price", "gte": 10, "lte": 50},
        {"field": "attributes.size.width", "in": ["wide", 3, True]},
        {"field": "available_from", "gte": "2026-03-01T00:00:00Z"},
        {"field": "hidden", "eq": False},
        {"field": "price", "gt": 1, "lt": {"item": "price", "times": 2.5}},
        {"field": "attributes.size", "in": {"user": "sizes"}},
        {"field": "attributes.released", "gte": "now-7d"},
        {"field": "attributes.shop", "within": {"lat": 52.5, "lon": 13.4, "km": 3}},
        {"field": "title", "contains": "shoe"},
        {"field": "image_url", "exists": True},
        {"and": [CHEAP, {"or": [VEGAN, {"not": {"field": "item_id", "in": ["a", "b"]}}]}]},
        nested(MAX_DEPTH),
        {"or": [CHEAP] * (MAX_NODES - 1)},
    ],
)
def test_a_tree_is_read_from_json_and_written_back(tree: dict[str, Any]) -> None:
    read = REQUIREMENTS.validate_json(json.dumps(tree))
    assert REQUIREMENTS.validate_python(tree) == read
    assert json.loads(REQUIREMENTS.dump_json(read, by_alias=True, exclude_unset=True)) == tree


@pytest.mark.parametrize(
    ("tree", "where", "message"),
    [
        ({}, "", "must have one of the keys 'and', 'or', 'not' and 'field'"),
        ({"and": [CHEAP], "field": "price", "eq": 1}, "", "must have one of the keys"),
        ({"and": None}, "", "must have one of the keys"),
        ({"and": [CHEAP], "eq": 1}, "", "a comparison needs the key 'field'"),
        ({"and": []}, "and", "at least 1 item"),
        ({"or": [CHEAP, {"not": {"field": "price"}}]}, "or.1.not", "must have one of 'eq', 'ne', 'in'"),
        ({"field": "price", "eq": 1, "gte": 1}, "", "must have one of 'eq', 'ne', 'in'"),
        ({"field": "price", "eq": None}, "", "text, a boolean or a finite number"),
        ({"field": "price", "gte": float("nan")}, "gte", "text, a boolean or a finite number"),
        ({"field": "price", "lte": 10**400}, "lte", "text, a boolean or a finite number"),
        ({"field": "attributes.a", "eq": ["x"]}, "eq", "text, a boolean or a finite number"),
        ({"field": "attributes.a", "eq": "x" * 1025}, "eq", "not be longer than 1024"),
        ({"field": "price", "lte": "50"}, "", "price takes a number"),
        ({"field": "price", "eq": True}, "", "price takes a number"),
        ({"field": "tags", "eq": 3}, "", "tags takes text"),
        ({"field": "tags", "gte": 3}, "", "tags has no order"),
        ({"field": "hidden", "in": [True, 1]}, "", "hidden takes a boolean"),
        ({"field": "attributes.a", "gte": "b"}, "", "an order needs a number, an RFC 3339 time, or a time like now-7d"),
        ({"field": "attributes.a", "lt": "now-7y"}, "", "an order needs a number"),
        ({"field": "price", "gt": 1, "gte": 1}, "", "one of 'gt' and 'gte' may stand with one of 'lt' and 'lte'"),
        ({"field": "price", "gt": 1, "exists": True}, "", "must have one of"),
        ({"field": "price", "exists": "yes"}, "exists", "valid boolean"),
        ({"field": "price", "contains": "1"}, "", "price holds no text"),
        ({"field": "item_id", "prefix": "a"}, "", "item_id holds no text"),
        ({"field": "tags", "contains": ""}, "contains", "at least 1 character"),
        ({"field": "image_url", "eq": True}, "", "of image_url only 'exists' can be asked"),
        (
            {"field": "attributes.shop", "within": {"lat": 91, "lon": 0, "km": 1}},
            "within.lat",
            "less than or equal to 90",
        ),
        ({"field": "attributes.shop", "within": {"lat": 1, "lon": 0}}, "within.km", "required"),
        ({"field": "tags", "within": {"lat": 1, "lon": 0, "km": 1}}, "", "tags is no place"),
        ({"field": "price", "lte": {"user": "budget", "item": "price"}}, "lte", "must have either 'user' or 'item'"),
        ({"field": "price", "lte": {"user": "budget", "times": 0}}, "lte", "times: Input should be greater than 0"),
        ({"field": "price", "lte": {"shop": "budget"}}, "lte", "shop: Extra inputs"),
        (
            {"field": "price", "eq": {"user": "budget", "times": 2}},
            "",
            "'times' belongs to 'gt', 'gte', 'lt' and 'lte'",
        ),
        ({"field": "tags", "gt": {"user": "budget"}}, "", "tags has no order"),
        ({"field": "colour", "in": {"user": "colours"}}, "", "there is no field 'colour'"),
        ({"field": "available_until", "gte": "tomorrow"}, "", "available_until takes an RFC 3339 time"),
        (
            {"field": "colour", "eq": "red"},
            "",
            "there is no field 'colour': there are item_id, title, categories, tags, price",
        ),
        ({"field": "description", "eq": "x"}, "", "there is no field 'description'"),
        ({"field": "attributes.", "eq": "x"}, "", "there is no field 'attributes.'"),
        ({"field": "price", "eq": 1, "near": 2}, "near", "Extra inputs"),
        ({"and_": [CHEAP]}, "and_", "Extra inputs"),
        ({"field": "tags", "in": []}, "in", "at least 1 item"),
        ({"field": "tags", "in": ["x"] * (MAX_VALUES + 1)}, "in", f"at most {MAX_VALUES} items"),
        (nested(MAX_DEPTH + 1), "", f"not have more than {MAX_DEPTH} levels"),
        (nested(100_000), "", f"not have more than {MAX_DEPTH} levels"),
        ({"or": [CHEAP] * MAX_NODES}, "", f"not have more than {MAX_NODES} nodes"),
        ({"and": [{"or": [CHEAP] * 60}, {"or": [CHEAP] * 60}]}, "", f"not have more than {MAX_NODES} nodes"),
        ("cheap", "", "valid dictionary"),
        ([CHEAP], "", "valid dictionary"),
        ({"and": CHEAP}, "and", "valid tuple"),
        ({"not": [CHEAP]}, "not", "valid dictionary"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place_and_the_reason(tree: object, where: str, message: str) -> None:
    place, reason = refusal(REQUIREMENTS, tree)
    assert place == where
    assert message in reason


def test_the_limits_hold_for_trees_built_in_python() -> None:
    node = Filter.model_validate(CHEAP)
    for _ in range(MAX_DEPTH):
        node = Filter.model_construct(not_=node)
    assert "levels" in refusal(REQUIREMENTS, node)[1]


@pytest.mark.parametrize(
    ("preference", "where", "message"),
    [
        ({"field": "tags"}, "0", "must have either 'value' or 'target'"),
        ({"field": "price", "value": 3, "target": 3}, "0", "must have either 'value' or 'target'"),
        ({"field": "tags", "value": "a", "tolerance": 3}, "0", "'tolerance' needs a 'target'"),
        ({"field": "price", "target": 0}, "0", "a target of 0 needs a 'tolerance'"),
        ({"field": "price", "target": 5, "tolerance": 0}, "0.tolerance", "greater than 0"),
        ({"field": "price", "target": "5"}, "0.target", "valid number"),
        ({"field": "tags", "target": 5}, "0", "tags has no order"),
        ({"field": "tags", "value": 5}, "0", "tags takes text"),
        ({"field": "tags", "value": "a", "weight": 0}, "0.weight", "greater than 0"),
        ({"field": "tags", "value": "a", "weight": float("inf")}, "0.weight", "less than or equal to 1000"),
        ({"field": "colour", "value": "a"}, "0", "there is no field 'colour'"),
    ],
)
def test_what_is_no_preference_is_refused(preference: dict[str, Any], where: str, message: str) -> None:
    place, reason = refusal(PREFERENCES, [preference])
    assert place == where
    assert message in reason


def test_there_is_a_most_of_preferences() -> None:
    preference = {"field": "tags", "value": "a"}
    assert len(PREFERENCES.validate_python([preference] * MAX_PREFERENCES)) == MAX_PREFERENCES
    assert "at most" in refusal(PREFERENCES, [preference] * (MAX_PREFERENCES + 1))[1]


def test_both_are_described_in_a_schema() -> None:
    node = REQUIREMENTS.json_schema()["$defs"]["Filter"]["properties"]
    operators = {"eq", "ne", "in", "gt", "gte", "lt", "lte", "exists", "contains", "prefix", "within"}
    assert set(node) == {"and", "or", "not", "field", *operators}
    assert all("description" in described for described in node.values())
    assert all(
        "description" in described
        for name, described in PREFERENCES.json_schema()["$defs"]["Preference"]["properties"].items()
    )
