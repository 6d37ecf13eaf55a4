import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.predicate import meets, satisfaction, values_of
from models.filters.preferences import Preference
from models.filters.requirements import Filter

CONFIG = KnowledgeConfig()
MORNING, EVENING = "2024-05-01T08:00:00Z", "2024-05-01T20:00:00+02:00"

texts = st.sampled_from(["a", "b", "ab", "1", "1.0", "True", "true", "é", ""])
numbers = st.sampled_from([0.0, -0.0, 1.0, 2.5, -3.0, 5e-324, 1.7e308, -1.7e308])
scalars = st.one_of(texts, st.booleans(), numbers)
names = st.sampled_from(["x", "y", "x.y"])
places = st.fixed_dictionaries({"lat": st.sampled_from([1.0, -3.0]), "lon": st.sampled_from([0.0, 2.5, 1e-9])})
moments = st.one_of(st.none(), numbers, st.sampled_from([MORNING, EVENING]))
attributes = st.dictionaries(
    names,
    st.one_of(st.none(), scalars, st.lists(scalars, max_size=3), st.dictionaries(names, scalars, max_size=2), places),
)
items = st.fixed_dictionaries(
    {
        "categories": st.one_of(st.none(), st.lists(texts, max_size=2)),
        "tags": st.lists(texts, max_size=3),
        "price": st.one_of(st.none(), numbers),
        "title": st.one_of(st.none(), texts),
        "image_url": st.sampled_from([None, "", "https://shop.example/1.jpg"]),
        "hidden": st.booleans(),
        "available_from": moments,
        "available_until": moments,
        "attributes": attributes.map(json.dumps),
    }
)
ranged = st.sampled_from(["price", "available_from", "available_until", "attributes.x", "attributes.x.y"])
fields = st.one_of(
    ranged,
    st.sampled_from(["categories", "tags", "hidden", "item_id", "attributes.y", "attributes.z", "title", "image_url"]),
)
anything = st.one_of(scalars, st.sampled_from([MORNING, EVENING, "i0", "i1"]))


def possible(tree: dict[str, Any]) -> bool:
    """Tell whether a comparison passes validation."""
    try:
        Filter.model_validate(tree)
    except ValueError:
        return False
    return True


parts = st.sampled_from(["a", "b", "ab", "1", ".", "é", "e"])
points = st.sampled_from([{"lat": 1.0, "lon": 0.0, "km": 120.0}, {"lat": -3.0, "lon": 2.5, "km": 700.0}])
comparisons = st.one_of(
    st.fixed_dictionaries({"field": fields, "ne": anything}),
    st.fixed_dictionaries({"field": fields, "exists": st.booleans()}),
    st.fixed_dictionaries({"field": fields, "contains": parts}),
    st.fixed_dictionaries({"field": fields, "prefix": parts}),
    st.fixed_dictionaries({"field": st.sampled_from(["attributes.x", "attributes.y"]), "within": points}),
    st.fixed_dictionaries({"field": ranged, "gt": anything}, optional={"lt": anything}),
    st.fixed_dictionaries({"field": fields, "eq": anything}),
    st.fixed_dictionaries({"field": fields, "in": st.lists(anything, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"field": ranged}, optional={"gte": anything, "lte": anything}),
).filter(possible)
trees = st.recursive(
    comparisons,
    lambda child: st.one_of(
        st.fixed_dictionaries({"and": st.lists(child, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(child, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": child}),
    ),
    max_leaves=8,
)
wishes = st.one_of(
    st.builds(lambda field, value: {"field": field, "value": value}, fields, anything),
    st.fixed_dictionaries({"field": ranged, "target": numbers}, optional={"tolerance": st.sampled_from([5e-324, 2.0])}),
)


def fitted(rows: list[dict[str, Any]]) -> Knowledge:
    columns: dict[str, list[Any]] = {"item_id": [f"i{place}" for place in range(len(rows))]}
    columns |= {name: [row[name] for row in rows] for name in rows[0]}
    for name in ("available_from", "available_until"):
        columns[name] = [None if moment is None else str(moment) for moment in columns[name]]
    labels = pa.list_(pa.string())
    types = {"categories": labels, "tags": labels, "title": pa.string(), "image_url": pa.string()}
    table = pa.table({name: pa.array(column, types.get(name)) for name, column in columns.items()})
    return Knowledge.fit(table, CONFIG)


@settings(max_examples=400)
@given(st.lists(items, min_size=1, max_size=4), trees)
def test_an_item_meets_a_filter_where_the_index_says_so(rows: list[dict[str, Any]], tree: dict[str, Any]) -> None:
    node = Filter.model_validate(tree)
    found = [meets(node, values_of(f"i{place}", row)) for place, row in enumerate(rows)]
    assert found == fitted(rows).mask(node).tolist()


@settings(max_examples=300)
@given(st.lists(items, min_size=1, max_size=4), wishes)
def test_an_item_satisfies_a_preference_as_the_index_says(rows: list[dict[str, Any]], query: dict[str, Any]) -> None:
    try:
        preference = Preference.model_validate(query)
    except ValueError:
        return
    found = [satisfaction(preference, values_of(f"i{place}", row), CONFIG.tolerance) for place, row in enumerate(rows)]
    assert found == pytest.approx(fitted(rows).satisfaction(preference).tolist(), rel=1e-6, abs=0)


def test_an_item_is_read_from_the_fields_of_the_catalogue() -> None:
    tea = values_of("tea", {"title": "Tea", "tags": ["hot"], "price": 2.5, "attributes": {"origin": {"bio": True}}})
    assert meets(Filter.model_validate({"field": "item_id", "eq": "tea"}), tea)
    assert meets(Filter.model_validate({"field": "attributes.origin.bio", "eq": True}), tea)
    assert meets(Filter.model_validate({"field": "hidden", "eq": False}), tea)
    assert not meets(Filter.model_validate({"field": "tags", "in": ["cold", "Hot"]}), tea)
    near = satisfaction(Preference(field="price", target=2.0), tea, 0.25)
    assert near == np.float32(0.5)
