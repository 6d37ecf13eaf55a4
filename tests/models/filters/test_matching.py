import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.matching import available
from models.filters.relaxations import MAX_REQUIREMENTS, Relaxation, in_words, relax
from models.filters.requirements import Filter, Requirements

NOW = 100.0
READ: TypeAdapter[Filter] = TypeAdapter(Requirements)
ITEMS: list[dict[str, Any]] = [
    {"item_id": "apple", "tags": ["vegan", "fresh"], "price": 1.0, "attributes": {"sizes": [1, 2], "bio": True}},
    {"item_id": "bread", "tags": ["vegan"], "price": 3.0, "attributes": {"from": {"town": "Ulm"}, "bio": "true"}},
    {"item_id": "cheese", "categories": ["dairy"], "price": 5.0, "available_from": 50.0, "attributes": {"sizes": [4]}},
    {"item_id": "dust", "categories": None, "hidden": True},
]
"""Four items, in the order of their codes."""

texts = st.sampled_from(["a", "b", "ab", "", "1", "True"])
numbers = st.sampled_from([0.0, -0.0, 1.0, 2.0, 2.5, -3.0])
scalars = st.one_of(texts, st.booleans(), numbers)
names = st.sampled_from(["x", "y", "x.y"])
attributes = st.dictionaries(
    names, st.one_of(st.none(), scalars, st.lists(scalars, max_size=3), st.dictionaries(names, scalars, max_size=2))
)
items = st.fixed_dictionaries(
    {
        "categories": st.one_of(st.none(), st.lists(texts, max_size=2)),
        "tags": st.lists(texts, max_size=3),
        "price": st.one_of(st.none(), numbers),
        "hidden": st.booleans(),
        "available_from": st.one_of(st.none(), numbers),
        "attributes": attributes,
    }
)
attribute_names = st.sampled_from([f"attributes.{name}" for name in ("x", "y", "x.y", "x.x", "y.x.y", "z")])


