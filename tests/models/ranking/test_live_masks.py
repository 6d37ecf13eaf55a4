"""Filters and preferences on a catalogue that changes, against one that was encoded anew."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.preferences import Preference
from models.filters.requirements import Filter
from models.ranking import live_catalogue
from models.ranking.live_catalogue import LiveCatalogue

RED = Filter.model_validate({"field": "tags", "eq": "red"})
CHEAP = Filter.model_validate({"field": "price", "lte": 10})


def knowledge(**items: dict[str, Any]) -> Knowledge:
    table = pa.table(
        {
            "item_id": pa.array(list(items), pa.string()),
            "tags": pa.array([item.get("tags") for item in items.values()], pa.list_(pa.string())),
            "price": pa.array([item.get("price") for item in items.values()], pa.float64()),
        }
    )
    return Knowledge.fit(table, KnowledgeConfig())


@pytest.fixture
def live() -> LiveCatalogue:
    return LiveCatalogue(knowledge(a={"tags": ["red"], "price": 5.0}, b={"tags": ["blue"]}, c={"price": 50.0}))


def fitting(live: LiveCatalogue, node: Filter) -> set[str]:
    return {live.item_id(code) for code in np.flatnonzero(live.mask(node)).tolist()}


def test_masks_follow_what_changes_whether_they_were_asked_for_before_or_not(live: LiveCatalogue) -> None:
    assert fitting(live, RED) == {"a"}
    live.apply("b", {"tags": ["red"], "price": 1.0})
    live.apply("new", {"tags": ["red", "blue"], "price": 10.0})
    assert fitting(live, RED) == {"a", "b", "new"}
    assert fitting(live, CHEAP) == {"a", "b", "new"}
    live.apply("a", {"price": 99.0})
    live.apply("new", None)
    live.apply("never", None)
    assert fitting(live, RED) == {"b"}
    assert fitting(live, CHEAP) == {"b"}
    assert fitting(live, Filter.model_validate({"not": {"field": "tags", "eq": "red"}})) == {"a", "c"}


def test_only_so_many_masks_are_kept(live: LiveCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_catalogue, "_MASK_BYTES", 3 * live.size)
    live = LiveCatalogue(live.knowledge)
    for price in range(20):
        live.mask(Filter.model_validate({"field": "price", "lte": price}))
    assert len(live._masks) == 3
    assert fitting(live, CHEAP) == {"a"}


def test_satisfaction_is_that_of_a_catalogue_encoded_anew(live: LiveCatalogue) -> None:
    wishes = (Preference(field="tags", value="red"), Preference(field="price", target=10.0, weight=3.0))
    live.apply("b", {"tags": ["red"], "price": 11.0})
    live.apply("new", {"price": 9.0})
    live.apply("c", None)
    anew = knowledge(a={"tags": ["red"], "price": 5.0}, b={"tags": ["red"], "price": 11.0}, c={}, new={"price": 9.0})
    found = live.satisfaction(wishes)
    assert found[:4].tolist() == pytest.approx(anew.score(wishes).tolist(), rel=1e-6)
    assert not found[4:].any()


def test_a_field_is_known_once_some_item_has_it(live: LiveCatalogue) -> None:
    node = Filter.model_validate(
        {
            "or": [
                {"field": "attributes.on", "eq": False},
                {"field": "attributes.size", "gte": 1},
                RED.model_dump(by_alias=True, exclude_none=True),
            ]
        }
    )
    assert live.unknown_fields(node) == ["attributes.on", "attributes.size"]
    live.apply("b", {"attributes": {"on": True, "sizes": 3}})
    assert live.unknown_fields(node) == ["attributes.size"]
    live.apply("new", {"attributes": {"size": 2}})
    assert live.unknown_fields(node) == []


def test_no_more_arrivals_are_taken_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_catalogue, "MAX_NEW_ITEMS", 2)
    live = LiveCatalogue(knowledge(a={}))
    for name in ("x", "y", "z"):
        live.apply(name, {"tags": ["red"]})
    live.assign_codes(["w", "x"])
    assert live.codes(["x", "y", "z", "w"]).tolist() == [1, 2, -1, -1]
    assert fitting(live, RED) == {"x", "y"}