def compared(fields: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    equal = st.fixed_dictionaries({"field": fields, "eq": values})
    among = st.fixed_dictionaries({"field": fields, "in": st.lists(values, min_size=1, max_size=3)})
    return st.one_of(equal, among)


ordered = st.one_of(attribute_names, st.sampled_from(["price", "available_from"]))
comparisons = st.one_of(
    compared(st.sampled_from(["categories", "tags"]), texts),
    compared(st.just("hidden"), st.booleans()),
    compared(st.just("price"), numbers),
    compared(st.just("item_id"), st.sampled_from(["i0", "i2", "i", ""])),
    compared(attribute_names, scalars),
    st.fixed_dictionaries({"field": ordered, "gte": numbers}),
    st.fixed_dictionaries({"field": ordered, "lte": numbers}),
    st.fixed_dictionaries({"field": ordered, "gte": numbers, "lte": numbers}),
)
trees = st.recursive(
    comparisons,
    lambda child: st.one_of(
        st.fixed_dictionaries({"and": st.lists(child, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(child, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": child}),
    ),
    max_leaves=8,
)


def holds(tree: dict[str, Any], item: dict[str, Any]) -> bool:
    """Evaluate a filter on one item, plainly."""
    if "and" in tree:
        return all(holds(child, item) for child in tree["and"])
    if "or" in tree:
        return any(holds(child, item) for child in tree["or"])
    if "not" in tree:
        return not holds(tree["not"], item)
    for value in values(item, tree["field"]):
        if any(same(value, wanted) for wanted in ([tree["eq"]] if "eq" in tree else tree.get("in", ()))):
            return True
        is_bounded = isinstance(value, float) and ("gte" in tree or "lte" in tree)
        if is_bounded and tree.get("gte", -np.inf) <= value <= tree.get("lte", np.inf):
            return True
    return False


def same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def values(item: dict[str, Any], field: str) -> list[Any]:
    if not field.startswith("attributes."):
        value = item.get(field)
        found = value if isinstance(value, list) else [value]
        return [single for single in found if single is not None and (single != "" or field == "item_id")]
    path = field.removeprefix("attributes.").split(".")
    return below(item["attributes"], path)


def below(held: dict[str, Any], path: list[str]) -> list[Any]:
    """Follow a path in every way, as a name may hold dots itself."""
    found: list[Any] = []
    for length in range(1, len(path) + 1):
        value = held.get(".".join(path[:length]))
        for single in value if isinstance(value, list) else [value]:
            if isinstance(single, dict):
                found += below(single, path[length:]) if length < len(path) else []
            elif single is not None and length == len(path):
                found.append(single)
    return found


def fitted(rows: Sequence[dict[str, Any]]) -> Knowledge:
    """Fit on items as JSON, as a file gives the attributes."""
    columns = {name: [row.get(name) for row in rows] for name in {name for row in rows for name in row}}
    columns["attributes"] = [json.dumps(row.get("attributes", {})) for row in rows]
    types = {"categories": pa.list_(pa.string()), "tags": pa.list_(pa.string())}
    table = pa.table({name: pa.array(column, types.get(name)) for name, column in columns.items()})
    return Knowledge.fit(table, KnowledgeConfig())


@settings(max_examples=300)
@given(st.lists(items, min_size=1, max_size=6), trees)
def test_the_mask_is_that_of_a_plain_evaluation(rows: list[dict[str, Any]], tree: dict[str, Any]) -> None:
    rows = [{"item_id": f"i{place}", **row} for place, row in enumerate(rows)]
    expected = [holds(tree, row) for row in rows]
    assert fitted(rows).mask(READ.validate_python(tree)).tolist() == expected


def matched(tree: dict[str, Any]) -> list[str]:
    knowledge = fitted(ITEMS)
    return [item_id.decode() for item_id in knowledge.item_ids[knowledge.mask(READ.validate_python(tree))]]


def test_comparisons() -> None:
    assert matched({"field": "tags", "eq": "vegan"}) == ["apple", "bread"]
    assert matched({"field": "price", "lte": 3}) == ["apple", "bread"]
    assert matched({"field": "price", "gte": 2, "lte": 4}) == ["bread"]
    assert matched({"field": "item_id", "in": ["dust", "cheese", "?"]}) == ["cheese", "dust"]
    assert matched({"field": "attributes.from.town", "eq": "Ulm"}) == ["bread"]
    assert matched({"field": "hidden", "eq": True}) == ["dust"]
    assert matched({"field": "available_from", "lte": "1970-01-01T00:01:00Z"}) == ["cheese"]
    assert matched({"field": "available_from", "eq": "1970-01-01T00:00:50Z"}) == ["cheese"]


def test_a_range_holds_where_one_of_several_numbers_is_within() -> None:
    assert matched({"field": "attributes.sizes", "gte": 2, "lte": 3}) == ["apple"]
    assert matched({"field": "attributes.sizes", "gte": 3, "lte": 3}) == []


def test_a_text_is_no_boolean() -> None:
    assert matched({"field": "attributes.bio", "eq": True}) == ["apple"]
    assert matched({"field": "attributes.bio", "eq": "true"}) == ["bread"]


def test_what_is_missing_is_met_by_not_alone() -> None:
    assert matched({"field": "price", "gte": -1e9}) == ["apple", "bread", "cheese"]
    assert matched({"not": {"field": "price", "gte": -1e9}}) == ["dust"]


def relaxed(*parts: dict[str, Any], excluded: Sequence[str] = ()) -> Relaxation | None:
    knowledge = fitted(ITEMS)
    shown = available(len(ITEMS), knowledge.index, NOW)
    shown[[[row["item_id"] for row in ITEMS].index(item) for item in excluded]] = False
    return relax(READ.validate_python({"and": list(parts)}), knowledge.mask, shown)


def given_up(found: Relaxation | None) -> tuple[list[str], int]:
    return ([], 0) if found is None else ([in_words(part) for part in found.requirements], found.items)


VEGAN, DAIRY = {"field": "tags", "eq": "vegan"}, {"field": "categories", "eq": "dairy"}


def test_the_one_requirement_that_lets_in_the_most_items_is_given_up() -> None:
    assert given_up(relaxed(VEGAN, {"field": "price", "gte": 4})) == (["price gte 4"], 2)
    assert given_up(relaxed(VEGAN, {"field": "price", "gte": 3, "lte": 2})) == (["price gte 3 lte 2"], 2)


def test_nested_requirements_are_given_up_one_by_one() -> None:
    parts = {"and": [VEGAN, {"and": [{"field": "price", "lte": 3}]}]}, {"field": "tags", "eq": "raw"}
    assert given_up(relaxed(*parts)) == (["tags eq raw"], 2)


def test_where_no_single_one_helps_the_smallest_set_is_given_up() -> None:
    found = relaxed(VEGAN, DAIRY, {"field": "price", "gte": 9})
    assert given_up(found) == (["categories eq dairy", "price gte 9"], 2)


def test_there_is_nothing_to_give_up_where_an_item_is_found_or_none_is_shown_or_nothing_would_be_kept() -> None:
    assert relaxed(VEGAN) is None
    assert relaxed(DAIRY, VEGAN, excluded=["apple", "bread", "cheese"]) is None
    assert relaxed(DAIRY, excluded=["cheese"]) is None
    assert relaxed(DAIRY, *[VEGAN] * MAX_REQUIREMENTS) is None


def test_hidden_and_excluded_items_are_not_counted() -> None:
    assert given_up(relaxed(DAIRY, VEGAN, excluded=["apple", "bread"])) == (["tags eq vegan"], 1)


def test_filters_are_written_in_words() -> None:
    node = {"or": [{"not": VEGAN}, {"and": [{"field": "item_id", "in": ["a", "b", "c", "d"]}, DAIRY]}]}
    words = "(not (tags eq vegan) or (item_id in a, b, c, … and categories eq dairy))"
    assert in_words(READ.validate_python(node)) == words
    assert in_words(READ.validate_python({"field": "price", "eq": 2.5})) == "price eq 2.5"
    assert in_words(READ.validate_python({"field": "hidden", "eq": True})) == "hidden eq true"


@settings(max_examples=200)
@given(st.lists(items, min_size=1, max_size=6), st.lists(comparisons, min_size=1, max_size=5))
def test_the_relaxation_is_that_of_trying_every_subset(rows: list[dict[str, Any]], parts: list[dict[str, Any]]) -> None:
    rows = [{"item_id": f"i{place}", **row} for place, row in enumerate(rows)]
    shown = [row for row in rows if not row["hidden"] and (row["available_from"] or 0.0) <= NOW]
    failing = [frozenset(place for place, part in enumerate(parts) if not holds(part, row)) for row in shown]
    fewest = min(map(len, failing), default=0)
    smallest = [failed for failed in failing if len(failed) == fewest] if 0 < fewest < len(parts) else []
    expected = {failed: smallest.count(failed) for failed in smallest}
    knowledge = fitted(rows)
    filters = [READ.validate_python(part) for part in parts]
    found = relax(Filter.model_validate({"and": parts}), knowledge.mask, available(len(rows), knowledge.index, NOW))
    if found is None:
        assert not expected
    else:
        assert found.items == max(expected.values())
        assert found.requirements in [
            tuple(filters[place] for place in sorted(failed))
            for failed, count in expected.items()
            if count == found.items
        ]


SHOPS: list[dict[str, Any]] = [
    {
        "item_id": "berlin",
        "title": "Trail shoe",
        "attributes": {"shop": {"lat": 52.52, "lon": 13.40}, "made": 1709251200},
    },
    {"item_id": "lyon", "title": "Road shoe", "price": 9.0, "attributes": {"shop": {"lat": 45.76, "lon": 4.84}}},
    {
        "item_id": "potsdam",
        "title": "trail map",
        "image_url": "https://x.example/1",
        "attributes": {"made": 1711929600},
    },
]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"field": "title", "contains": "shoe"}, ["berlin", "lyon"]),
        ({"field": "title", "contains": "rail"}, ["berlin", "potsdam"]),
        ({"field": "title", "prefix": "Tra"}, ["berlin"]),
        ({"field": "title", "ne": "Road shoe"}, ["berlin", "potsdam"]),
        ({"field": "price", "exists": True}, ["lyon"]),
        ({"field": "price", "exists": False}, ["berlin", "potsdam"]),
        ({"field": "image_url", "exists": True}, ["potsdam"]),
        ({"field": "attributes.shop", "exists": True}, ["berlin", "lyon"]),
        ({"field": "price", "gt": 9}, []),
        ({"field": "price", "gt": 8, "lte": 9}, ["lyon"]),
        ({"field": "price", "lt": 9}, []),
        ({"field": "attributes.made", "gte": "2024-03-01"}, ["berlin", "potsdam"]),
        ({"field": "attributes.made", "gt": "2024-03-01T00:00:00Z"}, ["potsdam"]),
        ({"field": "attributes.made", "eq": "2024-04-01T00:00:00Z"}, ["potsdam"]),
        # From Potsdam's station to the middle of Berlin it is 27 km.
        ({"field": "attributes.shop", "within": {"lat": 52.39, "lon": 13.06, "km": 28}}, ["berlin"]),
        ({"field": "attributes.shop", "within": {"lat": 52.39, "lon": 13.06, "km": 26}}, []),
    ],
)
def test_what_shops_compare(tree: dict[str, Any], expected: list[str]) -> None:
    knowledge = fitted(SHOPS)
    found = knowledge.item_ids[knowledge.mask(READ.validate_python(tree))].tolist()
    assert [item_id.decode() for item_id in found] == expected


def test_the_values_of_an_item_are_read_back() -> None:
    index = fitted(ITEMS).index
    assert index.values_of("tags", 0) == ["fresh", "vegan"]
    assert index.values_of("attributes.sizes", 0) == [1.0, 2.0]
    assert index.values_of("attributes.bio", 0) == [True]
    assert index.values_of("attributes.bio", 1) == ["true"]
    assert index.values_of("price", 3) == []
